//! The files of a message. Slack links to its own servers; here the bytes lie in the export.

use export_sdk::Message;
use serde::Serialize;

/// A file as Slack lists it; one whose bytes are not here is a tombstone that says why.
#[derive(Serialize)]
pub(crate) struct SlackFile<'a> {
    id: &'a str,
    name: &'a str,
    title: String,
    mimetype: &'a str,
    filetype: &'a str,
    size: u64,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_private: Option<&'a str>,
}

/// All files of `message`, each with the path at which it lies in the export.
pub(crate) fn files<'a>(message: &'a Message<'_>) -> Vec<SlackFile<'a>> {
    let file = |file: &'a export_sdk::File<'_>| {
        let (mode, path, title) = match &file.path {
            Ok(path) => ("hosted", Some(path.as_str()), file.name.clone().into_owned()),
            Err(reason) => ("tombstone", None, format!("{} ({reason})", file.name)),
        };
        SlackFile {
            id: &file.id,
            name: &file.name,
            title,
            mimetype: &file.media_type,
            filetype: file.name.rsplit_once('.').map_or("", |(_, extension)| extension),
            size: file.size,
            mode,
            url_private: path,
        }
    };
    message.files.iter().map(file).collect()
}
