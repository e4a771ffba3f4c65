//! A queue in which everybody has a line of their own, and the lines take turns: whoever asks for much
//! waits for that, and whoever asks for little does not.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// So many things that wait, by who brought them.
#[derive(Debug)]
pub(super) struct Turns<K, T> {
    most: usize,
    waiting: usize,
    lines: HashMap<K, VecDeque<T>>,
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, T> Turns<K, T> {
    /// A queue for at most so many.
    pub(super) fn of(most: usize) -> Self {
        Self { most, waiting: 0, lines: HashMap::new(), order: VecDeque::new() }
    }

    /// Puts something into the line of `by`. If there is no place left, those that `is_gone` make some;
    /// and then the last one of the longest line, or this one if that is the longest. Answers what has
    /// no place.
    pub(super) fn push(&mut self, by: &K, thing: T, is_gone: impl Fn(&T) -> bool) -> Option<T> {
        if self.waiting >= self.most {
            self.forget(is_gone);
        }
        let mut displaced = None;
        if self.waiting >= self.most {
            let own = self.lines.get(by).map_or(0, VecDeque::len);
            match self.lines.values_mut().max_by_key(|line| line.len()) {
                Some(longest) if longest.len() > own + 1 => displaced = longest.pop_back(),
                Some(_) | None => return Some(thing),
            }
            self.waiting -= 1;
        }
        if let Some(line) = self.lines.get_mut(by) {
            line.push_back(thing);
        } else {
            self.order.push_back(by.clone());
            self.lines.insert(by.clone(), VecDeque::from([thing]));
        }
        self.waiting += 1;
        displaced
    }

    fn forget(&mut self, is_gone: impl Fn(&T) -> bool) {
        self.lines.retain(|_, line| {
            line.retain(|thing| !is_gone(thing));
            !line.is_empty()
        });
        self.order.retain(|by| self.lines.contains_key(by));
        self.waiting = self.lines.values().map(VecDeque::len).sum();
    }

    /// The next thing of whose turn it is among those who `may`; if nobody may, of whose turn it is.
    pub(super) fn pop(&mut self, may: impl Fn(&K) -> bool) -> Option<(K, T)> {
        let turn = self.order.iter().position(may).unwrap_or(0);
        let by = self.order.remove(turn)?;
        let line = self.lines.get_mut(&by)?;
        let thing = line.pop_front()?;
        self.waiting -= 1;
        if line.is_empty() {
            self.lines.remove(&by);
        } else {
            self.order.push_back(by.clone());
        }
        Some((by, thing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(most: usize, things: &[(&'static str, u32)]) -> (Turns<&'static str, u32>, Vec<u32>) {
        let mut turns = Turns::of(most);
        let displaced = things.iter().filter_map(|(by, thing)| turns.push(by, *thing, |thing| *thing >= 90));
        let displaced = displaced.collect();
        (turns, displaced)
    }

    fn order(turns: &mut Turns<&'static str, u32>) -> Vec<u32> {
        std::iter::from_fn(|| turns.pop(|_| true)).map(|(_, thing)| thing).collect()
    }

    #[test]
    fn lines_take_turns() {
        let (mut turns, displaced) =
            queue(9, &[("al", 1), ("al", 2), ("al", 3), ("bo", 4), ("bo", 5), ("cy", 6)]);
        assert_eq!((displaced, order(&mut turns)), (vec![], vec![1, 4, 6, 2, 5, 3]));
        assert_eq!((turns.waiting, turns.lines.len(), turns.order.len()), (0, 0, 0));
    }

    #[test]
    fn who_may_not_is_passed_over_while_others_wait() {
        let (mut turns, _) = queue(9, &[("al", 1), ("al", 2), ("bo", 3)]);
        for expected in [("bo", 3), ("al", 1), ("al", 2)] {
            assert_eq!(turns.pop(|by| *by != "al"), Some(expected));
        }
    }

    #[test]
    fn who_brought_the_most_makes_room() {
        let (mut turns, displaced) =
            queue(4, &[("al", 1), ("al", 2), ("al", 3), ("al", 4), ("al", 5), ("bo", 6)]);
        assert_eq!((displaced, order(&mut turns)), (vec![5, 4], vec![1, 6, 2, 3]));
        let (mut turns, displaced) = queue(2, &[("al", 1), ("bo", 2), ("cy", 3)]);
        assert_eq!((displaced, order(&mut turns)), (vec![3], vec![1, 2]), "all are alike");
        let (mut turns, displaced) = queue(2, &[("al", 90), ("al", 91), ("bo", 3), ("bo", 4), ("bo", 5)]);
        assert_eq!((displaced, order(&mut turns)), (vec![5], vec![3, 4]), "who has gone needs no place");
    }
}
