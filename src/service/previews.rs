//! Previews of links: which are wanted, where they are put, and one at somebody's request.
//!
//! They are off unless an administrator turns `API_Embed` on: whoever fetches a page tells its owner
//! that somebody here talks about it.

use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::{access, editing, settings};
use crate::app::App;
use crate::domain::{Json, Message, MessageId, RoomId, Time, User, searchable};
use crate::error::{Error, Result};
use crate::preview::{Preview, Rules};

/// Messages with more links to elsewhere get no previews.
const MOST_LINKS: usize = 5;

/// The rules of the settings.
pub fn rules(app: &App) -> Result<Rules> {
    let (hosts, ports) = ("API_EmbedIgnoredHosts", "API_EmbedSafePorts");
    Ok(Rules::read(&settings::words(app, hosts)?, &settings::words(app, ports)?))
}

/// Whether previews are fetched at all.
pub fn is_on(app: &App) -> Result<bool> {
    settings::is_on(app, "API_Embed")
}

/// Fetches what is behind a link while the caller waits; `None` if there is nothing to show. To be
/// called on a thread of the runtime that may block.
pub fn look(app: &App, user: &User, room: &RoomId, link: &str) -> Result<Option<Preview>> {
    let room = app.store.room(room)?.ok_or_else(Error::not_allowed)?;
    if !access::can_see(app, user, &room)? {
        return Err(Error::not_allowed());
    }
    if !is_on(app)? {
        return Ok(None);
    }
    let _seat = app.previews.take().ok_or(Error::Busy)?;
    let fetched = Handle::current().block_on(app.fetcher.fetch(link, &rules(app)?));
    Ok(fetched.inspect_err(|why| tracing::debug!(%why, "no preview")).ok())
}

/// The links of a message whose previews are to be fetched: those of one that was sent or edited just
/// now, not those of one that somebody reacted to.
pub fn wanted(app: &App, message: &Message, is_new: bool) -> Result<Vec<String>> {
    let is_edit = message.edited.as_ref().is_some_and(|edited| edited.at == message.updated_at);
    let has_more = searchable::has_items(&message.attachments) || searchable::has_file(message);
    if !(is_new || is_edit) || has_more || !searchable::has_items(&message.urls) || !is_on(app)? {
        return Ok(Vec::new());
    }
    let site = settings::site_url(app)?;
    let urls = message.urls.value();
    let links = |keep: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let urls = urls.as_array().into_iter().flatten().filter(|url| keep(url));
        urls.filter_map(|url| url["url"].as_str()).map(ToOwned::to_owned).collect()
    };
    let elsewhere = links(&|url| !url["url"].as_str().is_some_and(|link| link.contains(&site)));
    let mut wanted = links(&is_open);
    if elsewhere.len() > MOST_LINKS {
        wanted.clear();
    }
    wanted.truncate(MOST_LINKS);
    Ok(wanted)
}

/// Whether an entry has no preview yet and may have one.
fn is_open(url: &Value) -> bool {
    url["ignoreParse"] != true && url.get("headers").is_none() && url["meta"] == json!({})
}

/// Puts previews into the message, if it is still there and still has these links.
pub fn put(
    app: &App,
    (room, sent_at, id): &(RoomId, Time, MessageId),
    previews: &[(String, Preview)],
) -> Result<()> {
    app.store.write(|batch| {
        let key = (room.clone(), *sent_at, id.clone());
        let Some(mut message) = batch.get::<Message>(&key)? else { return Ok(()) };
        let Value::Array(mut urls) = message.urls.value() else { return Ok(()) };
        let mut changed = false;
        for url in urls.iter_mut().filter(|url| is_open(url)) {
            let found = previews.iter().find(|(link, _)| url["url"] == link.as_str());
            if let Some((_, preview)) = found {
                url["headers"] = headers(preview);
                url["meta"] = preview.meta.clone().into();
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
        message.urls = Json::of(&urls);
        message.updated_at = message.updated_at.max(app.now());
        batch.put_message(&message)?;
        editing::touch(batch, &message)
    })
}

/// What the server of the link said about it.
pub fn headers(preview: &Preview) -> Value {
    let mut headers = Map::new();
    if !preview.content_type.is_empty() {
        headers.insert("contentType".to_owned(), preview.content_type.as_str().into());
    }
    if let Some(length) = &preview.content_length {
        headers.insert("contentLength".to_owned(), length.as_str().into());
    }
    headers.into()
}
