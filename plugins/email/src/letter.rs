//! The mail that goes with an export as a file: what it is, how to get it, how to check it.
//!
//! Both bodies are made of the same lines, and every line passes the escaping of its body: titles and
//! names are hostile.

use std::fmt::Write;

use export_sdk::{Artifact, DownloadLink, Export};

use crate::bodies::size;
use crate::digest::minute;
use crate::escape::{Html, Linked, OneLine};

/// How a recipient gets the file.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// It is part of the mail.
    Attached,
    /// By a link of their own.
    Link(DownloadLink),
    /// From whoever asked for the export, who fetches it there.
    Owner(Option<String>),
}

/// The two bodies.
pub(crate) struct Letter {
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A line, as it was typed or named.
enum Line {
    Words(String),
    Address(String),
    Command(String),
}

impl Letter {
    /// The letter about the one file of an export.
    pub(crate) fn new(export: &Export, artifact: &Artifact, access: &Access) -> Self {
        let paragraphs = [about(export), file(artifact), way(export, access), check(export)];
        Self { text: text(&paragraphs), html: html(&paragraphs) }
    }
}

fn about(export: &Export) -> Vec<Line> {
    let plural = if export.messages == 1 { "" } else { "s" };
    let formats = match export.formats.as_slice() {
        [] => String::new(),
        formats => format!(", as {}", formats.join(", ")),
    };
    let mut lines = vec![Line::Words(format!(
        "Export of {}: {} message{plural}{formats}.",
        export.room, export.messages
    ))];
    if !export.requested_by.is_empty() {
        lines.push(Line::Words(format!("Exported by @{}.", export.requested_by)));
    }
    lines
}

fn file(artifact: &Artifact) -> Vec<Line> {
    let mut sha256 = "SHA-256: ".to_owned();
    for byte in artifact.sha256 {
        write!(sha256, "{byte:02x}").expect("a String takes everything");
    }
    let name = artifact.path.as_str();
    vec![Line::Words(format!("File: {name} ({})", size(artifact.size))), Line::Words(sha256)]
}

fn way(export: &Export, access: &Access) -> Vec<Line> {
    let owner = match export.requested_by.as_str() {
        "" => "whoever asked for it".to_owned(),
        name => format!("@{name}"),
    };
    match access {
        Access::Attached => vec![Line::Words("It is attached to this mail.".to_owned())],
        Access::Link(link) => vec![
            Line::Words(format!("Fetch it until {}; no login is needed:", minute(link.expires))),
            Line::Address(link.url.clone()),
            Line::Words(format!(
                "The link opens once and for whoever has it, so do not pass it on. If the download breaks \
                 off, ask {owner} for another."
            )),
        ],
        Access::Owner(page) => {
            let end = if page.is_some() { ":" } else { "." };
            let mut lines = vec![
                Line::Words("It is not attached, and this server gives out no links.".to_owned()),
                Line::Words(format!("After a login it can be fetched by {owner}{end}")),
            ];
            lines.extend(page.clone().map(Line::Address));
            lines
        }
    }
}

fn check(export: &Export) -> Vec<Line> {
    // Not the file's name: whoever pastes this into a shell must not run what somebody is called.
    let (reason, key) = match &export.signed_by {
        Some(key) => ("To see that it is whole and comes from this server:", format!(" --key {key}")),
        None => ("To see that it is whole:", String::new()),
    };
    vec![Line::Words(reason.to_owned()), Line::Command(format!("roomscribe verify FILE{key}"))]
}

fn text(paragraphs: &[Vec<Line>]) -> String {
    let line = |line: &Line| match line {
        Line::Words(text) | Line::Address(text) => OneLine(text).to_string(),
        Line::Command(text) => format!("    {}", OneLine(text)),
    };
    let paragraph = |lines: &Vec<Line>| lines.iter().map(line).collect::<Vec<_>>().join("\n");
    paragraphs.iter().map(paragraph).collect::<Vec<_>>().join("\n\n") + "\n"
}

fn html(paragraphs: &[Vec<Line>]) -> String {
    let line = |line: &Line| match line {
        Line::Words(text) => Html(&OneLine(text).to_string()).to_string(),
        Line::Address(text) => Linked(&OneLine(text).to_string()).to_string(),
        Line::Command(text) => format!("<code>{}</code>", Html(&OneLine(text).to_string())),
    };
    let paragraph = |lines: &Vec<Line>| {
        format!("<p dir=\"auto\">{}</p>\n", lines.iter().map(line).collect::<Vec<_>>().join("<br>\n"))
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Export</title></head>\n\
         <body style=\"font-family:sans-serif;font-size:14px;line-height:1.4;color:#222\">\n{}</body></html>\n",
        paragraphs.iter().map(paragraph).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use export_sdk::conformance::HOSTILE_TEXTS;
    use export_sdk::{ArtifactPath, Timestamp};

    use super::*;

    fn export(room: &str) -> Export {
        let mut export = Export::new("job", room, 2);
        export.formats = vec!["html".to_owned(), "json".to_owned()];
        export.requested_by = "bob".to_owned();
        export.signed_by = Some("a1".repeat(32));
        export.artifacts.push(Artifact {
            path: ArtifactPath::new("2024-03-15-Bob & co-job.zip").unwrap(),
            media_type: "application/zip".to_owned(),
            size: 1500,
            sha256: [0xab; 32],
            file: PathBuf::from("zip"),
        });
        export
    }

    fn letter(export: &Export, access: &Access) -> Letter {
        Letter::new(export, &export.artifacts[0], access)
    }

    fn link() -> Access {
        let url = "https://chat.example/data-export/job?link=a_b-8".to_owned();
        Access::Link(DownloadLink { url, expires: Timestamp::from_millis(1_710_498_030_123) })
    }

    #[test]
    fn the_letter_says_what_it_is_how_to_get_it_and_how_to_check_it() {
        let Letter { text, html } = letter(&export("general"), &link());
        let expected = format!(
            "Export of general: 2 messages, as html, json.\nExported by @bob.\n\n\
             File: 2024-03-15-Bob & co-job.zip (2 kB)\nSHA-256: {}\n\n\
             Fetch it until 2024-03-15 10:20 UTC; no login is needed:\n\
             https://chat.example/data-export/job?link=a_b-8\n\
             The link opens once and for whoever has it, so do not pass it on. If the download breaks off, ask \
             @bob for another.\n\n\
             To see that it is whole and comes from this server:\n    roomscribe verify FILE --key {}\n",
            "ab".repeat(32),
            "a1".repeat(32)
        );
        assert_eq!(text, expected);
        let address = "<a href=\"https://chat.example/data-export/job?link=a_b-8\" rel=\"noopener noreferrer\">\
                       https://chat.example/data-export/job?link=a_b-8</a>";
        for part in [address, "Bob &amp; co", "<code>roomscribe verify FILE --key a1a1"] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn what_nobody_says_is_left_out() {
        let mut export = export("general");
        (export.requested_by, export.signed_by, export.formats) = (String::new(), None, Vec::new());
        let text = letter(&export, &Access::Owner(None)).text;
        assert!(text.starts_with("Export of general: 2 messages.\n\nFile: "), "{text}");
        assert!(text.contains("\nAfter a login it can be fetched by whoever asked for it.\n"), "{text}");
        assert!(text.ends_with("To see that it is whole:\n    roomscribe verify FILE\n"), "{text}");
        let page = Access::Owner(Some("https://chat.example/data-export/job".to_owned()));
        assert!(
            letter(&export, &page)
                .text
                .contains("by whoever asked for it:\nhttps://chat.example/data-export/job\n")
        );
    }

    #[test]
    fn no_title_adds_a_line_or_a_tag() {
        let harmless = letter(&export("general"), &link());
        let tags = |html: &str| html.matches('<').count();
        for title in HOSTILE_TEXTS {
            let Letter { text, html } = letter(&export(title), &link());
            assert_eq!(text.lines().count(), harmless.text.lines().count(), "{title:?} became {text:?}");
            assert_eq!(tags(&html), tags(&harmless.html), "{title:?} became {html:?}");
        }
    }
}
