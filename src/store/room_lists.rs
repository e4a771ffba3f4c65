//! Lists of rooms that are kept in order: the discussions of a room, the rooms of a team, all teams.
//!
//! What lists a room stands in follows from its record, so that [`Batch::put_room`] keeps them up to
//! date and nobody else has to think of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::key::Part;
use super::schema::ListedRoom;
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{MessageId, Room, RoomId, TeamId};

/// So many characters of a name decide about the order.
const LONGEST_ORDER: usize = 128;
/// As many rooms are gone over at a time.
const PART: usize = 500;

/// A list of rooms, by their names in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomList {
    /// The discussion about a message.
    About(MessageId),
    /// The discussions of a room.
    Discussions(RoomId),
    /// The rooms of a team, its main room first.
    OfTeam(TeamId),
    /// The main rooms of all teams.
    Teams,
}

impl Part for RoomList {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::About(message) => {
                out.push(b'a');
                message.encode(out);
            }
            Self::Discussions(room) => {
                out.push(b'd');
                room.encode(out);
            }
            Self::OfTeam(team) => {
                out.push(b'o');
                team.encode(out);
            }
            Self::Teams => out.push(b't'),
        }
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (&letter, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(match letter {
            b'a' => Self::About(MessageId::decode(bytes)?),
            b'd' => Self::Discussions(RoomId::decode(bytes)?),
            b'o' => Self::OfTeam(TeamId::decode(bytes)?),
            b't' => Self::Teams,
            _ => return None,
        })
    }
}

type Place = (RoomList, String, RoomId);

/// What decides about the place of a name in a list.
fn order(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).take(LONGEST_ORDER).collect()
}

/// Every place that a room has in a list.
fn places(room: &Room) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    let mut add = |list, name: &str| {
        places.insert((list, order(name), room.id.clone()));
    };
    if let Some(parent) = &room.parent {
        add(RoomList::Discussions(parent.clone()), &room.title());
        if let Some(message) = room.discussed_message() {
            add(RoomList::About(message), "");
        }
    }
    if let Some(place) = room.team_place() {
        if place.main {
            add(RoomList::Teams, &room.title());
        }
        // Every room has a title, so nothing comes before the main room.
        let name = if place.main { String::new() } else { room.title() };
        add(RoomList::OfTeam(place.team), &name);
    }
    places
}

impl Batch<'_> {
    /// Takes a room out of the lists it has left and puts it into those it has come to.
    pub(super) fn list_room(&mut self, before: Option<&Room>, after: Option<&Room>) -> Result<()> {
        let (old, new) = (before.map(places).unwrap_or_default(), after.map(places).unwrap_or_default());
        for left in old.difference(&new) {
            self.delete::<ListedRoom>(left);
        }
        new.iter().try_for_each(|come| self.put(come, &ListedRoom))
    }
}

impl Store {
    /// Calls `each` with the ids of the rooms of a list whose names begin with `prefix`, whatever its
    /// case, until it breaks.
    pub fn rooms_in<E: From<Error>>(
        &self,
        list: &RoomList,
        prefix: &str,
        direction: Direction,
        mut each: impl FnMut(RoomId) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<ListedRoom, E>(beginning(list, prefix), direction, |(_, _, room), _| each(room))
    }

    /// How many rooms a list has, counted at most to `limit`.
    pub fn count_rooms_in(&self, list: &RoomList, limit: u64) -> Result<u64> {
        self.count::<ListedRoom>(Span::of(&(list.clone(),)), limit)
    }

    /// The first room of a list.
    pub fn first_in(&self, list: &RoomList) -> Result<Option<Room>> {
        let first = self.list::<ListedRoom>(Span::of(&(list.clone(),)), Direction::Ascending, 0, 1)?;
        first.first().map_or(Ok(None), |((_, _, room), _)| self.room(room))
    }

    /// The rooms of a list that are called so, whatever the case.
    pub fn called_in(&self, list: &RoomList, name: &str) -> Result<Vec<RoomId>> {
        let span = Span::of(&(list.clone(), order(name)));
        let found = self.list::<ListedRoom>(span, Direction::Ascending, 0, PART)?;
        Ok(found.into_iter().map(|((_, _, room), _)| room).collect())
    }

