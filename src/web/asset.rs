//! `GET /assets/<name>.<extension>`: a picture of the server. Everybody may see it.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::file::{self, Disposition, FileAnswer};
use crate::api::reply::Reply;
use crate::app::App;
use crate::service::assets;

/// The name of the picture that a path names. The extension is for people; nobody looks at it.
pub fn asset_name(path: &str) -> Option<&str> {
    let file = path.strip_prefix("/assets/")?;
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    (!name.is_empty()).then_some(name)
}

/// Answers with the picture.
pub async fn asset(app: &Arc<App>, name: &str, headers: &HeaderMap) -> Response {
    let picture = match assets::picture(app, name) {
        Ok(Some(picture)) => picture,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return super::small(Reply::failure(&error)),
    };
    let answer = FileAnswer {
        name: format!("{name}.{}", picture.extension()),
        media_type: picture.media_type,
        disposition: Disposition::Inline,
        modified: picture.chosen,
        etag: picture.id.to_string(),
        cache: "public, max-age=0, must-revalidate".to_owned(),
    };
    file::blob(app, picture.sha256, answer, headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_picture() {
        assert_eq!(asset_name("/assets/logo.png"), Some("logo"));
        assert_eq!(asset_name("/assets/favicon_16"), Some("favicon_16"));
        for none in ["/assets/", "/assets/.png", "/asset/logo.png"] {
            assert_eq!(asset_name(none), None, "{none}");
        }
    }
}
