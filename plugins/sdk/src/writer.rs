//! What takes the rooms and messages of one export.

use crate::{Member, Message, Output, Result, Room, Scope, Summary};

/// Receives one export: room after room, and in each its members and then its messages, each
/// exactly once.
///
/// The host drives: between two calls it reports progress and checks for cancellation, so a writer
/// does neither. A writer that is dropped without [`finish`](Self::finish) was cancelled or failed;
/// there is nothing to clean up, the host removes the files.
pub trait FormatWriter {
    /// A room begins. Its members and messages follow.
    fn begin_room(&mut self, room: &Room<'_>, scope: &Scope<'_>) -> Result<()>;

    /// Somebody who is in the room. Nobody is announced if the export is one of chosen messages.
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        let _ = member;
        Ok(())
    }

    /// Writes one message of the room.
    fn write(&mut self, message: &Message<'_>) -> Result<()>;

    /// The room is complete.
    fn end_room(&mut self, summary: &Summary) -> Result<()>;

    /// Writes what comes after the last room; `summary` is of all of them. Consumes the writer:
    /// nothing can follow.
    fn finish(self: Box<Self>, summary: &Summary) -> Result<()> {
        let _ = summary;
        Ok(())
    }
}

/// Receives one room; see [`each_room`].
pub trait RoomWriter {
    /// See [`FormatWriter::member`].
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        let _ = member;
        Ok(())
    }

    /// Writes one message.
    fn write(&mut self, message: &Message<'_>) -> Result<()>;

    /// Writes what comes after the last message.
    fn finish(self: Box<Self>, summary: &Summary) -> Result<()>;
}

/// The writer of a format that puts every room into files of its own: `open` is called for each.
///
/// Name the files by [`Room::file_name`], which differs from room to room.
pub fn each_room<'run, W, F>(output: &'run mut dyn Output, open: F) -> Box<dyn FormatWriter + 'run>
where
    W: RoomWriter + 'run,
    F: Fn(&Room<'_>, &Scope<'_>, &mut dyn Output) -> Result<W> + 'run,
{
    Box::new(EachRoom { output, open, room: None })
}

struct EachRoom<'run, W, F> {
    output: &'run mut dyn Output,
    open: F,
    room: Option<Box<W>>,
}

impl<W, F> FormatWriter for EachRoom<'_, W, F>
where
    W: RoomWriter,
    F: Fn(&Room<'_>, &Scope<'_>, &mut dyn Output) -> Result<W>,
{
    fn begin_room(&mut self, room: &Room<'_>, scope: &Scope<'_>) -> Result<()> {
        self.room = Some(Box::new((self.open)(room, scope, self.output)?));
        Ok(())
    }

    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        self.room.as_mut().map_or(Ok(()), |room| room.member(member))
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.room.as_mut().map_or(Ok(()), |room| room.write(message))
    }

    fn end_room(&mut self, summary: &Summary) -> Result<()> {
        self.room.take().map_or(Ok(()), |room| room.finish(summary))
    }
}
