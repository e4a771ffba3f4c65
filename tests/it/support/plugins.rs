//! Plug-ins for tests: formats that write nothing but the ids of messages, one for each order.

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Message, NoOptions, Order, Output, Registry, Result, Room, RoomWriter, Scope,
    Summary, each_room,
};

/// Adds the formats `by-time` and `by-threads`.
pub(crate) fn ids(registry: &mut Registry) {
    registry.add_format(Ids("by-time", Order::Time)).expect("new");
    registry.add_format(Ids("by-threads", Order::Threads)).expect("new");
}

struct Ids(&'static str, Order);

impl ExportFormat for Ids {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        self.0
    }

    fn media_type(&self) -> &'static str {
        "text/plain"
    }

    fn extension(&self) -> &'static str {
        "ids"
    }

    fn describe(&self) -> &'static str {
        "The ids of the messages"
    }

    fn order(&self) -> Order {
        self.1
    }

    fn start<'run>(
        &'run self,
        _: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, |room: &Room<'_>, _: &Scope<'_>, output: &mut dyn Output| {
            Ok(Lines(output.create(&room.file_name("ids")?, "text/plain")?))
        }))
    }
}

struct Lines(Box<dyn Write + Send>);

impl RoomWriter for Lines {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        writeln!(self.0, "{}", message.id)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        writeln!(self.0, "{} in all", summary.messages)?;
        Ok(())
    }
}
