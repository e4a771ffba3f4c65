//! `commands.*`: slash commands without a client that knows them.

use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::matching::{Params, filled};
use crate::api::page::Paged;
use crate::app::App;
use crate::domain::{MessageId, Room, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::commands::{self, COMMANDS, Call, Command};

const UNKNOWN: &str = "The command provided does not exist (or is disabled).";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("commands.get").takes("command*").returns("command* object").user(find),
        get("commands.list").returns("commands* page").user(list),
        post("commands.run").takes("command*, roomId*, params, tmid, triggerId").returns("result").user(run),
        get("commands.preview").takes("command*, roomId*, params").returns("preview* object").user(preview),
        post("commands.preview")
            .takes("command*, roomId*, params, previewItem* object, tmid, triggerId")
            .returns("preview* object")
            .user(run_preview),
    ]
}

fn shown(command: &Command) -> Value {
    json!({
        "command": command.name,
        "params": command.params,
        "description": command.description,
        "clientOnly": false,
        "providesPreview": false,
    })
}

fn find(_: &App, _: &Caller, params: Params) -> Result<Value> {
    let missing = || Error::plain("The query param \"command\" must be provided.");
    let name = filled(&params, "command").ok_or_else(missing)?;
    let unknown = || Error::plain(format!("There is no command in the system by the name of: {name}"));
    Ok(json!({"command": shown(commands::find(name).ok_or_else(unknown)?)}))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

fn list(app: &App, _: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    let mut rows: Vec<Value> = COMMANDS.iter().map(shown).collect();
    if asked.sort()?.iter().any(|(field, ascending)| field == "command" && !ascending) {
        rows.reverse();
    }
    Ok(asked.page(app)?.cut("commands", rows))
}

/// A command, the room it is given in, and what follows it. The endpoints refuse what is missing in
/// words of their own.
fn given<'a>(
    app: &App,
    caller: &Caller,
    params: &'a Params,
    no_command: &str,
    no_room: &str,
) -> Result<(&'static Command, Room, &'a str)> {
    let name = filled(params, "command").ok_or_else(|| Error::plain(no_command))?;
    let rest = match params.get("params") {
        None | Some(Value::Null) => "",
        Some(Value::String(rest)) => rest,
        Some(_) => return Err(Error::plain("The parameters for the command must be a single string.")),
    };
    let id = filled(params, "roomId").ok_or_else(|| Error::plain(no_room))?;
    for key in ["tmid", "triggerId"] {
        if params.get(key).is_some_and(|value| !value.is_null() && !value.is_string()) {
            return Err(Error::plain(format!("The {key} parameter when provided must be a string.")));
        }
    }
    let command = commands::find(name).ok_or_else(|| Error::plain(UNKNOWN))?;
    Ok((command, commands::room(app, caller, &RoomId::new(id))?, rest))
}

fn run(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let no_command = "You must provide a command to run.";
    let no_room = "The room's id where to execute this command must be provided and be a string.";
    let (command, room, rest) = given(app, caller, &params, no_command, no_room)?;
    let thread = filled(&params, "tmid").map(MessageId::new);
    let told = commands::run(command, &Call { app, caller, room: &room, params: rest, thread })?;
    Ok(told.map_or(Value::Null, |text| json!({"result": text})))
}

/// None of the commands shows anything before it is run.
fn nothing_to_show() -> Value {
    json!({"preview": {"i18nTitle": "", "items": []}})
}

fn preview(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let no_command = "You must provide a command to get the previews from.";
    let no_room = "The room's id where the previews are being displayed must be provided and be a string.";
    given(app, caller, &params, no_command, no_room)?;
    Ok(nothing_to_show())
}

fn run_preview(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let no_command = "You must provide a command to run the preview item on.";
    let no_room = "The room's id where the preview is being executed in must be provided and be a string.";
    given(app, caller, &params, no_command, no_room)?;
    let item = params.get("previewItem").and_then(Value::as_object);
    let is_whole = item.is_some_and(|item| {
        filled(item, "id").is_some() && filled(item, "type").is_some() && item.contains_key("value")
    });
    if !is_whole {
        return Err(Error::plain("The preview item being executed is not in the correct format."));
    }
    Ok(nothing_to_show())
}
