//! The packed store: damaged pages, and whatever is written and packed in any order.
//!
//! The first byte says what the rest is: a page as it is stored, a page before it is compressed, or
//! what is done to a store.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::ControlFlow;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use roomscribe::store::engine::memory::Memory;
use roomscribe::store::engine::packed::{Packed, PageSize};
use roomscribe::store::engine::{Direction, Engine, Range};

const KINDS: &[(u8, PageSize)] = &[(b'i', PageSize::Small), (b'm', PageSize::Large)];
/// The prefixes of the keys in use: two that are packed, and some before, between and behind them.
const PREFIXES: &[u8] = b"aimz";

/// The keys and values of one page take no more.
const LARGEST: usize = 64 << 10;

type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// A damaged page is an error or a page, and what is shown of it lies where it was asked for. A packed
/// store reads like a map.
pub fn check(bytes: &[u8]) {
    match bytes.split_first() {
        Some((b'p', page)) => damaged(page.to_vec()),
        Some((b'u', raw)) => damaged(compressed(raw)),
        Some((b'a', acts)) => like_a_map(&mut Unstructured::new(acts)),
        Some(_) | None => {}
    }
}

/// A page as the store writes it, of what it holds unpacked.
fn compressed(raw: &[u8]) -> Vec<u8> {
    let length = u32::try_from(raw.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&[1], length.as_slice(), &lz4_flex::block::compress(raw)].concat()
}

fn damaged(page: Vec<u8>) {
    let memory = Arc::new(Memory::default());
    memory.entries().insert(vec![0, b'm'], page);
    let engine = Packed::new(Arc::clone(&memory) as Arc<dyn Engine>, KINDS);
    let key = |number: u8| vec![b'm', number];
    // A damaged page may fail; it may not do more.
    let _ = engine.get(&key(7), &mut |_| {});
    for range in [
        (Included(vec![b'm']), Excluded(vec![b'n'])),
        (Excluded(key(3)), Included(key(9))),
        (Unbounded, Unbounded),
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut shown = 0;
            let _ = engine.walk(range.clone(), direction, &mut |key, value| {
                shown += key.len() + value.len();
                assert!(shown <= LARGEST, "a page grows without bound");
                assert!(contains(&range, key), "{key:?} is shown, which was not asked for");
                assert_eq!(key.first(), Some(&b'm'), "a key of another kind is shown");
                ControlFlow::Continue(())
            });
        }
    }
    let _ = engine.apply(vec![(key(5), None)]);
    let _ = engine.apply((0..40).map(|number| (key(number), Some(vec![number]))).collect());
    let _ = engine.pack(&[]).and_then(|step| engine.commit(step.changes));
}

fn contains(range: &Range, key: &[u8]) -> bool {
    use std::ops::RangeBounds;
    let (low, high) = (range.0.as_ref().map(Vec::as_slice), range.1.as_ref().map(Vec::as_slice));
    RangeBounds::<[u8]>::contains(&(low, high), key)
}

/// What may be done to a store.
#[derive(Debug, Arbitrary)]
enum Act {
    Put(Vec<(Place, Content)>),
    Delete(Vec<Place>),
    /// Puts so many entries one behind the other.
    Append(Place, u8, Content),
    Pack,
    Walk(End, End, bool, u8),
    Get(Place),
}

/// A key: near others, as they are in a store.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Place(u8, u16);

impl Place {
    fn key(self) -> Vec<u8> {
        let prefix = PREFIXES[usize::from(self.0) % PREFIXES.len()];
        [&[prefix], (self.1 % 600).to_be_bytes().as_slice()].concat()
    }
}

/// A value that is never empty, sometimes too large to be packed, and compresses well or badly.
#[derive(Debug, Clone, Copy, Arbitrary)]
struct Content {
    byte: u8,
    step: u8,
    length: u8,
    is_large: bool,
}

