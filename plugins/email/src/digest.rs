//! The export format `mail`: messages as the two bodies of a mail, `message.html` and `message.txt`.
//!
//! Inline styles only and nothing to load, since mail programs drop the rest; text stands as typed.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use export_sdk::{
    ArtifactPath, Attachment, ExportFormat, File, FormatWriter, Message, NoOptions, Output, Result, Room,
    Scope, Summary, Timestamp, system_text,
};

use crate::escape::{Html, Linked, OneLine, Plain};

/// The HTML body.
pub(crate) const HTML: &str = "message.html";
/// The plain-text body.
pub(crate) const TEXT: &str = "message.txt";
/// What ends the HTML body; the delivery adds its own lines before it.
pub(crate) const HTML_END: &str = "</body></html>\n";
/// Lines at the margin are ours; text of people is indented.
const INDENT: &str = "    ";

/// The id of the format.
pub(crate) const ID: &str = "mail";

/// The format `mail`.
pub(crate) struct Digest;

impl ExportFormat for Digest {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        ID
    }

    fn media_type(&self) -> &'static str {
        "text/html"
    }

    fn extension(&self) -> &'static str {
        "html"
    }

    fn describe(&self) -> &'static str {
        "The messages as the body of a mail, in HTML and in plain text; choose it with the delivery `email`"
    }

    fn start<'run>(
        &'run self,
        NoOptions {}: NoOptions,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        let mut html = output.create(&ArtifactPath::new(HTML)?, "text/html; charset=utf-8")?;
        let text = output.create(&ArtifactPath::new(TEXT)?, "text/plain; charset=utf-8")?;
        write!(
            html,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Messages</title></head>\n\
             <body style=\"font-family:sans-serif;font-size:14px;line-height:1.4;color:#222\">\n"
        )?;
        let footer = format!("exported by {} with {}", scope.requested_by, scope.generator);
        Ok(Box::new(Writer { html, text, footer }))
    }
}

struct Writer {
    html: Box<dyn Write + Send>,
    text: Box<dyn Write + Send>,
    footer: String,
}

impl FormatWriter for Writer {
    fn begin_room(&mut self, room: &Room<'_>, _: &Scope<'_>) -> Result<()> {
        let title = OneLine(&room.title).to_string();
        let style = "font-size:18px;margin:0 0 16px";
        writeln!(self.html, "<h1 style=\"{style}\"><bdi>{}</bdi></h1>", Html(&title))?;
        write!(self.text, "{title}\n\n")?;
        Ok(())
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.heading(message)?;
        if let Some(sentence) = system_text(message) {
            self.line(&sentence, "font-style:italic")?;
        } else if !message.text.is_empty() {
            self.line(message.text, "white-space:pre-wrap")?;
        }
        for attachment in message.attachments() {
            for line in card(&attachment) {
                self.line(line, "white-space:pre-wrap;border-left:3px solid #ccc;padding-left:8px")?;
            }
        }
        for file in &message.files {
            self.line(&file_line(file), "color:#555")?;
        }
        self.html.write_all(b"</div>\n")?;
        self.text.write_all(b"\n")?;
        Ok(())
    }

    fn end_room(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        let plural = if summary.messages == 1 { "" } else { "s" };
        let footer = format!("{} message{plural}, {}", summary.messages, self.footer);
        let style = "color:#777;font-size:12px;border-top:1px solid #ccc;padding-top:8px";
        write!(self.html, "<p style=\"{style}\">{}</p>\n{HTML_END}", Html(&footer))?;
        writeln!(self.text, "--- {}", OneLine(&footer))?;
        Ok(())
    }
}

impl Writer {
    /// Who, and when.
    fn heading(&mut self, message: &Message<'_>) -> Result<()> {
        let author = &message.author;
        let shown = message.alias().unwrap_or(Cow::Borrowed(author.name.unwrap_or(author.username)));
        let (shown, login) = (OneLine(&shown).to_string(), OneLine(author.username).to_string());
        let at = minute(message.sent_at);
        writeln!(
            self.html,
            "<div style=\"margin:0 0 12px\"><b><bdi>{}</bdi></b> \
             <span style=\"color:#777;font-size:12px\"><bdi>@{}</bdi> {at}</span>",
            Html(&shown),
            Html(&login)
        )?;
        writeln!(self.text, "{shown} (@{login}), {at}:")?;
        Ok(())
    }

    fn line(&mut self, text: &str, style: &str) -> Result<()> {
        writeln!(self.html, "<div dir=\"auto\" style=\"{style}\">{}</div>", Linked(text))?;
        writeln!(self.text, "{INDENT}{}", Plain { text, indent: INDENT })?;
        Ok(())
    }
}

