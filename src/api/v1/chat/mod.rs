//! `chat.*`: messages, and the files that come with them.

use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::matching::{Params, filled};
use crate::api::page::{Page, Paged};
use crate::api::wire;
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{messages, uploads};

mod changing;
mod files;
mod marks;
mod previews;
mod search;
mod sending;
mod threads;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("chat.sendMessage").user(sending::send_message),
        post("chat.postMessage").user(sending::post_message),
        post("chat.update").user(changing::update),
        post("chat.delete").user(changing::delete),
        get("chat.getMessage").user(get_message),
        get("chat.search")
            .takes("roomId*, searchText*, offset number, count number")
            .returns("messages* objects")
            .user(search::search),
        get("chat.getURLPreview").returns("urlPreview* object").user(previews::preview),
        get("chat.getPinnedMessages").user(pinned),
        get("chat.getStarredMessages").user(starred),
        get("chat.getMentionedMessages").user(mentioned),
        post("chat.react").user(marks::react),
        post("chat.starMessage").user(marks::star),
        post("chat.unStarMessage").user(marks::unstar),
        post("chat.pinMessage").user(marks::pin),
        post("chat.unPinMessage").user(marks::unpin),
        get("chat.getThreadsList").user(threads::list),
        get("chat.getThreadMessages").user(threads::replies),
        post("chat.followMessage").user(threads::follow),
        post("chat.unfollowMessage").user(threads::unfollow),
        post("rooms.upload/:rid").file(uploads::admit, files::upload),
        post("rooms.media/:rid").file(uploads::admit, files::media),
        post("rooms.mediaConfirm/:rid/:fileId").user(files::confirm),
    ]
}

fn get_message(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let missing = || Error::plain("The \"msgId\" query parameter must be provided.");
    let id = MessageId::new(filled(&params, "msgId").ok_or_else(missing)?);
    let message = messages::read(app, &caller.user, &id)?;
    Ok(json!({"message": wire::message(&message, &caller.user.id)}))
}

fn pinned(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let refused = || Error::refused("error-not-allowed", "Not allowed");
    let missing = "error-roomId-param-not-provided";
    let room = readable(app, caller, &params.params, missing, refused)?;
    picked(app, caller, &room, params.page(app)?, |message| message.pinned.is_some())
}

fn starred(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let refused = || Error::plain("error-not-allowed");
    let room = readable(app, caller, &params.params, "error-invalid-params", refused)?;
    picked(app, caller, &room, params.page(app)?, |message| message.starred.contains(&caller.user.id))
}

fn mentioned(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let refused = || Error::plain("error-not-allowed");
    let room = readable(app, caller, &params.params, "error-invalid-params", refused)?;
    picked(app, caller, &room, params.page(app)?, |message| {
        let mentions = message.mentions.value();
        mentions.as_array().into_iter().flatten().any(|user| user["_id"] == caller.user.id.as_str())
    })
}

fn readable(
    app: &App,
    caller: &Caller,
    params: &Params,
    missing: &str,
    refused: fn() -> Error,
) -> Result<Room> {
    let missing = || Error::refused(missing, "The required \"roomId\" query param is missing.");
    let id = filled(params, "roomId").ok_or_else(missing)?;
    let room = app.store.room(&RoomId::new(id))?.ok_or_else(refused)?;
    if messages::can_read(app, &caller.user, &room)? { Ok(room) } else { Err(refused()) }
}

fn picked(
    app: &App,
    caller: &Caller,
    room: &Room,
    page: Page,
    wanted: impl Fn(&Message) -> bool,
) -> Result<Value> {
    let (messages, total) = messages::pick(app, &room.id, (page.offset, page.count), wanted)?;
    Ok(page.wrap("messages", wired(&messages, caller), total))
}

fn wired(messages: &[Message], caller: &Caller) -> Vec<Value> {
    messages.iter().map(|message| wire::message(message, &caller.user.id)).collect()
}
