//! Which parts of rooms and messages are blacked out.
//!
//! Everything that people wrote, and what the server took from it. Ids, login names, times and the
//! keys of objects stay: they hold the export together.

use std::borrow::Cow;

use export_sdk::{Member, Message, Result, Room, Scope, Texts, Transformer, Verdict, map_strings};
use serde_json::value::RawValue;

use crate::redactor::Redactor;

/// Values of these keys are no text: files are found by `_id`, cards are told apart by `type`, and a
/// preview is a picture.
const NO_TEXT: [&str; 3] = ["_id", "type", "image_preview"];

/// Blacks out the rooms and messages of one export.
pub(crate) struct Blackout {
    pub(crate) redactor: Redactor,
}

impl Transformer for Blackout {
    fn room<'a>(&mut self, room: &mut Room<'a>, _: &Scope<'_>, texts: &'a Texts) -> Result<()> {
        self.maybe(&mut room.name, texts);
        self.owned(&mut room.title);
        for text in [&mut room.topic, &mut room.description, &mut room.announcement] {
            self.text(text, texts);
        }
        Ok(())
    }

    fn member<'a>(&mut self, member: &mut Member<'a>, texts: &'a Texts) -> Result<Verdict> {
        self.maybe(&mut member.name, texts);
        Ok(Verdict::Keep)
    }

    fn message<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) -> Result<Verdict> {
        self.text(&mut message.text, texts);
        self.maybe(&mut message.author.name, texts);
        for name in message.reactions.iter_mut().flat_map(|reaction| &mut reaction.names) {
            self.text(name, texts);
        }
        for file in &mut message.files {
            self.owned(&mut file.name);
        }
        let lists = [
            &mut message.channels,
            &mut message.urls,
            &mut message.attachments,
            &mut message.file_json,
            &mut message.files_json,
        ];
        for json in lists.into_iter().flatten() {
            *json = self.json(json, &NO_TEXT, texts)?;
        }
        if let Some(mentions) = &mut message.mentions {
            *mentions = self.json(mentions, &["_id", "type", "username"], texts)?;
        }
        for (_, value) in &mut message.extra {
            *value = self.json(value, &[], texts)?;
        }
        Ok(Verdict::Keep)
    }
}

impl Blackout {
    fn text<'a>(&self, text: &mut &'a str, texts: &'a Texts) {
        if let Some(redacted) = self.redactor.redact(text) {
            *text = texts.keep(redacted);
        }
    }

    fn maybe<'a>(&self, text: &mut Option<&'a str>, texts: &'a Texts) {
        if let Some(text) = text {
            self.text(text, texts);
        }
    }

    fn owned(&self, text: &mut Cow<'_, str>) {
        if let Some(redacted) = self.redactor.redact(text) {
            *text = Cow::Owned(redacted);
        }
    }

    fn json<'a>(&self, json: &'a RawValue, but: &[&str], texts: &'a Texts) -> Result<&'a RawValue> {
        map_strings(
            json,
            texts,
            |key, text| {
                if but.contains(&key) { None } else { self.redactor.redact(text) }
            },
        )
    }
}
