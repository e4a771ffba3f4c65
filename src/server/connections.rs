//! Who is connected, and who has to go when there is no place left.
//!
//! As long as it is a client's turn (it has not asked for anything yet, has its answer, or is still
//! sending), nothing is lost when its connection is closed. So when all places are taken, one of
//! these goes and the newcomer stays: of the address with the most connections the one that has kept
//! the server waiting longest. A flood of idle connections pushes out itself, and not the few
//! connections of everybody else.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Connections beyond the limit: those that were told to go and have not gone yet, and those that
/// are told that there is no place.
const SPARE: usize = 64;

/// All connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    most_each: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    count: usize,
    /// How many of them are only told that there is no place.
    spare: usize,
    /// How often a client's turn has begun.
    turns: u64,
    peers: HashMap<IpAddr, Peer>,
}

#[derive(Debug, Default)]
struct Peer {
    count: usize,
    /// Those whose turn it is on their side, by when it began.
    waited_for: BTreeMap<u64, Arc<Place>>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The client's: it may ask for something.
    Asking,
    /// The client's: the rest of its request is to come.
    Sending,
    /// The server's: it owes an answer.
    Answering,
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    peer: IpAddr,
    /// Whether all that can be said here is that there is no place.
    pub(super) is_spare: bool,
    state: Mutex<State>,
    told: Notify,
}

#[derive(Debug)]
struct State {
    turn: Turn,
    /// When the client's turn began.
    began: u64,
    /// Whether it may be chosen to go.
    is_listed: bool,
    was_evicted: bool,
    is_last: bool,
}

/// Gives a place back when its connection ends.
#[derive(Debug)]
pub(super) struct Held(pub(super) Arc<Place>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    /// So many in all, and so many from one address.
    pub(super) fn of(most: usize, most_each: usize) -> Arc<Self> {
        Arc::new(Self { most, most_each, open: Mutex::default() })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        lock(&self.open).count
    }

    /// A place for a connection from that address; `None`: close it.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Held> {
        let mut open = lock(&self.open);
        let own = open.peers.get(&peer).map_or(0, |own| own.count);
        if own >= self.most_each || open.count >= self.most + SPARE {
            return None;
        }
        let is_spare = open.count - open.spare >= self.most && !open.evict();
        let turn = Turn::Asking;
        let state = State { turn, began: 0, is_listed: !is_spare, was_evicted: false, is_last: false };
        let (connections, state) = (Arc::clone(self), Mutex::new(state));
        let place = Arc::new(Place { connections, peer, is_spare, state, told: Notify::new() });
        open.count += 1;
        open.spare += usize::from(is_spare);
        open.peers.entry(peer).or_default().count += 1;
        if !is_spare {
            open.list(&place, &mut lock(&place.state));
        }
        Some(Held(place))
    }
}

impl Open {
    fn list(&mut self, place: &Arc<Place>, state: &mut State) {
        self.turns += 1;
        state.began = self.turns;
        if let Some(own) = self.peers.get_mut(&place.peer) {
            own.waited_for.insert(state.began, Arc::clone(place));
        }
    }

    fn strike(&mut self, peer: IpAddr, state: &State) {
        if let Some(own) = self.peers.get_mut(&peer) {
            own.waited_for.remove(&state.began);
        }
    }

    /// Tells one to go, if it is anybody's own turn.
    fn evict(&mut self) -> bool {
        let waited_for = self.peers.values_mut().filter(|own| !own.waited_for.is_empty());
        let Some((_, place)) =
            waited_for.max_by_key(|own| own.count).and_then(|own| own.waited_for.pop_first())
        else {
            return false;
        };
        let mut state = lock(&place.state);
        (state.is_listed, state.was_evicted) = (false, true);
        place.told.notify_one();
        true
    }
}

impl Place {
    /// Notes whose turn it is now.
    pub(super) fn turn_to(self: &Arc<Self>, turn: Turn) {
        let mut open = lock(&self.connections.open);
        let mut state = lock(&self.state);
        state.turn = turn;
        if state.is_listed {
            open.strike(self.peer, &state);
            match turn {
                Turn::Asking | Turn::Sending => open.list(self, &mut state),
                Turn::Answering => {}
            }
        }
    }

