//! Who holds which role: an index in the order of login names, kept up by every change of an account
//! or a membership.

use std::ops::ControlFlow;

use super::schema::RoleHolder;
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{RoomId, Subscription, User};

/// As many records are gone over at a time when the index is made.
const PART: usize = 500;

/// A place in the index: role, login name in lower case, room. Who holds the role everywhere has no
/// room there.
type Place = (String, String, RoomId);

impl Store {
    /// Calls `each` with every place where a role is held, in the order of login names.
    pub fn role_holders<E: From<Error>>(
        &self,
        role: &str,
        mut each: impl FnMut(&str, RoomId, RoleHolder) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(role.to_owned(),));
        self.walk::<RoleHolder, E>(span, Direction::Ascending, |(_, name, room), holder| {
            each(&name, room, holder)
        })
    }

    /// Counts the places where a role is held, at most to `limit`.
    pub fn count_role_holders(&self, role: &str, limit: u64) -> Result<u64> {
        self.count::<RoleHolder>(Span::of(&(role.to_owned(),)), limit)
    }

    /// Makes the index for a store of layout 1, which had none.
    pub(super) fn list_role_holders(&self) -> Result<()> {
        let mut holders = Vec::new();
        self.walk::<User, Error>(Span::all(), Direction::Ascending, |_, user| {
            let places = places_of_user(&user).into_iter();
            holders.extend(places.map(|place| (place, RoleHolder(user.id.clone()))));
            self.put_part(&mut holders, PART)?;
            Ok(ControlFlow::Continue(()))
        })?;
        self.walk::<Subscription, Error>(Span::all(), Direction::Ascending, |_, member| {
            let places = places_of_member(&member).into_iter();
            holders.extend(places.map(|place| (place, RoleHolder(member.user.clone()))));
            self.put_part(&mut holders, PART)?;
            Ok(ControlFlow::Continue(()))
        })?;
        self.put_part(&mut holders, 1)
    }

    fn put_part(&self, holders: &mut Vec<(Place, RoleHolder)>, least: usize) -> Result<()> {
        if holders.len() < least {
            return Ok(());
        }
        self.write(|batch| holders.drain(..).try_for_each(|(place, holder)| batch.put(&place, &holder)))
    }
}

fn places_of_user(user: &User) -> Vec<Place> {
    let name = user.username.to_lowercase();
    user.roles.iter().map(|role| (role.clone(), name.clone(), RoomId::new(""))).collect()
}

fn places_of_member(member: &Subscription) -> Vec<Place> {
    let name = member.username.to_lowercase();
    member.roles.iter().map(|role| (role.clone(), name.clone(), member.room.clone())).collect()
}

impl Batch<'_> {
    /// Keeps the index up with a change of an account.
    pub(super) fn index_user_roles(&mut self, old: Option<&User>, new: Option<&User>) -> Result<()> {
        let (old_places, new_places) = (old.map(places_of_user), new.map(places_of_user));
        let Some(user) = new.or(old) else { return Ok(()) };
        self.move_places(old_places, new_places, RoleHolder(user.id.clone()))
    }

    /// Keeps the index up with a change of a membership.
    pub(super) fn index_member_roles(
        &mut self,
        old: Option<&Subscription>,
        new: Option<&Subscription>,
    ) -> Result<()> {
        let (old_places, new_places) = (old.map(places_of_member), new.map(places_of_member));
        let Some(member) = new.or(old) else { return Ok(()) };
        self.move_places(old_places, new_places, RoleHolder(member.user.clone()))
    }

    fn move_places(
        &mut self,
        old: Option<Vec<Place>>,
        new: Option<Vec<Place>>,
        holder: RoleHolder,
    ) -> Result<()> {
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        for place in old.iter().filter(|place| !new.contains(place)) {
            self.delete::<RoleHolder>(place);
        }
        for place in new.iter().filter(|place| !old.contains(place)) {
            self.put(place, &holder)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Time, UserId};
    use crate::store::schema::Schema;

    fn holders(store: &Store, role: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        store
            .role_holders::<Error>(role, |name, room, _| {
                found.push((name.to_owned(), room.to_string()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        found
    }

    #[test]
    fn the_index_follows_accounts_and_memberships() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        let mut user = User::new(UserId::new("u"), "Bob", Time::from_millis(0));
        let mut member = Subscription::new(&user.reference(), RoomId::new("r"), Time::from_millis(0));
        member.roles = vec!["owner".to_owned()];
        store
            .write::<_, Error>(|batch| {
                batch.put_user(&user)?;
                batch.put_subscription(&member)
            })
            .unwrap();
        assert_eq!(holders(&store, "user"), [("bob".to_owned(), String::new())]);
        assert_eq!(holders(&store, "owner"), [("bob".to_owned(), "r".to_owned())]);
        user.username = "Rob".to_owned();
        user.roles = vec!["admin".to_owned()];
        store.write::<_, Error>(|batch| batch.put_user(&user)).unwrap();
        assert_eq!(holders(&store, "user"), []);
        assert_eq!(holders(&store, "admin"), [("rob".to_owned(), String::new())]);
        store
            .write::<_, Error>(|batch| {
                batch.delete_user(&user)?;
                batch.delete_subscription(&member.room, &member.user)
            })
            .unwrap();
        assert_eq!(store.count::<RoleHolder>(Span::all(), 9).unwrap(), 0);
    }

    #[test]
    fn a_store_of_the_first_layout_gets_the_index_when_it_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        for number in 0..PART + 2 {
            let user = User::new(UserId::random(), format!("u{number:04}"), Time::from_millis(0));
            store.write::<_, Error>(|batch| batch.put_user(&user)).unwrap();
        }
        store
            .write::<_, Error>(|batch| {
                for (key, _) in store.list::<RoleHolder>(Span::all(), Direction::Ascending, 0, usize::MAX)? {
                    batch.delete::<RoleHolder>(&key);
                }
                batch.put(&("schema".to_owned(),), &Schema(1))
            })
            .unwrap();
        store.durable_blocking().unwrap();
        drop(store);
        let mut again = Store::open(directory.path(), 1 << 20);
        for _ in 0..200 {
            // The engine's threads let go of the files a little later.
            if again.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            again = Store::open(directory.path(), 1 << 20);
        }
        let store = again.unwrap();
        assert_eq!(store.count_role_holders("user", u64::MAX).unwrap(), PART as u64 + 2);
    }
}
