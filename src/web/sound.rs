//! `GET /custom-sounds/<id>.<extension>`: the file of a sound. Everybody may hear it.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::file::{self, Disposition, FileAnswer};
use crate::api::reply::Reply;
use crate::app::App;
use crate::service::sounds;

/// The id of the sound that a path names. The extension is for people; nobody looks at it.
pub fn sound_id(path: &str) -> Option<&str> {
    let file = path.strip_prefix("/custom-sounds/")?;
    let id = file.split_once('.').map_or(file, |(id, _)| id);
    (!id.is_empty()).then_some(id)
}

/// Answers with the file, once there is one.
pub async fn sound(app: &Arc<App>, id: &str, headers: &HeaderMap) -> Response {
    let sound = match sounds::find(app, id) {
        Ok(sound) => sound,
        Err(error) => return super::small(Reply::failure(&error)),
    };
    let Some((sound, file)) = sound.and_then(|mut sound| sound.file.take().map(|file| (sound, file))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let answer = FileAnswer {
        media_type: file.media_type,
        disposition: Disposition::Inline,
        name: format!("{}.{}", sound.name, sound.extension),
        modified: sound.updated,
        etag: hex::encode(file.sha256),
        cache: "public, max-age=3600".to_owned(),
    };
    file::blob(app, file.sha256, answer, headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_sound() {
        assert_eq!(sound_id("/custom-sounds/abc.mp3"), Some("abc"));
        assert_eq!(sound_id("/custom-sounds/abc"), Some("abc"));
        for none in ["/custom-sounds/", "/custom-sounds/.mp3", "/sounds/abc.mp3"] {
            assert_eq!(sound_id(none), None, "{none}");
        }
    }
}
