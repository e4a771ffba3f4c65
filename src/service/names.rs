//! Which names channels and groups may have: of the characters the settings allow, and free. Where
//! the settings allow any text as a name, the name proper is made of it.

use std::ops::ControlFlow;

use super::settings;
use crate::app::App;
pub use crate::domain::name::fits;
use crate::domain::{Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::store::schema::RoomByName;
use crate::store::{Batch, Direction};

/// Longer names are refused: they stand in links and sidebars.
const LONGEST_NAME: usize = 128;
const RESERVED: [&str; 4] = ["admin", "administrator", "system", "user"];

/// Refuses a name that a room, new or `own`, cannot have.
pub fn check(app: &App, batch: &Batch<'_>, name: &str, own: Option<&RoomId>) -> Result<()> {
    let reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
    let pattern = settings::text(app, "UTF8_Channel_Names_Validation")?;
    if reserved || name.chars().count() > LONGEST_NAME || !fits(&pattern, name) {
        let shown: String = name.chars().take(LONGEST_NAME).collect();
        return Err(Error::refused("error-invalid-room-name", format!("{shown} is not a valid room name.")));
    }
    let Some(RoomByName(taken)) = batch.get(&(name.to_owned(),))? else { return Ok(()) };
    if own == Some(&taken) {
        return Ok(());
    }
    Err(duplicate(name, batch.get::<Room>(&(taken,))?.is_some_and(|room| room.archived)))
}

fn duplicate(name: &str, archived: bool) -> Error {
    if archived {
        let text = format!("There's an archived channel with name {name}");
        return Error::refused("error-archived-duplicate-name", text);
    }
    Error::refused("error-duplicate-channel-name", format!("A channel with name '{name}' exists"))
}

/// The name of a room, new or `own`, that people want to call `wanted`, and what they see. They are
/// the same unless the settings allow any text: then the name is made of it.
pub fn chosen(app: &App, batch: &Batch<'_>, wanted: &str, own: Option<&RoomId>) -> Result<(String, String)> {
    if !settings::is_on(app, "UI_Allow_room_names_with_special_chars")? {
        check(app, batch, wanted, own)?;
        return Ok((wanted.to_owned(), wanted.to_owned()));
    }
    let shown = wanted.trim();
    for kind in [RoomKind::Channel, RoomKind::Group] {
        app.store.rooms_of_kind::<Error>(kind, Direction::Ascending, |room| {
            let title = room.entry.display_name.as_ref().unwrap_or(&room.name);
            if title == shown && own != Some(&room.id) {
                return Err(duplicate(shown, app.store.room(&room.id)?.is_some_and(|room| room.archived)));
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    let slug = slug(shown);
    let is_free = |name: &str| -> Result<bool> {
        let taken = batch.get::<RoomByName>(&(name.to_owned(),))?;
        Ok(taken.is_none_or(|RoomByName(taken)| own == Some(&taken)))
    };
    let (mut name, mut number) = (slug.clone(), 0_u64);
    while !is_free(&name)? {
        number += 1;
        name = format!("{slug}-{number}");
    }
    check(app, batch, &name, own)?;
    Ok((name, shown.to_owned()))
}

/// The text in ASCII, with a hyphen for whatever stands between words.
fn slug(text: &str) -> String {
    let ascii: String = text.chars().map(any_ascii::any_ascii_char).collect();
    let words = ascii.split(|c: char| !c.is_ascii_alphanumeric() && !"_.".contains(c));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_any_text() {
        for (text, name) in [
            ("Ελληνικά-x-1", "Ellinika-x-1"),
            ("Zoë's  Café", "Zoe-s-Cafe"),
            ("v1.2_b", "v1.2_b"),
            ("!?", ""),
        ] {
            assert_eq!(slug(text), name, "{text}");
        }
    }
}