    /// Puts all rooms into their lists: for stores of programs that had none.
    pub fn list_all_rooms(&self) -> Result<()> {
        let mut rest = Span::all();
        loop {
            let rooms = self.list::<Room>(rest, Direction::Ascending, 0, PART)?;
            let Some((last, _)) = rooms.last() else { return Ok(()) };
            rest = Span::between(&(RoomId::new(format!("{}\0", last.0)),), &(RoomId::new("\u{10ffff}"),));
            self.write::<_, Error>(|batch| {
                for (key, _) in &rooms {
                    // It may have changed since it was read.
                    let room = batch.get::<Room>(key)?;
                    batch.list_room(None, room.as_ref())?;
                }
                Ok(())
            })?;
        }
    }
}

/// The entries of a list whose names begin with `prefix`.
fn beginning(list: &RoomList, prefix: &str) -> Span {
    let low = order(prefix);
    if low.is_empty() {
        return Span::of(&(list.clone(),));
    }
    // Nothing that begins with the prefix sorts behind this, and it is no character of a name.
    let high = format!("{low}\u{10ffff}");
    Span::between(&(list.clone(), low), &(list.clone(), high))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{RoomKind, TeamPlace, Time};

    fn room(id: &str, name: &str) -> Room {
        Room::new(RoomId::new(id), RoomKind::Channel, Some(name.to_owned()), None, Time::from_millis(0))
    }

    fn names(store: &Store, list: &RoomList, prefix: &str) -> Vec<String> {
        let mut names = Vec::new();
        store
            .rooms_in::<Error>(list, prefix, Direction::Ascending, |room| {
                names.push(room.to_string());
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        names
    }

    #[test]
    fn a_list_is_ordered_by_name_and_follows_every_change_of_a_room() {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        let parent = RoomId::new("parent");
        let list = RoomList::Discussions(parent.clone());
        let mut rooms = [room("1", "b"), room("2", "A"), room("3", "Ab")];
        for room in &mut rooms {
            room.parent = Some(parent.clone());
            store.write::<_, Error>(|batch| batch.put_room(room)).unwrap();
        }
        assert_eq!(names(&store, &list, ""), ["2", "3", "1"]);
        assert_eq!(names(&store, &list, "a"), ["2", "3"]);
        assert_eq!(names(&store, &list, "AB"), ["3"]);
        rooms[1].display_name = Some("c".to_owned());
        store.write::<_, Error>(|batch| batch.put_room(&rooms[1])).unwrap();
        assert_eq!(names(&store, &list, ""), ["3", "1", "2"]);
        store.write::<_, Error>(|batch| batch.delete_room(&rooms[2])).unwrap();
        assert_eq!(names(&store, &list, ""), ["1", "2"]);
        assert_eq!(store.count_rooms_in(&list, 9).unwrap(), 2);
    }

    #[test]
    fn the_main_room_comes_first_in_its_team_whatever_it_is_called() {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        let team = TeamId::new("t");
        for (id, name, main) in [("1", "a", false), ("2", "Zed", true)] {
            let mut room = room(id, name);
            room.set_team_place(Some(&TeamPlace { team: team.clone(), main, joined_by_all: false }));
            store.write::<_, Error>(|batch| batch.put_room(&room)).unwrap();
        }
        let first = store.first_in(&RoomList::OfTeam(team.clone())).unwrap().unwrap();
        assert_eq!(first.name.as_deref(), Some("Zed"));
        assert_eq!(names(&store, &RoomList::OfTeam(team), ""), ["2", "1"]);
        assert_eq!(names(&store, &RoomList::Teams, ""), ["2"]);
        assert_eq!(store.called_in(&RoomList::Teams, "zED").unwrap(), [RoomId::new("2")]);
        assert!(store.called_in(&RoomList::Teams, "ze").unwrap().is_empty());
    }

    #[test]
    fn rooms_that_were_never_listed_are_listed_once() {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        let mut discussion = room("1", "x");
        discussion.parent = Some(RoomId::new("parent"));
        store.write::<_, Error>(|batch| batch.put(&(discussion.id.clone(),), &discussion)).unwrap();
        let list = RoomList::Discussions(RoomId::new("parent"));
        assert!(names(&store, &list, "").is_empty());
        store.list_all_rooms().unwrap();
        assert_eq!(names(&store, &list, ""), ["1"]);
    }
}
