//! The indexes by name: of rooms and people, of the members of a room, of its files. They are kept
//! by whoever puts a room, an account, a membership or an upload; nobody else writes them.

use std::ops::ControlFlow;

use super::schema::Schema;
use super::{Batch, Direction, Error, Record, Result, Span, Store};
use crate::domain::directory::{DirectoryEntry, FileByName, MemberByName, PersonEntry, RoomEntry};
use crate::domain::{Room, RoomId, RoomKind, Subscription, Upload, UploadId, User, UserId};

/// The section of the directory that has the accounts; those of rooms are called by their letters.
const PEOPLE: &str = "u";

/// A room as lists know it.
#[derive(Debug, Clone)]
pub struct ListedRoom {
    /// Its id.
    pub id: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// Its name, empty for direct messages.
    pub name: String,
    /// The rest.
    pub entry: RoomEntry,
}

/// A member as lists know them.
#[derive(Debug, Clone)]
pub struct ListedMember {
    /// The account.
    pub user: UserId,
    /// The login name.
    pub username: String,
    /// Room roles.
    pub roles: Vec<String>,
}

/// A file as lists know it.
#[derive(Debug, Clone)]
pub struct ListedFile {
    /// Its id.
    pub id: UploadId,
    /// Its name.
    pub name: String,
    /// The rest.
    pub entry: FileByName,
}

fn section(name: &str) -> Span {
    Span::of(&(name.to_owned(),))
}

impl Store {
    /// Calls `each` with the rooms of a kind, by name and then id, until it breaks.
    pub fn rooms_of_kind<E: From<Error>>(
        &self,
        kind: RoomKind,
        direction: Direction,
        mut each: impl FnMut(ListedRoom) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<DirectoryEntry, E>(
            section(kind.letter()),
            direction,
            |(_, name, id), entry| match entry {
                DirectoryEntry::Room(entry) => each(ListedRoom { id: RoomId::new(id), kind, name, entry }),
                DirectoryEntry::Person(_) => Ok(ControlFlow::Continue(())),
            },
        )
    }

    /// A part of the rooms of a kind, by name, and how many there are.
    pub fn page_of_kind(
        &self,
        kind: RoomKind,
        direction: Direction,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<RoomId>, u64)> {
        let total = self.count::<DirectoryEntry>(section(kind.letter()), u64::MAX)?;
        let part = self.list::<DirectoryEntry>(section(kind.letter()), direction, skip, limit)?;
        Ok((part.into_iter().map(|((_, _, id), _)| RoomId::new(id)).collect(), total))
    }

    /// Calls `each` with the accounts, by login name in lower case, until it breaks.
    pub fn people<E: From<Error>>(
        &self,
        direction: Direction,
        mut each: impl FnMut(UserId, PersonEntry) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<DirectoryEntry, E>(section(PEOPLE), direction, |(_, _, id), entry| match entry {
            DirectoryEntry::Person(entry) => each(UserId::new(id), entry),
            DirectoryEntry::Room(_) => Ok(ControlFlow::Continue(())),
        })
    }

    /// Calls `each` with the members whose accounts are active, or with the others, by login name,
    /// until it breaks.
    pub fn members_by_name<E: From<Error>>(
        &self,
        room: &RoomId,
        active: bool,
        direction: Direction,
        mut each: impl FnMut(ListedMember) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(room.clone(), active));
        self.walk::<MemberByName, E>(span, direction, |(_, _, username, user), MemberByName { roles }| {
            each(ListedMember { user, username, roles })
        })
    }

    /// How many members have an active account. Few have not, and only those are counted.
    pub fn count_active_members(&self, room: &RoomId) -> Result<u64> {
        let inactive = self.count::<MemberByName>(Span::of(&(room.clone(), false)), u64::MAX)?;
        Ok(self.activity(room)?.members.saturating_sub(inactive))
    }

    /// Calls `each` with the confirmed files of a room, by name, until it breaks.
    pub fn files_by_name<E: From<Error>>(
        &self,
        room: &RoomId,
        direction: Direction,
        mut each: impl FnMut(ListedFile) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<FileByName, E>(Span::of(&(room.clone(),)), direction, |(_, name, id), entry| {
            each(ListedFile { id, name, entry })
        })
    }

    /// How many confirmed files a room has.
    pub fn count_files(&self, room: &RoomId) -> Result<u64> {
        self.count::<FileByName>(Span::of(&(room.clone(),)), u64::MAX)
    }
}

