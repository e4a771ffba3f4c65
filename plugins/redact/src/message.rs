//! Which parts of rooms and messages are blacked out.
//!
//! Everything that people wrote, and what the server took from it. Ids, login names, times and the
//! keys that formats know stay: they hold the export together.

use std::borrow::Cow;

use export_sdk::{
    Member, Message, Result, Room, Scope, Texts, Transformer, Verdict, map_keys_and_strings, rename_reactions,
};
use serde_json::value::RawValue;

use crate::redactor::Redactor;

/// What cards, files and links are told apart by.
const KINDS: [&str; 3] = ["file", "user", "team"];
/// The keys that formats look for. Every other key is a text.
const KEYS: [&str; 50] = [
    "$date",
    "_id",
    "actions",
    "alias",
    "attachments",
    "audio_size",
    "audio_type",
    "audio_url",
    "author_icon",
    "author_link",
    "author_name",
    "avatar",
    "collapsed",
    "color",
    "customFields",
    "dcount",
    "description",
    "dlm",
    "drid",
    "emoji",
    "fallback",
    "fields",
    "fname",
    "format",
    "groupable",
    "headers",
    "ignoreParse",
    "image_dimensions",
    "image_preview",
    "image_size",
    "image_type",
    "image_url",
    "meta",
    "message_link",
    "name",
    "parsedUrl",
    "pretext",
    "short",
    "size",
    "text",
    "thumb_url",
    "title",
    "title_link",
    "ts",
    "type",
    "url",
    "title_link_download",
    "video_size",
    "video_type",
    "video_url",
];

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
        rename_reactions(&mut message.reactions, texts, |emoji| self.redactor.redact(emoji));
        for json in [&mut message.urls, &mut message.attachments].into_iter().flatten() {
            *json = self.json(json, &[], texts)?;
        }
        let by_id = [&mut message.channels, &mut message.file_json, &mut message.files_json];
        for json in by_id.into_iter().flatten() {
            *json = self.json(json, &["_id"], texts)?;
        }
        if let Some(mentions) = &mut message.mentions {
            *mentions = self.json(mentions, &["_id", "username"], texts)?;
        }
        for (key, value) in &mut message.extra {
            if let Some(redacted) = self.key(key) {
                *key = Cow::Owned(redacted);
            }
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
        map_keys_and_strings(
            json,
            texts,
            |key| self.key(key),
            |key, text| {
                let stays = but.contains(&key) || (key == "type" && KINDS.contains(&text));
                if stays { None } else { self.redactor.redact(text) }
            },
        )
    }

    fn key(&self, key: &str) -> Option<String> {
        if KEYS.contains(&key) { None } else { self.redactor.redact(key) }
    }
}
