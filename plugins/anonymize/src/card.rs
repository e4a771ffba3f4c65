//! Quotes, file cards and cards of integrations.

use serde_json::{Map, Value};

use crate::file::{FileNames, is_upload, text, with_extension};
use crate::looks;
use crate::options::Files;
use crate::people::People;

/// What people read.
const TEXTS: [&str; 5] = ["text", "description", "pretext", "fallback", "title"];
const LINKS: [&str; 6] = ["title_link", "message_link", "thumb_url", "image_url", "audio_url", "video_url"];
/// Makes cards that name nobody.
pub(crate) struct Cards<'a> {
    pub(crate) people: &'a mut People,
    pub(crate) names: &'a FileNames,
    pub(crate) files: Files,
}

impl Cards<'_> {
    /// The same cards without what is no card.
    pub(crate) fn all(&mut self, cards: Vec<Value>) -> Vec<Value> {
        cards.into_iter().filter_map(|card| self.one(card)).collect()
    }

    fn one(&mut self, card: Value) -> Option<Value> {
        let Value::Object(card) = card else { return None };
        let uploads = LINKS.iter().any(|key| is_upload(text(&card, key))) || text(&card, "type") == "file";
        let title = uploads.then(|| self.file_name(&card));
        let mut left = Map::new();
        for (key, value) in card {
            let of_file = key == "title_link_download" || value.as_str().is_some_and(is_upload);
            if uploads && of_file && self.files == Files::Drop && !TEXTS.contains(&&*key) {
                continue;
            }
            let value = match (&*key, value) {
                ("author_name", Value::String(name)) => self.people.called(&name).into(),
                ("title", Value::String(name)) => title.clone().unwrap_or_else(|| self.scrubbed(name)).into(),
                (key, Value::String(link)) if LINKS.contains(&key) => {
                    self.names.link(&link, self.people).unwrap_or_else(|| self.scrubbed(link)).into()
                }
                (key, Value::String(text)) if TEXTS.contains(&key) => self.scrubbed(text).into(),
                ("fields", Value::Array(fields)) => {
                    fields.into_iter().filter_map(|field| self.field(field)).collect()
                }
                ("attachments", Value::Array(cards)) => self.all(cards).into(),
                ("image_dimensions", Value::Object(mut sizes)) => {
                    sizes.retain(|_, size| size.is_number());
                    sizes.into()
                }
                (_, Value::Array(_) | Value::Object(_)) => continue,
                (key, value) if looks::of_card(key, &value, self.people) => value,
                _ => continue,
            };
            left.insert(key, value);
        }
        Some(Value::Object(left))
    }

    fn field(&self, field: Value) -> Option<Value> {
        let Value::Object(mut field) = field else { return None };
        field.retain(|key, value| match key.as_str() {
            "short" => value.is_boolean(),
            "title" | "value" => !(value.is_array() || value.is_object()),
            _ => false,
        });
        for (_, value) in &mut field {
            if let Value::String(text) = value {
                *text = self.scrubbed(std::mem::take(text));
            }
        }
        Some(Value::Object(field))
    }

    fn file_name(&self, card: &Map<String, Value>) -> String {
        let links = LINKS.iter().map(|key| text(card, key));
        let link = links.into_iter().find_map(|link| self.names.link(link, self.people));
        let name = link.as_deref().and_then(|link| link.rsplit('/').next()).map(str::to_owned);
        name.unwrap_or_else(|| with_extension("file", text(card, "title"), self.people))
    }

    fn scrubbed(&self, text: String) -> String {
        self.people.scrub(&text).unwrap_or(text)
    }
}
