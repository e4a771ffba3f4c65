//! `GET /avatar/…`: the picture of a user or room, chosen or made of initials.
//!
//! Chosen pictures are given as they were sent; `size` makes a difference for the others, which are
//! SVG whatever `format` asks for: drawing letters into pixels would take fonts along.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use warp::Reply as _;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    LAST_MODIFIED, VARY, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::credentials;
use super::file::{self, Disposition, FileAnswer};
use super::initials;
use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::domain::avatar::Shown;
use crate::domain::{Avatar, RoomId, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::{access, settings};
use crate::telemetry::spawn_blocking;

/// Whose picture is wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// That of the user of this login name; if there is none, the initials of the name.
    Username(String),
    /// That of the user of this id.
    User(UserId),
    /// The initials of this name, whoever has chosen what.
    Initials(String),
    /// That of this room.
    Room(RoomId),
}

/// What a path asks for.
pub fn wanted(path: &str) -> Option<Wanted> {
    let rest = path.strip_prefix("/avatar/")?;
    let decode = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        (!text.is_empty()).then(|| text.into_owned())
    };
    match rest.split_once('/') {
        Some(("room", id)) => decode(id).map(|id| Wanted::Room(RoomId::new(id))),
        Some(("uid", id)) => decode(id).map(|id| Wanted::User(UserId::new(id))),
        Some(_) => None,
        None => {
            let name = decode(rest)?;
            Some(match name.strip_prefix('@') {
                Some(name) => Wanted::Initials(name.to_owned()),
                None => Wanted::Username(name),
            })
        }
    }
}

/// What is shown.
enum Answer {
    Chosen { avatar: Avatar, public: bool },
    Drawn { svg: String, modified: Option<Time>, public: bool },
    Refused,
    Unknown,
}

/// Answers with a picture, or with an empty refusal.
pub async fn avatar(app: &Arc<App>, wanted: Wanted, headers: &HeaderMap, incoming: &Incoming) -> Response {
    let client = Client::at(incoming.client);
    let (worker, query, given) = (Arc::clone(app), incoming.query.clone(), headers.clone());
    let decided = spawn_blocking(move || {
        let caller = credentials::caller(&worker, &given, &query, &client)?;
        decide(&worker, caller.as_ref(), wanted, &query)
    })
    .await;
    match decided.unwrap_or_else(|panic| Err(Error::internal(panic))) {
        Ok(Answer::Chosen { avatar, public }) => {
            let answer = FileAnswer {
                name: format!("{}.{}", avatar.id, avatar.extension()),
                media_type: avatar.media_type,
                disposition: Disposition::Inline,
                modified: avatar.chosen,
                etag: avatar.id.to_string(),
                cache: cache(public).to_owned(),
            };
            file::blob(app, avatar.sha256, answer, headers).await
        }
        Ok(Answer::Drawn { svg, modified, public }) => drawn(svg, modified, public, headers),
        Ok(Answer::Refused) => StatusCode::FORBIDDEN.into_response(),
        Ok(Answer::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => super::small(Reply::failure(&error)),
    }
}

/// A picture may be another one tomorrow: who has kept one asks whether it still is.
fn cache(public: bool) -> &'static str {
    if public { "public, max-age=0, must-revalidate" } else { "private, max-age=0, must-revalidate" }
}

