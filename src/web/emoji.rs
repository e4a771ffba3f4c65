//! `GET /emoji-custom/<name>.<extension>`: the picture of an emoji. Everybody may see it.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::file::{self, Disposition, FileAnswer};
use crate::api::reply::Reply;
use crate::app::App;
use crate::service::emoji;

/// The name of the emoji that a path names. The extension is for people; nobody looks at it.
pub fn emoji_name(path: &str) -> Option<String> {
    let file = path.strip_prefix("/emoji-custom/")?;
    let file = percent_encoding::percent_decode_str(file).decode_utf8().ok()?;
    let name = file.rsplit_once('.').map_or(&*file, |(name, _)| name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Answers with the picture.
pub async fn emoji(app: &Arc<App>, name: &str, headers: &HeaderMap) -> Response {
    let emoji = match emoji::by_name(app, name) {
        Ok(Some(emoji)) => emoji,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return super::small(Reply::failure(&error)),
    };
    let answer = FileAnswer {
        media_type: emoji.media_type(),
        disposition: Disposition::Inline,
        name: format!("{}.{}", emoji.name, emoji.extension),
        modified: emoji.updated,
        etag: hex::encode(emoji.sha256),
        cache: "public, max-age=3600".to_owned(),
    };
    file::blob(app, emoji.sha256, answer, headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_emoji() {
        assert_eq!(emoji_name("/emoji-custom/party.png").as_deref(), Some("party"));
        assert_eq!(emoji_name("/emoji-custom/p.a.gif").as_deref(), Some("p.a"));
        assert_eq!(emoji_name("/emoji-custom/sm%C3%B8rrebr%C3%B8d.png").as_deref(), Some("smørrebrød"));
        for none in ["/emoji-custom/", "/emoji-custom/.png", "/emoji/x.png", "/emoji-custom/%ff.png"] {
            assert_eq!(emoji_name(none), None, "{none}");
        }
    }
}
