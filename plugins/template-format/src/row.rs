//! The columns: what is said about a message, and where it comes from.

use std::borrow::Cow;

use export_sdk::{Message, system_text};

use crate::Time;

/// A column: its name and how a message fills it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) cell: for<'a> fn(&'a Message<'_>) -> Cow<'a, str>,
}

/// The columns of an export. Their order is a promise to whoever reads the files by number.
pub(crate) fn columns(display_names: bool, time: Time) -> Vec<Column> {
    let mut columns = vec![
        Column { name: "id", cell: |message| message.id.into() },
        Column {
            name: "time",
            cell: match time {
                Time::Iso => |message| message.sent_at.to_string().into(),
                Time::Unix => |message| message.sent_at.millis().div_euclid(1000).to_string().into(),
            },
        },
        Column { name: "username", cell: |message| message.author.username.into() },
    ];
    if display_names {
        columns.push(Column { name: "name", cell: |message| message.author.name.unwrap_or_default().into() });
    }
    columns.extend([
        Column { name: "thread", cell: |message| message.thread.unwrap_or_default().into() },
        Column { name: "text", cell: text },
        Column { name: "files", cell: files },
    ]);
    columns
}

/// What people wrote, or what the server noted down: `joined the channel`.
fn text<'a>(message: &'a Message<'_>) -> Cow<'a, str> {
    system_text(message).unwrap_or(Cow::Borrowed(message.text))
}

/// Where the files lie beside this one, a line for each. The host puts them there; a format only
/// links to them.
fn files<'a>(message: &'a Message<'_>) -> Cow<'a, str> {
    let place = |file: &export_sdk::File<'_>| match &file.path {
        Ok(link) => link.to_string(),
        // An archive says what it lacks.
        Err(reason) => format!("({reason})"),
    };
    message.files.iter().map(place).collect::<Vec<_>>().join("\n").into()
}