    /// Done when this connection is to make room for another one.
    pub(super) async fn evicted(&self) {
        self.told.notified().await;
    }

    /// Whether it was to make room.
    pub(super) fn was_evicted(&self) -> bool {
        lock(&self.state).was_evicted
    }

    /// What is being asked for now is the last that is answered.
    pub(super) fn asks_no_more(&self) {
        lock(&self.state).is_last = true;
    }

    /// Whether nothing more is read from this client.
    pub(super) fn hears_no_more(&self) -> bool {
        let state = lock(&self.state);
        match state.turn {
            Turn::Asking => state.was_evicted || state.is_last,
            Turn::Sending => state.was_evicted,
            Turn::Answering => false,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let place = &self.0;
        let mut open = lock(&place.connections.open);
        let mut state = lock(&place.state);
        state.is_listed = false;
        open.strike(place.peer, &state);
        open.count -= 1;
        open.spare -= usize::from(place.is_spare);
        if let Some(own) = open.peers.get_mut(&place.peer) {
            own.count -= 1;
            if own.count == 0 {
                open.peers.remove(&place.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn evicted<'a>(places: impl IntoIterator<Item = &'a Held>) -> Vec<bool> {
        places.into_iter().map(|held| held.0.was_evicted()).collect()
    }

    #[test]
    fn a_flood_pushes_out_itself() {
        let connections = Connections::of(3, 100);
        let modest = connections.enter(address(1)).unwrap();
        let flood: Vec<Held> = (0..3).map(|_| connections.enter(address(2)).unwrap()).collect();
        assert_eq!(evicted(&flood), [true, false, false], "the one that is idle longest");
        let busy = &flood[1].0;
        busy.turn_to(Turn::Answering);
        drop(connections.enter(address(3)).unwrap());
        assert_eq!(evicted(&flood), [true, false, true], "who is owed an answer stays");
        busy.turn_to(Turn::Asking);
        assert!(busy.hears_no_more() == busy.was_evicted() && !busy.was_evicted());
        drop(connections.enter(address(3)).unwrap());
        assert_eq!(evicted(&flood), [true; 3]);
        assert!(busy.hears_no_more() && !modest.0.was_evicted());
        drop((modest, flood));
        assert_eq!(connections.count(), 0);
        assert!(lock(&connections.open).peers.is_empty(), "who is gone is forgotten");
    }

    #[test]
    fn where_nobody_can_go_a_few_are_told_so_and_the_rest_is_closed() {
        let connections = Connections::of(1, 100);
        let busy = connections.enter(address(1)).unwrap();
        assert!(!busy.0.is_spare);
        busy.0.turn_to(Turn::Answering);
        let spare: Vec<Held> = (0..SPARE).map(|_| connections.enter(address(2)).unwrap()).collect();
        assert!(spare.iter().all(|held| held.0.is_spare));
        assert!(connections.enter(address(3)).is_none());
        drop((busy, spare));
        assert!(!connections.enter(address(3)).unwrap().0.is_spare);
    }

    #[test]
    fn an_address_has_so_many() {
        let connections = Connections::of(100, 2);
        let both = [(); 2].map(|()| connections.enter(address(1)).unwrap());
        assert!(connections.enter(address(1)).is_none() && connections.enter(address(2)).is_some());
        drop(both);
        assert!(connections.enter(address(1)).is_some());
    }

    #[test]
    fn a_place_that_was_given_back_is_not_listed_again() {
        let connections = Connections::of(1, 1);
        let held = connections.enter(address(1)).unwrap();
        let place = Arc::clone(&held.0);
        drop(held);
        place.turn_to(Turn::Asking);
        assert!(lock(&connections.open).peers.is_empty());
        let next = connections.enter(address(1)).unwrap();
        drop(connections.enter(address(2)).unwrap());
        assert!(next.0.was_evicted() && !place.was_evicted());
    }
}
