//! `chat.*`: messages, and the files that come with them.

use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::matching::{Params, filled};
use crate::api::present;
use crate::app::App;
use crate::domain::{Message, MessageId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{messages, uploads};

mod changing;
mod conduct;
mod files;
mod lists;
mod marks;
mod previews;
mod search;
mod sending;
mod sync;
mod threads;

/// A page of messages.
const PAGE: &str = "messages* page";
/// A message that is marked.
const MARKED: &str = "messageId*";
/// A message that was sent or changed.
const MESSAGE: &str = "message* object";
const POSTED: &str = "channel any, roomId any, text, msg, alias, username, emoji, icon_emoji, avatar, icon_url, \
                      attachments array, parseUrls boolean, groupable boolean, tmid, customFields object";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    [sending_and_changing(), marking(), reading(), syncing(), files()].into_iter().flatten().collect()
}

fn sending_and_changing() -> Vec<Endpoint> {
    vec![
        post("chat.sendMessage")
            .brief()
            .takes("message* object, previewUrls strings")
            .returns(MESSAGE)
            .user(sending::send_message),
        post("chat.postMessage")
            .brief()
            .takes(POSTED)
            .returns("ts* number, channel* string, message* object")
            .user(sending::post_message),
        post("chat.update")
            .takes("roomId*, msgId*, text*, customFields object, previewUrls strings")
            .returns(MESSAGE)
            .user(changing::update),
        post("chat.delete")
            .takes("roomId*, msgId, fileId, asUser boolean")
            .returns("_id*, ts*, message* object")
            .user(changing::delete),
        post("chat.otr").takes("roomId*, type*").returns(NOTHING).user(conduct::off_the_record),
    ]
}

fn marking() -> Vec<Endpoint> {
    vec![
        post("chat.react")
            .brief()
            .takes("messageId*, emoji, reaction, shouldReact boolean")
            .returns(NOTHING)
            .user(marks::react),
        post("chat.starMessage").takes(MARKED).returns(NOTHING).user(marks::star),
        post("chat.unStarMessage").takes(MARKED).returns(NOTHING).user(marks::unstar),
        post("chat.pinMessage").takes(MARKED).returns(MESSAGE).user(marks::pin),
        post("chat.unPinMessage").takes(MARKED).returns(NOTHING).user(marks::unpin),
        post("chat.followMessage").takes("mid*").returns(NOTHING).user(threads::follow),
        post("chat.unfollowMessage").takes("mid*").returns(NOTHING).user(threads::unfollow),
        get("chat.ignoreUser")
            .writes()
            .takes("rid*, userId*, ignore boolean")
            .returns(NOTHING)
            .user(conduct::ignore),
        post("chat.reportMessage").returns(NOTHING).user(conduct::report),
    ]
}

fn reading() -> Vec<Endpoint> {
    vec![
        get("chat.getMessage").takes("msgId*").returns(MESSAGE).user(get_message),
        get("chat.search")
            .takes("roomId*, searchText*, offset number, count number")
            .returns("messages* objects")
            .user(search::search),
        get("chat.getURLPreview").returns("urlPreview* object").user(previews::preview),
        get("chat.getPinnedMessages").takes("roomId*").returns(PAGE).user(lists::pinned),
        get("chat.getStarredMessages").takes("roomId*").returns(PAGE).user(lists::starred),
        get("chat.getMentionedMessages").takes("roomId*").returns(PAGE).user(lists::mentioned),
        get("chat.getDiscussions").takes("roomId*, text").returns(PAGE).user(lists::discussions),
        get("chat.getThreadsList").takes("rid*, type, text").returns("threads* page").user(threads::list),
        get("chat.getThreadMessages").takes("tmid*").returns(PAGE).user(threads::replies),
        get("chat.getMessageReadReceipts")
            .takes("messageId")
            .returns("receipts objects")
            .user(conduct::receipts),
    ]
}

fn syncing() -> Vec<Endpoint> {
    vec![
        get("chat.syncMessages")
            .takes("roomId*, lastUpdate, next, previous, type")
            .returns("result* object")
            .user(sync::messages),
        get("chat.getDeletedMessages").takes("roomId*, since*").returns(PAGE).user(sync::deleted),
        get("chat.syncThreadsList")
            .takes("rid*, updatedSince*")
            .returns("threads* object")
            .user(sync::threads),
        get("chat.syncThreadMessages")
            .takes("tmid*, updatedSince*")
            .returns("messages* object")
            .user(sync::replies),
    ]
}

fn files() -> Vec<Endpoint> {
    const SAID: &str =
        "msg, description, tmid, tshow boolean, alias, avatar, emoji, groupable boolean, customFields any";
    const CONFIRMED: &str = "msg, description, tmid, tshow boolean, fileName, alias, avatar, emoji, \
                             groupable boolean, customFields any";
    vec![
        post("rooms.upload/:rid").takes(SAID).returns(MESSAGE).file(uploads::admit, files::upload),
        post("rooms.media/:rid").takes("content").returns("file* object").file(uploads::admit, files::media),
        post("rooms.mediaConfirm/:rid/:fileId").takes(CONFIRMED).returns(MESSAGE).user(files::confirm),
    ]
}

fn get_message(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let missing = || Error::plain("The \"msgId\" query parameter must be provided.");
    let id = MessageId::new(filled(&params, "msgId").ok_or_else(missing)?);
    let message = messages::read(app, &caller.user, &id)?;
    Ok(json!({"message": present::message(app, &caller.user.id, &message)?}))
}

fn wired(app: &App, messages: &[Message], caller: &Caller) -> Result<Vec<Value>> {
    present::messages(app, &caller.user.id, messages)
}
