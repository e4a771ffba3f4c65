//! The course of an export: days, messages and the threads that hang on them.

use std::io::Write;

use export_sdk::{Message, OpenThread, Output, Result, Room, RoomWriter, Scope, Summary};

use crate::about;
use crate::message::{Reply, message};
use crate::page::Page;

/// Writes the document of one export.
pub(crate) struct Writer {
    out: Box<dyn Write + Send>,
    page: Page,
    /// The day of the last heading, as `2024-03-15`.
    day: Option<String>,
    thread: OpenThread,
}

impl Writer {
    pub(crate) fn start(room: &Room<'_>, scope: &Scope<'_>, output: &mut dyn Output) -> Result<Self> {
        let out = output.create(&room.file_name("md")?, crate::MEDIA_TYPE)?;
        let mut page = Page::default();
        page.zone = scope.time_zone.clone();
        let mut writer = Self { out, page, day: None, thread: OpenThread::default() };
        about::head(&mut writer.page, room, scope);
        writer.flush()?;
        Ok(writer)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.page.write_to(&mut *self.out)?)
    }

    fn end_thread(&mut self) {
        let missing = self.thread.missing();
        if missing > 0 {
            self.page
                .tag("Replies to the thread above that are not part of this export: ")
                .show(missing)
                .end_block();
        }
    }

    fn heading(&mut self, given: &Message<'_>) {
        let day = self.page.day(given.sent_at).to_string();
        if self.day.as_ref() != Some(&day) {
            let heading = self.page.day(given.sent_at).strftime("%A, %-d %B %Y");
            self.page.tag("## ").show(heading).end_block();
            self.day = Some(day);
        }
    }
}

impl RoomWriter for Writer {
    fn write(&mut self, given: &Message<'_>) -> Result<()> {
        let reply = match given.thread {
            Some(_) if self.thread.takes(given) => Reply::InThread,
            Some(_) => Reply::Orphan,
            None => Reply::No,
        };
        if reply != Reply::InThread {
            self.end_thread();
            self.heading(given);
            self.thread.begin(given);
        }
        let own_day = self.day.as_ref() == Some(&self.page.day(given.sent_at).to_string());
        message(&mut self.page, given, reply, own_day);
        self.flush()
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        self.end_thread();
        about::totals(&mut self.page, summary);
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use export_sdk::Room;

    #[test]
    fn every_room_gets_a_portable_file_name() {
        let name = |room: &Room<'_>| room.file_name("md").expect("portable").to_string();
        let mut room = Room::new("r1", "general");
        assert_eq!(name(&room), "general.md");
        room.name = None;
        assert_eq!(name(&room), "r1.md");
        for hostile in export_sdk::conformance::HOSTILE_NAMES {
            let path = name(&Room::new("r1", hostile));
            assert!(path.strip_suffix(".md").is_some_and(|stem| !stem.is_empty()), "{path}");
        }
    }
}
