//! What says how a card or a file looks. Each key takes values of its own kind only: whoever writes a
//! message by a program may put anything there.

use serde_json::Value;

use crate::people::People;

/// Colours that have a name.
const COLOURS: [&str; 16] = [
    "good",
    "warning",
    "danger",
    "black",
    "white",
    "gray",
    "grey",
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "purple",
    "pink",
    "brown",
    "transparent",
];
const MEDIA: [&str; 6] = ["image/", "audio/", "video/", "text/", "application/", "font/"];
/// The longest media type that is worth keeping.
const LONGEST: usize = 80;

/// Whether a card may keep that value at that key.
pub(crate) fn of_card(key: &str, value: &Value, people: &People) -> bool {
    match (key, value) {
        ("collapsed" | "title_link_download", Value::Bool(_))
        | ("ts" | "size" | "image_size" | "audio_size" | "video_size", Value::Number(_)) => true,
        ("type", Value::String(kind)) => kind == "file",
        ("color", Value::String(color)) => is_color(color),
        ("ts", Value::String(time)) => is_time(time),
        ("image_type" | "audio_type" | "video_type", Value::String(kind)) => is_media(kind, people),
        ("format", Value::String(format)) => is_format(format, people),
        _ => false,
    }
}

/// Whether a file may keep that value at that key.
pub(crate) fn of_file(key: &str, value: &Value, people: &People) -> bool {
    match (key, value) {
        ("_id", Value::String(_)) | ("size", Value::Number(_)) => true,
        ("type", Value::String(kind)) => is_media(kind, people),
        ("format", Value::String(format)) => is_format(format, people),
        _ => false,
    }
}

fn is_color(text: &str) -> bool {
    let hex = |digits: &str| (3..=8).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    text.strip_prefix('#').map_or_else(|| COLOURS.contains(&text), hex)
}

/// `2024-03-15T10:20:30.123Z`
pub(crate) fn is_time(text: &str) -> bool {
    const SHAPE: &str = "0000-00-00T00:00:00";
    let Some((start, rest)) = text.split_at_checked(SHAPE.len()) else { return false };
    let fits = |(c, shape): (char, char)| if shape == '0' { c.is_ascii_digit() } else { c == shape };
    let rest_fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '+' | '-' | 'Z');
    start.chars().zip(SHAPE.chars()).all(fits) && rest.len() <= 16 && rest.chars().all(rest_fits)
}

/// `image/png`
fn is_media(text: &str, people: &People) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
    let kind = MEDIA.iter().find_map(|media| text.strip_prefix(media));
    text.len() <= LONGEST && kind.is_some_and(|kind| kind.chars().all(plain)) && people.scrub(text).is_none()
}

/// `PNG`
fn is_format(text: &str, people: &People) -> bool {
    text.len() <= 5 && text.chars().all(|c| c.is_ascii_alphanumeric()) && people.scrub(text).is_none()
}
