//! Writing much at once: it reads as if it had been written one by one, and comes to disk whole.

use std::sync::Arc;

use roomscribe::domain::{MessageId, RoomId, Time};
use roomscribe::store::engine::Engine;
use roomscribe::store::engine::fault::FaultEngine;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::schema::{MessagePlace, Reply};
use roomscribe::store::{Direction, Error, Span, Store};
use tempfile::TempDir;

use crate::support::work::again;

const CACHE: u64 = 1 << 20;

/// Ids in no order.
fn id(number: u32) -> MessageId {
    MessageId::new(format!("{:08x}", number.wrapping_mul(0x9e37_79b1)))
}

fn place(number: u32) -> MessagePlace {
    MessagePlace { room: RoomId::new("talk"), sent_at: Time::from_millis(number.into()) }
}

/// Writes places and replies, and takes some of them back.
fn write(store: &Store, numbers: std::ops::Range<u32>) -> Result<(), Error> {
    for part in numbers.step_by(100) {
        store.write::<_, Error>(|batch| {
            for number in part..part + 100 {
                assert_eq!(batch.get(&(id(number),))?, None::<MessagePlace>, "it is new");
                batch.put(&(id(number),), &place(number))?;
                batch.put(&(id(number % 90), Time::from_millis(number.into()), id(number)), &Reply)?;
                if number % 3 == 0 && number > 200 {
                    batch.delete::<MessagePlace>(&(id(number - 200),));
                }
            }
            Ok(())
        })?;
        assert_eq!(store.get(&(id(part),))?, Some(place(part)));
        assert_eq!(store.get(&(id(part + 1_000_000),))?, None::<MessagePlace>);
    }
    Ok(())
}

fn places(store: &Store, direction: Direction) -> Vec<((MessageId,), MessagePlace)> {
    store.list(Span::all(), direction, 0, usize::MAX).expect("readable")
}

fn replies(store: &Store) -> Vec<u64> {
    (0..95)
        .map(|number| store.count::<Reply>(Span::of(&(id(number),)), u64::MAX).expect("readable"))
        .collect()
}

#[test]
fn what_was_gathered_reads_like_what_was_written_one_by_one() {
    let (plain_at, gathered_at) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let plain = Store::open(plain_at.path(), CACHE).unwrap();
    write(&plain, 0..5000).unwrap();
    let mut gathered = Store::open(gathered_at.path(), CACHE).unwrap();
    write(&gathered, 0..500).unwrap();
    gathered.write_in_bulk(gathered_at.path(), 250_000).unwrap();
    write(&gathered, 500..5000).unwrap();
    assert!(!gathered.is_handed_over(), "the last of it waits");
    let expected = places(&plain, Direction::Ascending);
    assert_eq!(places(&gathered, Direction::Ascending), expected);
    assert_eq!(places(&gathered, Direction::Descending), places(&plain, Direction::Descending));
    assert_eq!(replies(&gathered), replies(&plain));
    gathered.durable_blocking().unwrap();
    assert!(gathered.is_handed_over());
    drop(gathered);
    let gathered = again(|| Store::open(gathered_at.path(), CACHE)).unwrap();
    assert_eq!(places(&gathered, Direction::Ascending), expected);
    assert_eq!(replies(&gathered), replies(&plain));
    assert!(!gathered_at.path().join("store/redo").exists());
}

#[test]
fn what_a_full_disk_cut_short_is_completed_by_the_next_start() {
    // The first brings to disk what was written before.
    for written in 1..5 {
        let directory = TempDir::new().unwrap();
        let mut disk = None;
        let mut store = Store::open_with(directory.path(), |path| {
            let engine = Arc::new(FaultEngine::new(SledEngine::open(path, CACHE)?));
            disk = Some(Arc::clone(&engine));
            Ok(engine as Arc<dyn Engine>)
        })
        .unwrap();
        store.write_in_bulk(directory.path(), 2_000_000).unwrap();
        disk.take().unwrap().fail_writes_after(written);
        let error = write(&store, 0..50_000).unwrap_err();
        assert!(error.to_string().contains("disk"), "{error}");
        assert!(store.has_failed(), "nothing more is written");
        assert!(matches!(write(&store, 50_000..50_100), Err(Error::Failed)));
        drop(store);
        let store = again(|| Store::open(directory.path(), CACHE)).unwrap();
        let count = store.count::<Reply>(Span::all(), u64::MAX).unwrap();
        assert!(count > 1000 && count % 100 == 0, "whole batches: {count}");
        let last = u32::try_from(count - 1).unwrap();
        assert_eq!(store.get(&(id(last),)).unwrap(), Some(place(last)));
        assert_eq!(store.get(&(id(last + 1),)).unwrap(), None::<MessagePlace>);
        assert!(!directory.path().join("store/redo").exists());
    }
}
