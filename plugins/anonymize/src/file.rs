//! Names of files that say nothing: `file-1.png`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::looks;
use crate::people::People;

/// Where the files of this server lie.
const UPLOADS: &str = "/file-upload/";
/// What the server puts before the name of a picture to name its thumbnail.
const THUMBNAIL: &str = "thumb-";

/// The new names of the files of one message.
#[derive(Default)]
pub(crate) struct FileNames(HashMap<String, String>);

impl FileNames {
    /// Numbers the files; a thumbnail gets the name of its picture.
    pub(crate) fn number(files: &[Map<String, Value>], people: &People) -> Self {
        let mut by_name = HashMap::new();
        let mut names = Self::default();
        for thumbnails in [false, true] {
            for (n, file) in files.iter().enumerate() {
                let (id, name) = (text(file, "_id"), text(file, "name"));
                let picture = name.strip_prefix(THUMBNAIL);
                if picture.is_some() != thumbnails {
                    continue;
                }
                let new = match picture {
                    Some(picture) => {
                        let known = by_name.get(picture).cloned();
                        let new =
                            known.unwrap_or_else(|| with_extension(&format!("file-{}", n + 1), name, people));
                        format!("{THUMBNAIL}{new}")
                    }
                    None => with_extension(&format!("file-{}", n + 1), name, people),
                };
                by_name.insert(name, new.clone());
                names.0.insert(id.to_owned(), new);
            }
        }
        names
    }

    /// The new name of that file; one of another message has no number.
    pub(crate) fn get(&self, id: &str, name: &str, people: &People) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| with_extension("file", name, people))
    }

    /// A file under its new name, without what may tell the old one.
    pub(crate) fn rename(&self, mut file: Map<String, Value>, people: &People) -> Map<String, Value> {
        let name = self.get(text(&file, "_id"), text(&file, "name"), people);
        file.retain(|key, value| looks::of_file(key, value, people));
        file.insert("name".to_owned(), name.into());
        file
    }

    /// A link to a file of this server, with its new name; `None` for other links.
    pub(crate) fn link(&self, link: &str, people: &People) -> Option<String> {
        let start = link.find(UPLOADS)? + UPLOADS.len();
        let (id, name) = link[start..].split_once('/')?;
        Some(format!("{}{id}/{}", &link[..start], self.get(id, name, people)))
    }
}

/// The text at that key, empty if there is none.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether it leads to a file of this server.
pub(crate) fn is_upload(link: &str) -> bool {
    link.contains(UPLOADS)
}

/// The stem with the extension of the name, if that is one and names nobody.
pub(crate) fn with_extension(stem: &str, name: &str, people: &People) -> String {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let plain = (1..=5).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphanumeric());
    if plain && people.scrub(extension).is_none() {
        format!("{stem}.{}", extension.to_ascii_lowercase())
    } else {
        stem.to_owned()
    }
}
