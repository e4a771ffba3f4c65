//! Pages of rooms in any order: a light pass over short entries decides which rooms are read.

use serde_json::{Value, json};

use super::page::Page;
use super::rows::TopRows;
use crate::app::App;
use crate::domain::directory::RoomEntry;
use crate::domain::{Room, RoomId};
use crate::error::Result;
use crate::store::directory::ListedRoom;

/// Gathers the rooms of a page.
pub struct RoomPage<'a> {
    app: &'a App,
    rows: TopRows,
    /// Whether the order depends on what happens in the rooms.
    by_activity: bool,
}

impl<'a> RoomPage<'a> {
    /// Rooms by these fields of their wire shape, in the end by name.
    pub fn new(app: &'a App, page: Page, mut sort: Vec<(String, bool)>) -> Self {
        let by_activity = sort
            .iter()
            .any(|(field, _)| matches!(field.as_str(), "usersCount" | "msgs" | "lm" | "lastMessage"));
        if sort.iter().all(|(field, _)| field != "name") {
            sort.push(("name".to_owned(), true));
        }
        Self { app, rows: TopRows::new(page, sort), by_activity }
    }

    /// Takes a room into account.
    pub fn offer(&mut self, room: &ListedRoom) -> Result<()> {
        let ListedRoom { id, kind, name, entry } = room;
        let mut row = json!({
            "_id": id.as_str(),
            "t": kind.letter(),
            "name": name,
            "fname": entry.display_name.as_ref().unwrap_or(name),
            "ts": entry.created.millis(),
            "createdAt": entry.created.millis(),
            "default": entry.is_default,
            "featured": entry.is_featured,
            "usernames": entry.usernames,
        });
        if self.by_activity {
            let activity = self.app.store.activity(id)?;
            let last = activity.last_at.map_or(i64::MIN, crate::domain::Time::millis);
            row["usersCount"] = activity.members.into();
            row["msgs"] = activity.messages.into();
            row["lm"] = last.into();
            row["lastMessage"] = last.into();
        }
        self.rows.offer(row);
        Ok(())
    }

    /// The same for a room that was read in full.
    pub fn offer_room(&mut self, room: &Room) -> Result<()> {
        let name = room.name.clone().unwrap_or_default();
        self.offer(&ListedRoom { id: room.id.clone(), kind: room.kind, name, entry: RoomEntry::of(room) })
    }

    /// The rooms of the page, and how many were offered.
    pub fn finish(self) -> Result<(Vec<Room>, usize)> {
        let (rows, total) = self.rows.page();
        let ids = rows.iter().filter_map(|row: &Value| row["_id"].as_str());
        Ok((read(self.app, ids.map(RoomId::new))?, total))
    }
}

/// The rooms of these ids.
pub fn read(app: &App, ids: impl IntoIterator<Item = RoomId>) -> Result<Vec<Room>> {
    let mut rooms = Vec::new();
    for id in ids {
        rooms.extend(app.store.room(&id)?);
    }
    Ok(rooms)
}
