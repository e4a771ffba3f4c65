//! The devices of users.

use super::{Batch, Direction, Result, Span, Store};
use crate::domain::{PushToken, UserId};

impl Store {
    /// The devices of a user. There are some at most.
    pub fn push_tokens_of(&self, user: &UserId) -> Result<Vec<PushToken>> {
        let found =
            self.list::<PushToken>(Span::of(&(user.clone(),)), Direction::Ascending, 0, usize::MAX)?;
        Ok(found.into_iter().map(|(_, token)| token).collect())
    }
}

impl Batch<'_> {
    /// Forgets the devices of a user.
    pub(super) fn delete_push_tokens(&mut self, user: &UserId) -> Result<()> {
        for token in self.store().push_tokens_of(user)? {
            self.delete::<PushToken>(&(user.clone(), token.value));
        }
        Ok(())
    }
}
