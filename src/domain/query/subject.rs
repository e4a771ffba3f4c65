//! A message under question. What costs something to find out is found out once, when the first
//! term asks for it.

use std::cell::OnceCell;

use serde_json::Value;

use super::fold::fold;
use crate::domain::{Json, Message, Room};

pub(super) struct Subject<'a> {
    pub(super) message: &'a Message,
    pub(super) room: &'a Room,
    text: OnceCell<String>,
    mentioned: OnceCell<Vec<String>>,
    media_types: OnceCell<Vec<String>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(message: &'a Message, room: &'a Room) -> Self {
        let (text, mentioned, media_types) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { message, room, text, mentioned, media_types }
    }

    /// The text in lower case.
    pub(super) fn text(&self) -> &str {
        self.text.get_or_init(|| fold(&self.message.text))
    }

    /// Login names of those mentioned, in lower case.
    pub(super) fn mentioned(&self) -> &[String] {
        self.mentioned.get_or_init(|| {
            let people = members(&self.message.mentions);
            people.iter().filter_map(|person| person["username"].as_str().map(fold)).collect()
        })
    }

    /// The media types of the files, in lower case; thumbnails are no files of their own.
    pub(super) fn media_types(&self) -> &[String] {
        self.media_types.get_or_init(|| {
            let mut files = members(&self.message.files);
            if files.is_empty() && !self.message.file.is_none() {
                files.push(self.message.file.value());
            }
            files.retain(|file| file.is_object() && !text(file, "name").starts_with("thumb-"));
            files.iter().map(|file| fold(text(file, "type"))).collect()
        })
    }

    pub(super) fn begins_thread(&self) -> bool {
        self.message.replies.as_ref().is_some_and(|replies| replies.count > 0)
    }

    pub(super) fn has_link(&self) -> bool {
        let text = || ["http://", "https://"].iter().any(|scheme| self.text().contains(scheme));
        holds_any(&self.message.urls) || text()
    }
}

/// Whether a list has members, told without reading them.
pub(super) fn holds_any(list: &Json) -> bool {
    let text = list.as_str().trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    !inner.unwrap_or(text).trim().is_empty() && text != "null"
}

/// The members of a list; what is no list has none.
fn members(list: &Json) -> Vec<Value> {
    match if list.is_none() { Value::Null } else { list.value() } {
        Value::Array(members) => members,
        _ => Vec::new(),
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}
