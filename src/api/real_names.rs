//! With the setting `UI_Use_Real_Name` a message shows what people are called now: who wrote it, whom
//! it mentions, who reacted. What is stored tells what they were called then.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::app::App;
use crate::domain::UserId;
use crate::error::Result;
use crate::service::settings;

/// Puts names into messages, looking up everybody once.
pub(super) struct RealNames<'a> {
    app: &'a App,
    wanted: bool,
    by_id: HashMap<String, Option<String>>,
    by_username: HashMap<String, Option<String>>,
}

impl<'a> RealNames<'a> {
    /// As the settings say: without the setting messages stay as they are.
    pub(super) fn of(app: &'a App) -> Result<Self> {
        let wanted = settings::is_on(app, "UI_Use_Real_Name")?;
        Ok(Self { app, wanted, by_id: HashMap::new(), by_username: HashMap::new() })
    }

    /// Puts the names into a message in its wire shape.
    pub(super) fn put(&mut self, message: &mut Value) -> Result<()> {
        let Value::Object(message) = message else { return Ok(()) };
        if !self.wanted {
            return Ok(());
        }
        if let Some(Value::Object(author)) = message.get_mut("u") {
            self.name(author)?;
        }
        for mention in message.get_mut("mentions").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::Object(mention) = mention {
                self.name(mention)?;
            }
        }
        if let Some(Value::Object(reactions)) = message.get_mut("reactions") {
            for (_, reaction) in reactions.iter_mut() {
                let usernames = reaction["usernames"].as_array().cloned().unwrap_or_default();
                let names = usernames.iter().filter_map(Value::as_str).map(|name| self.called(name));
                reaction["names"] = names.collect::<Result<Vec<Value>>>()?.into();
            }
        }
        Ok(())
    }

    /// Puts the name into the reference to a user. Who has gone keeps the old one.
    fn name(&mut self, reference: &mut Map<String, Value>) -> Result<()> {
        let Some(id) = reference.get("_id").and_then(Value::as_str) else { return Ok(()) };
        if !self.by_id.contains_key(id) {
            let name = self.app.store.user(&UserId::new(id))?.and_then(|user| user.name);
            self.by_id.insert(id.to_owned(), name);
        }
        if let Some(Some(name)) = self.by_id.get(id) {
            let name = name.as_str().into();
            reference.insert("name".to_owned(), name);
        }
        Ok(())
    }

    /// What somebody of this login name is called, at least that.
    fn called(&mut self, username: &str) -> Result<Value> {
        if !self.by_username.contains_key(username) {
            let name = self.app.store.user_by_name(username)?.and_then(|user| user.name);
            self.by_username.insert(username.to_owned(), name);
        }
        let name = self.by_username.get(username).and_then(Option::as_deref);
        Ok(name.unwrap_or(username).into())
    }
}