/// Makes the indexes of a store that was written before there were any.
pub(super) fn build(store: &Store) -> Result<()> {
    let built = ("with indexes by name".to_owned(),);
    if store.has::<Schema>(&built)? {
        return Ok(());
    }
    in_parts::<Room>(store, |batch, room| batch.index_room(None, Some(&room)))?;
    in_parts::<User>(store, |batch, user| batch.index_person(None, Some(&user)))?;
    in_parts::<Subscription>(store, |batch, member| batch.index_member(None, Some(&member)))?;
    in_parts::<Upload>(store, |batch, upload| batch.index_file(None, Some(&upload)))?;
    store.write(|batch| batch.put(&built, &Schema(1)))
}

/// Gives all records to `index`, some hundreds in each batch.
fn in_parts<R: Record>(store: &Store, mut index: impl FnMut(&mut Batch<'_>, R) -> Result<()>) -> Result<()> {
    const PART: usize = 500;
    let mut rest = Span::all();
    loop {
        let part = store.list::<R>(rest, Direction::Ascending, 0, PART)?;
        let Some((last, _)) = part.last() else { return Ok(()) };
        rest = Span::after(last);
        store.write(|batch| part.into_iter().try_for_each(|(_, record)| index(batch, record)))?;
    }
}

impl Batch<'_> {
    /// Lists a room as it is now in place of what it was.
    pub(super) fn index_room(&mut self, old: Option<&Room>, new: Option<&Room>) -> Result<()> {
        let key = |room: &Room| {
            let name = room.name.clone().unwrap_or_default();
            (room.kind.letter().to_owned(), name, room.id.as_str().to_owned())
        };
        let entry = |room: &Room| DirectoryEntry::Room(RoomEntry::of(room));
        self.reindex(old.map(|room| (key(room), entry(room))), new.map(|room| (key(room), entry(room))))
    }

    /// Lists an account as it is now in place of what it was.
    pub(super) fn index_person(&mut self, old: Option<&User>, new: Option<&User>) -> Result<()> {
        let key =
            |user: &User| (PEOPLE.to_owned(), user.username.to_lowercase(), user.id.as_str().to_owned());
        let entry = |user: &User| DirectoryEntry::Person(PersonEntry::of(user));
        self.reindex(old.map(|user| (key(user), entry(user))), new.map(|user| (key(user), entry(user))))
    }

    /// Lists a file as it is now in place of what it was.
    pub(super) fn index_file(&mut self, old: Option<&Upload>, new: Option<&Upload>) -> Result<()> {
        let listed = |upload: &Upload| {
            let key = (upload.room.clone(), upload.name.clone(), upload.id.clone());
            upload.confirmed.then(|| (key, FileByName::of(upload)))
        };
        self.reindex(old.and_then(listed), new.and_then(listed))
    }

    /// Changes an entry of an index, if it changes.
    fn reindex<R: Record + PartialEq>(
        &mut self,
        old: Option<(R::Key, R)>,
        new: Option<(R::Key, R)>,
    ) -> Result<()>
    where
        R::Key: PartialEq,
    {
        if old == new {
            return Ok(());
        }
        if let Some((key, _)) = old {
            self.delete::<R>(&key);
        }
        new.map_or(Ok(()), |(key, entry)| self.put(&key, &entry))
    }

    /// Lists a membership as it is now in place of what it was.
    pub(super) fn index_member(
        &mut self,
        old: Option<&Subscription>,
        new: Option<&Subscription>,
    ) -> Result<()> {
        // This runs with every message: what stays must cost nothing.
        if let (Some(old), Some(new)) = (old, new)
            && old.username == new.username
            && old.roles == new.roles
        {
            return Ok(());
        }
        if let Some(old) = old {
            for active in [true, false] {
                let key = (old.room.clone(), active, old.username.clone(), old.user.clone());
                self.delete::<MemberByName>(&key);
            }
        }
        let Some(new) = new else { return Ok(()) };
        let active = self.get::<User>(&(new.user.clone(),))?.is_some_and(|user| user.active);
        let key = (new.room.clone(), active, new.username.clone(), new.user.clone());
        self.put(&key, &MemberByName { roles: new.roles.clone() })
    }

    /// Lists an account anew in all its rooms, once it was switched on or off.
    pub(super) fn index_memberships(&mut self, user: &UserId) -> Result<()> {
        let store = self.store();
        store.rooms_of::<Error>(user, |room| {
            if let Some(member) = self.get::<Subscription>(&(room, user.clone()))? {
                self.index_member(Some(&member), None)?;
                self.index_member(None, Some(&member))?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
