//! Accounts and their login tokens.

use std::ops::ControlFlow;

use super::schema::{TokenOfUser, UserByEmail, UserByName};
use super::{Batch, Direction, Result, Span, Store};
use crate::domain::{LoginToken, OneTimeToken, PasswordHistory, SecondFactor, User, UserId};

impl Store {
    /// The account of that id.
    pub fn user(&self, id: &UserId) -> Result<Option<User>> {
        self.get(&(id.clone(),))
    }

    /// The account of that login name, whatever its case.
    pub fn user_by_name(&self, username: &str) -> Result<Option<User>> {
        match self.get::<UserByName>(&(username.to_lowercase(),))? {
            Some(UserByName(id)) => self.user(&id),
            None => Ok(None),
        }
    }

    /// The account of that e-mail address, whatever its case.
    pub fn user_by_email(&self, address: &str) -> Result<Option<User>> {
        match self.get::<UserByEmail>(&(address.to_lowercase(),))? {
            Some(UserByEmail(id)) => self.user(&id),
            None => Ok(None),
        }
    }

    /// Calls `each` with every account until it breaks, in the order of ids.
    pub fn users<E: From<super::Error>>(
        &self,
        mut each: impl FnMut(User) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<User, E>(Span::all(), Direction::Ascending, |_, user| each(user))
    }

    /// The token that hashes to `hash`.
    pub fn token(&self, hash: &[u8; 32]) -> Result<Option<LoginToken>> {
        self.get(&(*hash,))
    }

    /// What was mailed to a user to be sent back once, by its key: some dozens at most.
    pub fn one_time_tokens_of(&self, user: &UserId) -> Result<Vec<((UserId, String), OneTimeToken)>> {
        self.list::<OneTimeToken>(Span::of(&(user.clone(),)), Direction::Ascending, 0, usize::MAX)
    }

    /// The second factors of a user.
    pub fn second_factor(&self, user: &UserId) -> Result<SecondFactor> {
        Ok(self.get(&(user.clone(),))?.unwrap_or_default())
    }

    /// Hashes and records of a user's tokens. There are at most some dozens.
    pub fn tokens_of(&self, user: &UserId) -> Result<Vec<([u8; 32], LoginToken)>> {
        let mut tokens = Vec::new();
        self.walk::<TokenOfUser, super::Error>(
            Span::of(&(user.clone(),)),
            Direction::Ascending,
            |(_, hash), _| {
                tokens.extend(self.token(&hash)?.map(|token| (hash, token)));
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(tokens)
    }
}

impl Batch<'_> {
    /// Puts an account and makes its login name and addresses lead to it, and no others.
    pub fn put_user(&mut self, user: &User) -> Result<()> {
        let old = self.get::<User>(&(user.id.clone(),))?;
        if let Some(old) = &old {
            self.forget_names(old);
        }
        self.index_person(old.as_ref(), Some(user))?;
        self.index_user_roles(old.as_ref(), Some(user))?;
        self.put(&(user.username.to_lowercase(),), &UserByName(user.id.clone()))?;
        for email in &user.emails {
            self.put(&(email.address.to_lowercase(),), &UserByEmail(user.id.clone()))?;
        }
        self.put(&(user.id.clone(),), user)?;
        if old.is_none_or(|old| old.active != user.active) {
            self.index_memberships(&user.id)?;
        }
        Ok(())
    }

    /// Deletes an account and its tokens. Its memberships and messages are the caller's business.
    pub fn delete_user(&mut self, user: &User) -> Result<()> {
        let old = self.get::<User>(&(user.id.clone(),))?;
        self.index_user_roles(old.as_ref(), None)?;
        self.forget_names(user);
        self.index_person(Some(user), None)?;
        self.delete_tokens(&user.id, |_, _| true)?;
        let own = (user.id.clone(),);
        for (key, _) in self.store().one_time_tokens_of(&user.id)? {
            self.delete::<OneTimeToken>(&key);
        }
        self.delete::<SecondFactor>(&own);
        self.delete::<PasswordHistory>(&own);
        self.delete_push_tokens(&user.id)?;
        self.delete::<User>(&own);
        Ok(())
    }

    fn forget_names(&mut self, user: &User) {
        self.delete::<UserByName>(&(user.username.to_lowercase(),));
        for email in &user.emails {
            self.delete::<UserByEmail>(&(email.address.to_lowercase(),));
        }
    }

    /// Puts a token under its hash.
    pub fn put_token(&mut self, hash: [u8; 32], token: &LoginToken) -> Result<()> {
        self.put(&(token.user.clone(), hash), &TokenOfUser)?;
        self.put(&(hash,), token)
    }

    /// Deletes the tokens of a user that `which` picks.
    pub fn delete_tokens(
        &mut self,
        user: &UserId,
        mut which: impl FnMut(&[u8; 32], &LoginToken) -> bool,
    ) -> Result<()> {
        for (hash, token) in self.store().tokens_of(user)? {
            if which(&hash, &token) {
                self.delete::<TokenOfUser>(&(user.clone(), hash));
                self.delete::<LoginToken>(&(hash,));
            }
        }
        Ok(())
    }
}
