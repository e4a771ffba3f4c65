//! The columns, and what each takes from a message.

use std::borrow::Cow;

use export_sdk::{File, Message, Reaction, system_text};

/// Between the items of one cell.
const BETWEEN: &str = "; ";

/// A name for the header row, and the text of the column for a message.
type Column = (&'static str, for<'a> fn(&'a Message<'_>) -> Cow<'a, str>);

/// The columns in their order. New ones are added at the end: programs count them.
pub(crate) const COLUMNS: [Column; 15] = [
    ("id", |message| message.id.into()),
    ("time", |message| message.sent_at.to_string().into()),
    ("author_username", |message| message.author.username.into()),
    ("author_name", |message| message.author.name.unwrap_or_default().into()),
    ("text", |message| message.text.into()),
    ("type", |message| message.kind.unwrap_or_default().into()),
    ("system_text", |message| system_text(message).unwrap_or_default()),
    ("thread_id", |message| message.thread.unwrap_or_default().into()),
    ("reply_count", |message| {
        message.replies.as_ref().map(|replies| replies.count.to_string()).unwrap_or_default().into()
    }),
    ("edited_at", |message| message.edited.map(|edited| edited.at.to_string()).unwrap_or_default().into()),
    ("pinned", |message| if message.pinned.is_some() { "true" } else { "false" }.into()),
    ("reactions", |message| list(message.reactions.iter().map(reaction))),
    ("files", |message| list(message.files.iter().map(|file| file.name.as_ref()))),
    ("file_paths", |message| list(message.files.iter().map(path))),
    ("mentions", |message| list(message.mentions().iter().map(|mention| mention.username.as_ref()))),
];

fn list(items: impl Iterator<Item = impl AsRef<str>>) -> Cow<'static, str> {
    let mut text = String::new();
    for (place, item) in items.enumerate() {
        text.push_str(if place == 0 { "" } else { BETWEEN });
        text.push_str(item.as_ref());
    }
    text.into()
}

/// `:smile: al bob`.
fn reaction(reaction: &Reaction<'_>) -> String {
    let mut text = reaction.emoji.to_owned();
    for username in &reaction.usernames {
        text.push(' ');
        text.push_str(username);
    }
    text
}

/// Where the file lies in the export, or in parentheses why it does not.
fn path(file: &File<'_>) -> String {
    match &file.path {
        Ok(path) => path.to_string(),
        Err(reason) => format!("({reason})"),
    }
}
