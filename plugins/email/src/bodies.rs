//! Puts one mail together from an export in the format `mail`: what is the body, what is attached,
//! what is only named.

use std::fmt::Write;
use std::fs;

use export_sdk::{Artifact, Export, MailFile, Result};

use crate::digest::{HTML, HTML_END, TEXT};
use crate::escape::{Html, OneLine};

/// A larger body is a file: no mail program likes to scroll through it.
const LONGEST_BODY: u64 = 1 << 20;
/// More files make a mail that some servers refuse, however small they are.
const MOST_FILES: usize = 100;
/// More lines help nobody.
const MOST_NAMES: usize = 100;

/// The content of every mail of one delivery.
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) files: Vec<MailFile>,
}

impl Content {
    /// Reads the bodies, if the export has them. Blocks on the disk.
    pub(crate) fn read(export: &Export, attach_up_to: u64) -> Result<Self> {
        let body = |name| export.artifacts.iter().find(|artifact| artifact.path.as_str() == name);
        let bodies = match (body(HTML), body(TEXT)) {
            (Some(html), Some(text)) if html.size <= LONGEST_BODY && text.size <= LONGEST_BODY => {
                Some((fs::read_to_string(&html.file)?, fs::read_to_string(&text.file)?))
            }
            (_, _) => None,
        };
        let shown = |artifact: &&Artifact| bodies.is_some() && [HTML, TEXT].contains(&artifact.path.as_str());
        let rest = export.artifacts.iter().filter(|artifact| !shown(artifact));
        let (files, left_out) = choose(rest, attach_up_to);
        let (mut text, mut html) = match bodies {
            Some((html, text)) => (text, Some(html)),
            None => (note(export, &files), None),
        };
        if !left_out.is_empty() {
            let lines = names(&left_out);
            write!(text, "\n{}\n", lines.join("\n")).expect("a String takes everything");
            if let Some(html) = &mut html {
                html.truncate(html.strip_suffix(HTML_END).unwrap_or(html).len());
                let lines: Vec<String> = lines.iter().map(|line| Html(line).to_string()).collect();
                write!(html, "<p>{}</p>\n{HTML_END}", lines.join("<br>\n"))
                    .expect("a String takes everything");
            }
        }
        Ok(Self { text, html, files })
    }
}

/// Attaches in order whatever still fits; the rest is returned to be named.
fn choose<'a>(
    artifacts: impl Iterator<Item = &'a Artifact>,
    attach_up_to: u64,
) -> (Vec<MailFile>, Vec<&'a Artifact>) {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    let mut room = attach_up_to;
    for artifact in artifacts {
        if files.len() < MOST_FILES && artifact.size <= room {
            room -= artifact.size;
            files.push(MailFile {
                name: file_name(artifact).to_owned(),
                media_type: artifact.media_type.clone(),
                path: artifact.file.clone(),
            });
        } else {
            left_out.push(artifact);
        }
    }
    (files, left_out)
}

/// A mail knows no directories.
fn file_name(artifact: &Artifact) -> &str {
    let path = artifact.path.as_str();
    path.rsplit('/').next().unwrap_or(path)
}

/// The body of a mail whose export is no body itself.
fn note(export: &Export, files: &[MailFile]) -> String {
    let plural = if export.messages == 1 { "" } else { "s" };
    let place = if files.is_empty() { "" } else { "\nSee the attached files.\n" };
    format!("Export of {}: {} message{plural}.\n{place}", OneLine(&export.room), export.messages)
}

fn names(left_out: &[&Artifact]) -> Vec<String> {
    let mut lines = vec!["Not attached, too large for a mail:".to_owned()];
    let named = left_out.iter().take(MOST_NAMES);
    lines.extend(named.map(|artifact| format!("- {} ({})", artifact.path, size(artifact.size))));
    if left_out.len() > MOST_NAMES {
        lines.push(format!("- and {} more", left_out.len() - MOST_NAMES));
    }
    lines
}

/// `4 kB`, rounded up; people compare it with the limit of their mailbox.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}
