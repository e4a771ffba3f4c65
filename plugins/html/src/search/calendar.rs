//! Where the days of a room begin: what "go to a date" needs, written as the days pass.

use export_sdk::{Output, Result};

use super::script::{self, Script};

/// Bytes after which a file is followed by the next.
const FILE: u64 = 100_000;

/// The day that is being counted.
struct Day {
    room: u64,
    number: i64,
    page: String,
    anchor: String,
    messages: u64,
}

/// The days of all rooms, in the order of the rooms.
#[derive(Default)]
pub(super) struct Calendar {
    file: Option<Script>,
    files: u64,
    day: Option<Day>,
    /// The room and page of the days last written.
    written: Option<(u64, String)>,
}

impl Calendar {
    /// Begins a room. Returns the file that its days begin in, or the one before that.
    pub(super) fn begin_room(&mut self, output: &mut dyn Output) -> Result<u64> {
        self.write(output)?;
        Ok(self.files)
    }

    /// Counts a message under the heading of its day. Days that go back count as the one before.
    pub(super) fn add(
        &mut self,
        output: &mut dyn Output,
        room: u64,
        number: i64,
        page: &str,
        anchor: &str,
    ) -> Result<()> {
        if let Some(day) = self.day.as_mut().filter(|day| day.room == room && day.number >= number) {
            day.messages += 1;
            return Ok(());
        }
        self.write(output)?;
        self.day = Some(Day { room, number, page: page.to_owned(), anchor: anchor.to_owned(), messages: 1 });
        Ok(())
    }

    /// Writes what is left. Returns how many files there are.
    pub(super) fn finish(mut self, output: &mut dyn Output) -> Result<u64> {
        self.write(output)?;
        self.file.map_or(Ok(()), end)?;
        Ok(self.files)
    }

    fn write(&mut self, output: &mut dyn Output) -> Result<()> {
        let Some(day) = self.day.take() else { return Ok(()) };
        if let Some(full) = self.file.take_if(|file| file.size >= FILE) {
            end(full)?;
            self.written = None;
        }
        let mut code = Vec::new();
        if self.file.is_none() {
            self.files += 1;
            self.file = Some(Script::create(output, &script::name('c', self.files))?);
            code.push(b'[');
        }
        if let Some((room, page)) = &self.written
            && *room == day.room
            && *page == day.page
        {
            code.push(b',');
        } else {
            code.extend(if self.written.is_some() { "]],\n[" } else { "[" }.as_bytes());
            code.extend(format!("{},", day.room).as_bytes());
            script::quote(&mut code, &day.page);
            code.extend(b",[");
        }
        code.extend(format!("{},", day.number).as_bytes());
        script::quote(&mut code, &day.anchor);
        code.extend(format!(",{}", day.messages).as_bytes());
        self.written = Some((day.room, day.page));
        self.file.as_mut().map_or(Ok(()), |file| file.write(&code))
    }
}

fn end(mut file: Script) -> Result<()> {
    file.write(b"]]]")?;
    file.close()
}