fn decide(app: &App, caller: Option<&Caller>, wanted: Wanted, query: &str) -> Result<Answer> {
    let blocked = settings::is_on(app, "Accounts_AvatarBlockUnauthenticatedAccess")?;
    if blocked && caller.is_none() {
        return Ok(Answer::Refused);
    }
    let size = size(app, query)?;
    let initials =
        |name: &str, modified| Answer::Drawn { svg: initials::svg(name, size), modified, public: !blocked };
    let user = match wanted {
        Wanted::Initials(name) => return Ok(initials(&name, None)),
        Wanted::Room(id) => return room(app, caller, &id, size, !blocked),
        Wanted::User(id) => app.store.user(&id)?.ok_or(None),
        Wanted::Username(name) => app.store.user_by_name(&name)?.ok_or(Some(name)),
    };
    let user: User = match user {
        Ok(user) => user,
        // Who exists is nobody's business.
        Err(Some(name)) => return Ok(initials(&name, None)),
        Err(None) => return Ok(Answer::Unknown),
    };
    Ok(match app.store.avatar(&Shown::User(user.id.clone()))? {
        Some(avatar) => Answer::Chosen { avatar, public: !blocked },
        None if user.has_local_avatar() => {
            Answer::Drawn { svg: initials::cat(size), modified: Some(user.created), public: !blocked }
        }
        None => initials(&user.username, Some(user.updated)),
    })
}

/// The picture of a room, for those who may see the room.
fn room(app: &App, caller: Option<&Caller>, id: &RoomId, size: u32, open: bool) -> Result<Answer> {
    let Some(room) = app.store.room(id)? else { return Ok(Answer::Unknown) };
    let is_public = access::is_public(app, &room)?;
    let sees = |caller: &Caller| access::can_see(app, &caller.user, &room);
    if !is_public && !caller.map_or(Ok(false), sees)? {
        return Ok(Answer::Unknown);
    }
    let public = open && is_public;
    if let Some(avatar) = app.store.avatar(&Shown::Room(room.id.clone()))? {
        return Ok(Answer::Chosen { avatar, public });
    }
    let svg = initials::svg(&room.title(), size);
    Ok(Answer::Drawn { svg, modified: Some(room.updated), public })
}

/// The side of a drawn picture, as asked or as the settings say.
fn size(app: &App, query: &str) -> Result<u32> {
    let asked = credentials::parameter(query, "size").and_then(|size| size.parse::<u32>().ok());
    let usual = settings::limit(app, "Accounts_AvatarSize")?.and_then(|size| u32::try_from(size).ok());
    let size = asked.filter(|size| initials::SIZES.contains(size)).or(usual).unwrap_or(200);
    Ok(size.clamp(*initials::SIZES.start(), *initials::SIZES.end()))
}

fn drawn(svg: String, modified: Option<Time>, public: bool, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", &hex::encode(Sha256::digest(&svg))[..32]);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|known| known.trim() == etag);
    let mut response = warp::http::Response::new(if is_known { String::new() } else { svg }).into_response();
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    put(CONTENT_TYPE, "image/svg+xml");
    put(CONTENT_SECURITY_POLICY, "default-src 'none'");
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(CACHE_CONTROL, cache(public));
    put(VARY, "Cookie, X-User-Id, X-Auth-Token");
    put(ETAG, &etag);
    if let Some(modified) = modified {
        put(LAST_MODIFIED, &file::http_date(modified));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_user_a_room_or_only_letters() {
        let name = |name: &str| name.to_owned();
        assert_eq!(wanted("/avatar/bob"), Some(Wanted::Username(name("bob"))));
        assert_eq!(wanted("/avatar/b%C3%B6b"), Some(Wanted::Username(name("böb"))));
        assert_eq!(wanted("/avatar/@bob"), Some(Wanted::Initials(name("bob"))));
        assert_eq!(wanted("/avatar/%40bob"), Some(Wanted::Initials(name("bob"))));
        assert_eq!(wanted("/avatar/room"), Some(Wanted::Username(name("room"))));
        assert_eq!(wanted("/avatar/room/r1"), Some(Wanted::Room(RoomId::new("r1"))));
        assert_eq!(wanted("/avatar/uid/u1"), Some(Wanted::User(UserId::new("u1"))));
        for none in ["/avatar", "/avatar/", "/avatar/a/b", "/avatar/%ff", "/avatar/room/", "/avatars/bob"] {
            assert_eq!(wanted(none), None, "{none}");
        }
    }
}
