//! The format `lines`: one line of text for each message.

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Message, NoOptions, Output, Registry, Result, Room, RoomWriter, Scope,
    Settings, Summary, each_room,
};

/// Adds the format.
pub fn register(registry: &mut Registry, _: &Settings) -> Result<()> {
    registry.add_format(Lines)
}

struct Lines;

impl ExportFormat for Lines {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "lines"
    }

    fn media_type(&self) -> &'static str {
        "text/plain"
    }

    fn extension(&self) -> &'static str {
        "txt"
    }

    fn describe(&self) -> &'static str {
        "One line of text for each message"
    }

    fn start<'run>(
        &'run self,
        _: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, begin))
    }
}

fn begin(room: &Room<'_>, _: &Scope<'_>, output: &mut dyn Output) -> Result<LinesWriter> {
    let mut file = output.create(&room.file_name("txt")?, "text/plain")?;
    writeln!(file, "# {}", one_line(&room.title))?;
    Ok(LinesWriter(file))
}

struct LinesWriter(Box<dyn Write + Send>);

impl RoomWriter for LinesWriter {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        let text = export_sdk::system_text(message).unwrap_or_else(|| message.text.into());
        writeln!(self.0, "{} {}: {}", message.sent_at, one_line(message.author.username), one_line(&text))?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        writeln!(self.0, "# {} messages", summary.messages)?;
        Ok(())
    }
}

/// Texts are hostile: a line break must not make a second line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_keeps_the_contract() {
        export_sdk::conformance::format(super::register, "lines");
    }
}
