//! What is packed reads like what is not, whatever was written in between.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Packed, PageSize};
use crate::store::engine::memory::Memory;
use crate::store::engine::{Direction, Engine, Range};

const KINDS: &[(u8, PageSize)] = &[(b'i', PageSize::Small), (b'm', PageSize::Large)];

type Entries = Vec<(Vec<u8>, Vec<u8>)>;

fn packed() -> (Arc<Memory>, Packed) {
    let memory = Arc::new(Memory::default());
    (Arc::clone(&memory), Packed::new(memory, KINDS))
}

fn walked(engine: &dyn Engine, range: Range, direction: Direction, most: usize) -> Entries {
    let mut found = Vec::new();
    engine
        .walk(range, direction, &mut |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    found
}

fn all(engine: &dyn Engine) -> Entries {
    walked(engine, (Unbounded, Unbounded), Direction::Ascending, usize::MAX)
}

/// Packs everything that is worth it; how many entries that were.
fn sweep(engine: &Packed) -> usize {
    let (mut from, mut moved) = (Vec::new(), 0);
    loop {
        let step = engine.pack(&from).unwrap();
        engine.commit(step.changes).unwrap();
        moved += step.packed;
        match step.next {
            Some(next) => {
                assert!(next > from, "it comes to an end");
                from = next;
            }
            None => return moved,
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Put(Vec<(Vec<u8>, Vec<u8>)>),
    Delete(Vec<Vec<u8>>),
    /// Puts so many entries one behind the other.
    Append(u8, usize),
    Sweep,
    Walk(Bound<Vec<u8>>, Bound<Vec<u8>>, bool, usize),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(b"aimz".as_slice()), 0_u16..600)
        .prop_map(|(prefix, number)| [&[prefix], number.to_be_bytes().as_slice()].concat())
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        3 => key().prop_map(Included),
        3 => key().prop_map(Excluded),
        1 => Just(Unbounded),
        1 => prop::sample::select(b"aimz{".as_slice()).prop_map(|prefix| Excluded(vec![prefix])),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => vec(any::<u8>(), 1..400), 1 => vec(any::<u8>(), 3000..5000)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => vec((key(), value()), 1..40).prop_map(Act::Put),
        2 => vec(key(), 1..60).prop_map(Act::Delete),
        1 => (prop::sample::select(b"im".as_slice()), 1_usize..700).prop_map(|(prefix, count)| Act::Append(prefix, count)),
        3 => Just(Act::Sweep),
        4 => (bound(), bound(), any::<bool>(), 1_usize..900)
            .prop_map(|(low, high, up, most)| Act::Walk(low, high, up, most)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn packed_entries_read_like_others(acts in vec(act(), 1..40)) {
        let (_, engine) = packed();
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Put(entries) => {
                    model.extend(entries.iter().cloned());
                    engine.apply(entries.into_iter().map(|(key, value)| (key, Some(value))).collect()).unwrap();
                }
                Act::Delete(keys) => {
                    for key in &keys {
                        model.remove(key);
                    }
                    engine.apply(keys.into_iter().map(|key| (key, None)).collect()).unwrap();
                }
                Act::Append(prefix, count) => {
                    let entries: Entries = (0..count)
                        .map(|number| {
                            let number = u16::try_from(number).unwrap().to_be_bytes();
                            ([&[prefix], number.as_slice()].concat(), [number.as_slice(), &[7; 60]].concat())
                        })
                        .collect();
                    model.extend(entries.iter().cloned());
                    engine.apply(entries.into_iter().map(|(key, value)| (key, Some(value))).collect()).unwrap();
                }
                Act::Sweep => {
                    sweep(&engine);
                }
                Act::Walk(low, high, up, most) => {
                    let range = (low, high);
                    if super::range::is_empty(&range) {
                        continue;
                    }
                    let direction = if up { Direction::Ascending } else { Direction::Descending };
                    let mut expected: Entries =
                        model.range(range.clone()).map(|(key, value)| (key.clone(), value.clone())).collect();
                    if !up {
                        expected.reverse();
                    }
                    expected.truncate(most);
                    prop_assert_eq!(walked(&engine, range, direction, most), expected);
                }
            }
        }
        let expected: Entries = model.clone().into_iter().collect();
        prop_assert_eq!(all(&engine), expected);
        for prefix in b"aim" {
            for number in 0..600_u16 {
                let key = [&[*prefix], number.to_be_bytes().as_slice()].concat();
                let mut found = None;
                engine.get(&key, &mut |value| found = Some(value.to_vec())).unwrap();
                prop_assert_eq!(found.as_ref(), model.get(&key));
            }
        }
    }
}

fn numbered(number: u32) -> Vec<u8> {
    [b"m", number.to_be_bytes().as_slice()].concat()
}

#[test]
fn many_entries_become_few() {
    let (memory, engine) = packed();
    for number in 0..10_000 {
        engine.apply(vec![(numbered(number), Some(vec![7; 100]))]).unwrap();
    }
    assert_eq!(engine.take_changes(), 10_000);
    assert_eq!(sweep(&engine), 10_000);
    let few = memory.entries().len();
    assert!(few < 10_000 / 50, "{few} entries are left");
    assert_eq!(all(&engine).len(), 10_000);
    assert_eq!(sweep(&engine), 0, "nothing is left to do");
    for number in 0..10_000 {
        engine.apply(vec![(numbered(number), None)]).unwrap();
    }
    assert!(all(&engine).is_empty());
    sweep(&engine);
    let left = memory.entries().len();
    assert!(left < 200, "what is deleted leaves {left} entries behind");
}

#[test]
fn many_neighbours_are_packed_at_once() {
    let (memory, engine) = packed();
    engine.apply(vec![(numbered(7), Some(vec![1]))]).unwrap();
    let all_at_once =
        |value: Option<Vec<u8>>| (0..10_000).map(|number| (numbered(number), value.clone())).collect();
    engine.apply(all_at_once(Some(vec![7; 100]))).unwrap();
    assert_eq!(engine.take_changes(), 1, "the first came alone");
    let few = memory.entries().len();
    assert!(few < 10_000 / 50, "{few} entries are left");
    assert!(all(&engine).iter().all(|(_, value)| *value == [7; 100]));
    engine.apply(all_at_once(None)).unwrap();
    let left = memory.entries().len();
    assert!(left < 20, "{left} entries are left: a last page, and too few tombstones to write it anew");
    assert!(all(&engine).is_empty());
}

#[test]
fn what_is_too_few_or_too_large_stays_loose() {
    let (memory, engine) = packed();
    engine.apply((0..15).map(|number| (numbered(number), Some(vec![1]))).collect()).unwrap();
    assert_eq!(sweep(&engine), 0);
    assert_eq!(memory.entries().len(), 15);
    engine.apply((15..40).map(|number| (numbered(number), Some(vec![1; 10_000]))).collect()).unwrap();
    assert_eq!(sweep(&engine), 0);
    engine.apply(vec![(numbered(100), Some(vec![1]))]).unwrap();
    assert_eq!(sweep(&engine), 16);
    assert_eq!(memory.entries().len(), 25 + 1);
    assert_eq!(all(&engine).len(), 41);
}

#[test]
fn a_damaged_page_is_an_error() {
    let (memory, engine) = packed();
    engine.apply((0..40).map(|number| (numbered(number), Some(vec![1; 50]))).collect()).unwrap();
    sweep(&engine);
    memory.entries().values_mut().for_each(|page| page.truncate(page.len() - 1));
    assert!(engine.get(&numbered(3), &mut |_| {}).is_err());
    let range = (Included(b"m".to_vec()), Excluded(b"n".to_vec()));
    for direction in [Direction::Ascending, Direction::Descending] {
        assert!(engine.walk(range.clone(), direction, &mut |_, _| ControlFlow::Continue(())).is_err());
    }
    assert!(engine.apply(vec![(numbered(3), None)]).is_err());
}

#[test]
fn readers_miss_nothing_while_entries_are_packed() {
    let (_, engine) = packed();
    let (engine, written) = (Arc::new(engine), Arc::new(AtomicU32::new(0)));
    let most = 4000;
    let readers: Vec<_> = [Direction::Ascending, Direction::Descending]
        .into_iter()
        .map(|direction| {
            let (engine, written) = (Arc::clone(&engine), Arc::clone(&written));
            std::thread::spawn(move || {
                let mut known = 0;
                while known < most {
                    known = written.load(Ordering::SeqCst);
                    let range = (Included(b"m".to_vec()), Excluded(b"n".to_vec()));
                    let mut found: Vec<u32> = walked(&*engine, range, direction, usize::MAX)
                        .iter()
                        .map(|(key, _)| u32::from_be_bytes(key[1..].try_into().unwrap()))
                        .collect();
                    if direction == Direction::Descending {
                        found.reverse();
                    }
                    let count = u32::try_from(found.len()).unwrap();
                    assert!(count >= known, "{known} were there before the walk, {count} were seen");
                    assert!(found.into_iter().eq(0..count), "each once and in order");
                }
            })
        })
        .collect();
    for number in 0..most {
        engine.apply(vec![(numbered(number), Some(vec![7; 100]))]).unwrap();
        written.store(number + 1, Ordering::SeqCst);
        if number % 50 == 0 {
            sweep(&engine);
        }
    }
    for reader in readers {
        reader.join().unwrap();
    }
}
