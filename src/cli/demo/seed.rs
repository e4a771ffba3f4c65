//! The example: people, a room, its messages and files, as they stand in `fixtures/demo`.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::app::App;
use crate::domain::user::Email;
use crate::domain::{Room, RoomId, RoomKind, Time, Upload, UploadId, User, UserId};
use crate::error::Error;
use crate::import::{self, Rules, Source};

const USERS: &str = include_str!("../../../fixtures/demo/users.json");
const ROOMS: &str = include_str!("../../../fixtures/demo/rooms.json");
const MESSAGES: &str = include_str!("../../../fixtures/demo/messages.ndjson");
const UPLOADS: &[(&str, &[u8])] = &[
    ("foghorn-test.wav", include_bytes!("../../../fixtures/demo/uploads/foghorn-test.wav")),
    ("running-order.pdf", include_bytes!("../../../fixtures/demo/uploads/running-order.pdf")),
    ("tour-rota.csv", include_bytes!("../../../fixtures/demo/uploads/tour-rota.csv")),
    ("tower-section.png", include_bytes!("../../../fixtures/demo/uploads/tower-section.png")),
];

#[derive(Deserialize)]
struct DemoUser {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    name: String,
    email: Option<String>,
}

#[derive(Deserialize)]
struct DemoRoom {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    topic: String,
    description: String,
}

#[derive(Deserialize)]
struct WithFiles {
    rid: String,
    ts: String,
    u: Reference,
    #[serde(default)]
    files: Vec<DemoFile>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Deserialize)]
struct DemoFile {
    #[serde(rename = "_id")]
    id: String,
    name: String,
    #[serde(rename = "type")]
    media_type: String,
}

/// Puts the example in; doing it again changes nothing. Answers the room.
pub(super) fn fill(app: &App) -> Result<RoomId> {
    let now = app.now();
    let users: Vec<DemoUser> = serde_json::from_str(USERS)?;
    let rooms: Vec<DemoRoom> = serde_json::from_str(ROOMS)?;
    let first = rooms.first().map(|room| RoomId::new(room.id.as_str())).context("no room")?;
    if app.store.room(&first)?.is_some() {
        return Ok(first);
    }
    app.store.write::<_, Error>(|batch| {
        for user in users {
            let mut account = User::new(UserId::new(user.id), user.username, now);
            account.name = Some(user.name);
            account.emails =
                user.email.map(|address| Email { address, verified: true }).into_iter().collect();
            batch.put_user(&account)?;
        }
        for room in rooms {
            let mut record = Room::new(RoomId::new(room.id), RoomKind::Channel, Some(room.name), None, now);
            record.topic = Some(room.topic);
            record.description = Some(room.description);
            batch.put_room(&record)?;
        }
        Ok(())
    })?;
    let address = format!("http://{}", app.config.server.listen);
    let messages = MESSAGES.replace("http://localhost:3000", &address);
    for line in messages.lines() {
        let message: WithFiles = serde_json::from_str(line)?;
        for file in message.files {
            put_upload(app, &message.rid, &message.u.id, &message.ts, file)?;
        }
    }
    let source = Source::stream(Cursor::new(messages.into_bytes()));
    import::import(&app.store, source, &Rules { join: true, ..Rules::default() }, now, &mut |_| {})?;
    Ok(first)
}

fn put_upload(app: &App, room: &str, user: &str, at: &str, file: DemoFile) -> Result<()> {
    let bytes = UPLOADS.iter().find(|(name, _)| *name == file.name).map(|(_, bytes)| *bytes);
    let bytes = bytes.with_context(|| format!("no file {}", file.name))?;
    let mut arriving = app.store.blobs().receive()?;
    arriving.write_all(bytes)?;
    app.store.write::<_, Error>(|batch| {
        let blob = app.store.blobs().keep(arriving)?;
        Ok(batch.put_upload(&Upload {
            id: UploadId::new(file.id),
            room: RoomId::new(room),
            user: UserId::new(user),
            name: file.name,
            media_type: file.media_type,
            size: blob.size,
            sha256: blob.sha256,
            uploaded: Time::parse(at).unwrap_or_default(),
            confirmed: true,
            description: String::new(),
        })?)
    })?;
    Ok(())
}
