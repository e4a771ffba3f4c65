//! What a page says about itself in its head: its title and its `meta` elements.
//!
//! Pages are not parsed, only looked through for tags; whatever is broken gives less, never an error.

use serde_json::{Map, Value};
use url::Url;

/// The most that is kept of all a page says.
const LARGEST: usize = 4000;
/// The most characters of one value.
const LONGEST: usize = 1000;

/// The keys of `meta` elements that are kept, in camel case, and `pageTitle`.
pub(super) fn meta(link: &str, content_type: &str, body: &[u8]) -> Map<String, Value> {
    let text = decoded(content_type, body);
    let (mut meta, mut size) = (Map::new(), 0);
    let mut keep = |key: String, value: &str| {
        let value: String = unescaped(value).trim().chars().take(LONGEST).collect();
        let value = if is_address(&key) { resolved(link, &value) } else { Some(value) };
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        if size + key.len() + value.len() <= LARGEST && !meta.contains_key(&key) {
            size += key.len() + value.len();
            meta.insert(key, value.into());
        }
    };
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
            continue;
        }
        let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = rest[..name_end].to_ascii_lowercase();
        match name.as_str() {
            "meta" => {
                let (attributes, behind) = attributes(&rest[name_end..]);
                rest = behind;
                let of = |wanted: &str| {
                    let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                    found.map(|(_, value)| *value)
                };
                if let (Some(key), Some(content)) = (of("property").or_else(|| of("name")), of("content"))
                    && let Some(key) = key_of(key)
                {
                    keep(key, content);
                }
            }
            "title" => {
                let (_, behind) = attributes(&rest[name_end..]);
                let end = behind.find('<').unwrap_or(behind.len());
                keep("pageTitle".to_owned(), &behind[..end]);
                rest = &behind[end..];
            }
            // What stands in them is no tag.
            "script" | "style" | "noscript" | "svg" => rest = behind_end(rest, &name),
            "body" => break,
            _ => {}
        }
    }
    meta
}

/// The text behind the end of an element.
fn behind_end<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return rest;
        }
    }
    ""
}

/// The attributes of a tag, and the text behind it.
fn attributes(mut rest: &str) -> (Vec<(&str, &str)>, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('<') {
            return (found, rest);
        }
        if let Some(behind) = rest.strip_prefix('>') {
            return (found, behind);
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=>/<".contains(c)).unwrap_or(rest.len());
        // An attribute without a name is passed over.
        let (name, behind) = rest.split_at(end.max(rest.chars().next().map_or(0, char::len_utf8)));
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())),
        };
        found.push((name, value));
        rest = behind;
    }
}

/// `og:site_name` as `ogSiteName`; `None` for what previews do not show.
fn key_of(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let known = ["og:", "twitter:", "fb:"].iter().any(|start| name.starts_with(start));
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || ":_-.".contains(c)) && name.len() <= 60;
    if !(plain && (known || name == "description" || name == "title")) {
        return None;
    }
    let mut words = name.split([':', '_', '-', '.']).filter(|word| !word.is_empty());
    let first = words.next()?.to_owned();
    Some(words.fold(first, |key, word| key + &word[..1].to_ascii_uppercase() + &word[1..]))
}

/// Whether clients load what stands under this key, or lead people there.
fn is_address(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["image", "url", "src", "player", "video", "audio"].iter().any(|end| key.ends_with(end))
}

/// A web address, from wherever it was seen; `None` for anything else (`javascript:`).
fn resolved(link: &str, address: &str) -> Option<String> {
    let url = Url::parse(link).ok()?.join(address).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The page as text. Old pages say that they are in Latin 1; everything else is taken for UTF-8.
fn decoded(content_type: &str, body: &[u8]) -> String {
    let head = String::from_utf8_lossy(&body[..body.len().min(1024)]).to_ascii_lowercase();
    let said = format!("{} {head}", content_type.to_ascii_lowercase());
    let latin =
        ["charset=iso-8859-1", "charset=windows-1252", "charset=\"iso-8859-1", "charset=\"windows-1252"];
    if latin.iter().any(|charset| said.contains(charset)) && std::str::from_utf8(body).is_err() {
        return body.iter().copied().map(char::from).collect();
    }
    String::from_utf8_lossy(body).into_owned()
}

/// Text with the usual entities resolved.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity =
            rest.find(';').filter(|end| *end <= 10).and_then(|end| Some((entity(&rest[1..end])?, end)));
        if let Some((c, end)) = entity {
            plain.push(c);
            rest = &rest[end + 1..];
        } else {
            plain.push('&');
            rest = &rest[1..];
        }
    }
    plain + rest
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn meta_of(page: &str) -> Value {
        Value::Object(meta("https://example.org/a/b", "text/html; charset=utf-8", page.as_bytes()))
    }

    #[test]
    fn a_head_is_read() {
        let page = r#"<!DOCTYPE html><HTML><head><!-- <meta name="description" content="no"> -->
            <script>"<meta name='title' content='no'>"</script>
            <TITLE lang=en>Tom &amp; Jerry &#8211; &lt;3</TITLE>
            <meta property="og:site_name" content='The "site"'/>
            <meta content="A picture" property=og:image:alt><meta property="og:image" content="/cat.png">
            <meta name="twitter:player" content="javascript:alert(1)">
            <meta name="description" content="first"><meta name="description" content="second">
            <meta name="viewport" content="width=device-width"><meta charset=utf-8>
            </head><body><meta name="title" content="too late"></body>"#;
        let expected = json!({
            "pageTitle": "Tom & Jerry – <3", "ogSiteName": "The \"site\"", "ogImageAlt": "A picture",
            "ogImage": "https://example.org/cat.png", "description": "first",
        });
        assert_eq!(meta_of(page), expected);
    }

    #[test]
    fn no_page_says_too_much() {
        let element = |number| format!("<meta property=\"og:x{number}\" content=\"{}\">", "y".repeat(3000));
        let page = (0..100).map(element).collect::<Vec<_>>().concat();
        let meta = meta_of(&page);
        assert!(meta.to_string().len() < 2 * LARGEST && meta["ogX0"].as_str().unwrap().len() == LONGEST);
    }

    #[test]
    fn old_pages_are_read_too() {
        let body = b"<meta http-equiv=x content='text/html; charset=ISO-8859-1'><title>Z\xfcrich</title>";
        assert_eq!(meta("https://x.y", "text/html", body)["pageTitle"], "Zürich");
    }

    proptest! {
        #[test]
        fn no_page_breaks_it(pieces in prop::collection::vec(
            prop::sample::select(vec!["<meta ", "<title>", "</title", "<script", "<!--", "-->", "name=", "\"", "'", "og:é",
                "content", "=", ">", "/", "&#x;", "&amp", "&", "ä", "</", " ", "<"]), 0..30)) {
            meta_of(&pieces.concat());
        }
    }
}