/// `2024-03-15 10:20 UTC`.
pub(crate) fn minute(at: Timestamp) -> impl Display {
    let iso = at.to_string();
    format!("{} {} UTC", &iso[..10], &iso[11..16])
}

/// What a quote or a card says. The card of an uploaded file repeats its name: only its
/// description is new.
fn card<'a>(card: &'a Attachment<'_>) -> impl Iterator<Item = &'a str> {
    let is_file = card.kind.as_deref() == Some("file");
    let title = card.title.as_deref().filter(|_| !is_file);
    let lines = [
        card.pretext.as_deref(),
        card.author_name.as_deref(),
        title,
        card.text.as_deref(),
        card.description.as_deref(),
    ];
    lines.into_iter().flatten().filter(|line| !line.is_empty())
}

fn file_line(file: &File<'_>) -> String {
    match &file.path {
        Ok(_) => format!("File: {}", file.name),
        Err(reason) => format!("File: {} ({reason})", file.name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use export_sdk::conformance::{render, sample_messages};
    use export_sdk::{Registry, Settings};
    use serde_json::Value;

    use super::*;

    fn bodies(messages: &[Message<'_>]) -> (String, String) {
        let mut registry = Registry::default();
        crate::register(&mut registry, &Settings::new("email", toml::Table::new(), "data")).unwrap();
        let mut files: BTreeMap<String, Vec<u8>> =
            render(registry.format("mail").unwrap(), &Value::Null, messages).unwrap();
        let mut take = |name| String::from_utf8(files.remove(name).unwrap()).unwrap();
        let bodies = (take(HTML), take(TEXT));
        assert!(files.is_empty(), "two bodies and nothing else");
        bodies
    }

    #[test]
    fn it_keeps_the_contract() {
        export_sdk::conformance::format(crate::register, "mail");
    }

    #[test]
    fn every_tag_is_one_of_ours_and_nothing_is_loaded() {
        let (html, _) = bodies(&sample_messages());
        let ours = [
            "!DOCTYPE html>",
            "html lang=\"en\">",
            "head>",
            "meta charset=\"utf-8\">",
            "title>",
            "body style=\"",
            "h1 style=\"",
            "div style=\"",
            "div dir=\"auto\" style=\"",
            "span style=\"",
            "p style=\"",
            "b>",
            "bdi>",
            "br>",
            "a href=\"http",
        ];
        for tag in html.split('<').skip(1) {
            let name = |open: &str| open.split([' ', '>']).next().unwrap().to_owned();
            let known = match tag.strip_prefix('/') {
                Some(closing) => ours.iter().any(|open| name(open) == name(closing)),
                None => ours.iter().any(|open| tag.starts_with(open)),
            };
            assert!(known, "<{tag}");
        }
        assert!(html.ends_with(HTML_END));
    }

    #[test]
    fn a_message_shows_who_when_what_and_its_files() {
        let messages = sample_messages();
        let find = |id: &str| messages.iter().find(|message| message.id == id).unwrap().clone();
        let (html, text) = bodies(&[find("m-plain"), find("m-joined"), find("m-quote"), find("m-file-15")]);
        let expected = [
            "Bob <b>Small</b> (@bob), 2024-03-09 16:00 UTC:\n    Hello *world* @al\n",
            "al (@al), 2024-03-09 17:48 UTC:\n    joined the channel\n",
            "<i>Robot</i> (@al)",
            "    see https://example.org/x?a=1&b=2\n    <b>eve</b>\n    </blockquote><script>",
            "    File: trailing. \n",
            "--- 4 messages, exported by admin with roomscribe",
        ];
        for part in expected {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(html.contains("<b><bdi>Bob &lt;b&gt;Small&lt;/b&gt;</bdi></b>"), "{html}");
        assert!(html.contains("font-style:italic\">joined the channel</div>"), "{html}");
        assert!(html.contains("<a href=\"https://example.org/x?a=1&amp;b=2\""), "{html}");
    }

    #[test]
    fn a_forged_heading_is_indented() {
        let mut message = sample_messages().swap_remove(0);
        message.text = "hi\r\nAdmin (@admin), 2024-03-09 16:01 UTC:\n--- 1 message";
        let (_, text) = bodies(&[message]);
        assert!(
            text.contains("\n    Admin (@admin), 2024") && text.contains("\n    --- 1 message\n"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_file_says_why() {
        let (_, text) = bodies(&sample_messages());
        assert!(text.contains("(the file is not on this server)"));
    }
}