impl Content {
    fn bytes(self) -> Vec<u8> {
        let length = 1 + usize::from(self.length) * if self.is_large { 24 } else { 1 };
        let next = |byte: &u8| Some(byte.wrapping_mul(5).wrapping_add(self.step));
        std::iter::successors(Some(self.byte), next).take(length).collect()
    }
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum End {
    At(Place),
    Beside(Place),
    OfKind(u8),
    Open,
}

impl End {
    fn bound(self) -> Bound<Vec<u8>> {
        match self {
            Self::At(place) => Included(place.key()),
            Self::Beside(place) => Excluded(place.key()),
            Self::OfKind(kind) => Excluded(vec![PREFIXES[usize::from(kind) % PREFIXES.len()]]),
            Self::Open => Unbounded,
        }
    }
}

/// More acts than this tell nothing new.
const MOST_ACTS: usize = 32;

fn like_a_map(input: &mut Unstructured<'_>) {
    let engine = Packed::new(Arc::new(Memory::default()), KINDS);
    let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for _ in 0..MOST_ACTS {
        if input.is_empty() {
            break;
        }
        let Ok(act) = input.arbitrary() else { break };
        run(&act, &engine, &mut model);
    }
    let whole = (Unbounded, Unbounded);
    assert_eq!(
        walked(&engine, whole, Direction::Ascending, usize::MAX),
        model.into_iter().collect::<Vec<_>>()
    );
}

fn run(act: &Act, engine: &Packed, model: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    match act {
        Act::Put(entries) => {
            put(
                engine,
                model,
                entries.iter().map(|(place, content)| (place.key(), content.bytes())).collect(),
            );
        }
        Act::Append(place, count, content) => {
            let next = |step: u8| Place(place.0, place.1.wrapping_add(u16::from(step))).key();
            let content = Content { is_large: false, ..*content };
            put(engine, model, (0..*count).map(|step| (next(step), content.bytes())).collect());
        }
        Act::Delete(places) => {
            for place in places {
                model.remove(&place.key());
            }
            let batch = places.iter().map(|place| (place.key(), None)).collect();
            engine.apply(batch).expect("memory does not fail");
        }
        Act::Pack => pack(engine),
        Act::Walk(low, high, up, most) => walk(engine, model, (low.bound(), high.bound()), *up, *most),
        Act::Get(place) => {
            let mut found = None;
            engine
                .get(&place.key(), &mut |value| found = Some(value.to_vec()))
                .expect("memory does not fail");
            assert_eq!(found.as_ref(), model.get(&place.key()));
        }
    }
}

fn put(engine: &Packed, model: &mut BTreeMap<Vec<u8>, Vec<u8>>, entries: Entries) {
    model.extend(entries.iter().cloned());
    let batch = entries.into_iter().map(|(key, value)| (key, Some(value))).collect();
    engine.apply(batch).expect("memory does not fail");
}

fn pack(engine: &Packed) {
    let mut from = Vec::new();
    loop {
        let step = engine.pack(&from).expect("memory does not fail");
        engine.commit(step.changes).expect("memory does not fail");
        let Some(next) = step.next else { return };
        assert!(next > from, "packing comes to an end");
        from = next;
    }
}

fn walk(engine: &Packed, model: &BTreeMap<Vec<u8>, Vec<u8>>, range: Range, up: bool, most: u8) {
    let most = usize::from(most).max(1);
    let inside = model.iter().filter(|(key, _)| contains(&range, key));
    let copied = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
    let (direction, expected): (_, Entries) = if up {
        (Direction::Ascending, inside.take(most).map(copied).collect())
    } else {
        (Direction::Descending, inside.rev().take(most).map(copied).collect())
    };
    assert_eq!(walked(engine, range, direction, most), expected);
}

fn walked(engine: &Packed, range: Range, direction: Direction, most: usize) -> Entries {
    let mut found = Vec::new();
    let walked = engine.walk(range, direction, &mut |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    walked.expect("memory does not fail");
    found
}
