//! Which page the messages of late are on, so that quotes and pins can link to them.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use crate::leaf::Leaf;

/// So many are remembered: a quote is seldom of something older.
const REMEMBERED: usize = 65_536;

/// Pages by message.
#[derive(Default)]
pub(crate) struct Known {
    /// By hash: half the memory of ids.
    pages: HashMap<u64, Leaf, RandomState>,
    order: VecDeque<u64>,
}

impl Known {
    pub(crate) fn remember(&mut self, id: &str, leaf: Leaf) {
        let hash = self.hash(id);
        if self.pages.insert(hash, leaf).is_some() {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.pages.remove(&oldest);
        }
    }

    pub(crate) fn page(&self, id: &str) -> Option<Leaf> {
        self.pages.get(&self.hash(id)).copied()
    }

    fn hash(&self, id: &str) -> u64 {
        self.pages.hasher().hash_one(id)
    }
}

/// The id of the message that an address of this kind of server leads to: what follows `msg=`.
pub(crate) fn message_of(address: &str) -> Option<&str> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').find_map(|part| part.strip_prefix("msg=")).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_are_remembered() {
        let mut known = Known::default();
        for n in 0..REMEMBERED + 10 {
            known.remember(&n.to_string(), Leaf::Front);
            known.remember(&n.to_string(), Leaf::Threads(1));
        }
        assert_eq!((known.page("9"), known.page("10")), (None, Some(Leaf::Threads(1))));
        assert_eq!((known.pages.len(), known.order.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn the_id_is_read_from_the_address() {
        for (address, id) in [
            ("https://x.y/channel/general?msg=abc", Some("abc")),
            ("https://x.y/group/g?a=b&msg=abc&c=d#e", Some("abc")),
            ("https://x.y/?msg=", None),
            ("https://x.y/msg=abc", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(message_of(address), id, "{address}");
        }
    }
}
