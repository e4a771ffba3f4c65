//! Which names channels and groups may have: of the characters the settings allow, and free.

use regex::RegexBuilder;

use super::settings;
use crate::app::App;
use crate::domain::{Room, RoomId};
use crate::error::{Error, Result};
use crate::store::Batch;
use crate::store::schema::RoomByName;

/// Longer names are refused: they stand in links and sidebars.
const LONGEST_NAME: usize = 128;
const RESERVED: [&str; 4] = ["admin", "administrator", "system", "user"];
const USUAL_PATTERN: &str = "[0-9a-zA-Z-_.]+";

/// Whether all of a name fits a pattern that an administrator chose. A pattern that is none counts
/// as the usual one, so that a typo in a setting does not open the door to everything.
pub fn fits(pattern: &str, name: &str) -> bool {
    // The limit keeps a pattern from eating the memory of every request that checks a name.
    let compile =
        |pattern: &str| RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(1 << 20).build();
    compile(pattern).or_else(|_| compile(USUAL_PATTERN)).is_ok_and(|pattern| pattern.is_match(name))
}

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
    let archived = batch.get::<Room>(&(taken,))?.is_some_and(|room| room.archived);
    Err(if archived {
        Error::refused(
            "error-archived-duplicate-name",
            format!("There's an archived channel with name {name}"),
        )
    } else {
        Error::refused("error-duplicate-channel-name", format!("A channel with name '{name}' exists"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_fit_and_a_broken_pattern_is_the_usual_one() {
        assert!(fits(USUAL_PATTERN, "Room-1_a.b"));
        for bad in ["", "a b", "a\n", "ä", "a/b"] {
            assert!(!fits(USUAL_PATTERN, bad), "{bad:?}");
            assert!(!fits("[", bad), "{bad:?}");
        }
        assert!(fits("[", "plain"));
        assert!(fits(r"[\p{L}-]+", "Ünï-cödé"));
        assert!(!fits("a|b", "ab"), "alternatives are anchored together");
    }
}
