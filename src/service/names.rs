//! Which names channels and groups may have: of the characters the settings allow, and free.

use super::settings;
use crate::app::App;
pub use crate::domain::name::fits;
use crate::domain::{Room, RoomId};
use crate::error::{Error, Result};
use crate::store::Batch;
use crate::store::schema::RoomByName;

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
