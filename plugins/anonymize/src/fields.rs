//! Fields of a message that are JSON, but for its cards.

use export_sdk::{Message, Result, Texts};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::file::{FileNames, text};
use crate::looks::is_time;
use crate::message::Anonymizer;
use crate::options::Files;
use crate::people::EVERYBODY;

impl Anonymizer {
    pub(crate) fn mentions<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) -> Result<()> {
        if message.mentions.is_none() {
            return Ok(());
        }
        let mut left = objects(message.mentions);
        for mention in &mut left {
            let (id, login, name) = (text(mention, "_id"), text(mention, "username"), text(mention, "name"));
            if EVERYBODY.contains(&id) {
                mention.retain(|key, _| matches!(key.as_str(), "_id" | "username" | "type"));
                continue;
            }
            let person = self.people.meet(id, login, name);
            mention.retain(|key, value| match key.as_str() {
                "type" => matches!(value.as_str(), Some("user" | "team")),
                "_id" | "username" | "name" => value.is_string(),
                _ => false,
            });
            if self.people.keeps(person) {
                continue;
            }
            for (key, value) in mention.iter_mut().filter(|(_, value)| value.as_str() != Some("")) {
                match key.as_str() {
                    "_id" | "username" => *value = self.people.login(person).into(),
                    "name" => *value = self.people.name(person).into(),
                    _ => {}
                }
            }
        }
        message.mentions = Some(texts.keep_json(&left)?);
        Ok(())
    }

    pub(crate) fn file_names(&self, message: &Message<'_>) -> FileNames {
        let named = objects(message.files_json).into_iter();
        let first = message.file_json.and_then(|file| serde_json::from_str(file.get()).ok());
        let mut files: Vec<_> = named.collect();
        if files.is_empty() {
            files.extend(first);
        }
        FileNames::number(&files, &self.people)
    }

    pub(crate) fn files<'a>(
        &self,
        message: &mut Message<'a>,
        names: &FileNames,
        texts: &'a Texts,
    ) -> Result<()> {
        if self.files == Files::Drop {
            (message.file_json, message.files_json) = (None, None);
            message.files.clear();
            return Ok(());
        }
        if message.files_json.is_some() {
            let files = objects(message.files_json).into_iter().map(|file| names.rename(file, &self.people));
            message.files_json = Some(texts.keep_json(&files.collect::<Vec<_>>())?);
        }
        if let Some(file) = message.file_json {
            let file: Option<Map<String, Value>> = serde_json::from_str(file.get()).ok();
            let file = file.map(|file| names.rename(file, &self.people));
            message.file_json = file.map(|file| texts.keep_json(&file)).transpose()?;
        }
        for file in &mut message.files {
            file.name = names.get(&file.id, &file.name, &self.people).into();
        }
        Ok(())
    }

    /// What is known to name nobody stays; the rest may hold anything.
    pub(crate) fn extra<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) -> Result<()> {
        let mut left = Vec::new();
        for (key, raw) in std::mem::take(&mut message.extra) {
            let Ok(value) = serde_json::from_str::<Value>(raw.get()) else { continue };
            let stays = match (&*key, &value) {
                ("groupable" | "parseUrls" | "unread" | "private", Value::Bool(_))
                | ("dcount", Value::Number(_)) => true,
                ("dlm", Value::String(time)) => is_time(time),
                ("emoji", Value::String(emoji)) => is_emoji(emoji) && self.people.scrub(emoji).is_none(),
                ("role", Value::String(role)) => matches!(role.as_str(), "owner" | "moderator" | "leader"),
                ("alias", Value::String(name)) => {
                    let name = self.people.called(name);
                    left.push((key, texts.keep_json(&name)?));
                    continue;
                }
                ("drid", Value::String(room)) => {
                    left.push((key, texts.keep_json(&self.people.direct(room).as_deref().unwrap_or(room))?));
                    continue;
                }
                _ => false,
            };
            if stays {
                left.push((key, raw));
            }
        }
        message.extra = left;
        Ok(())
    }
}

/// The objects of a list; what is none could be anything.
pub(crate) fn objects(json: Option<&RawValue>) -> Vec<Map<String, Value>> {
    let items: Vec<Value> = json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default();
    items
        .into_iter()
        .filter_map(|item| if let Value::Object(item) = item { Some(item) } else { None })
        .collect()
}

/// `:bee:`
fn is_emoji(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '+');
    text.starts_with(':') && text.chars().all(plain)
}
