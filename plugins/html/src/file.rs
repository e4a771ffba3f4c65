//! Files of a message: pictures and recordings in place, the rest as a card.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use export_sdk::{File, FileLink};

use crate::escape::Markup;

/// Adds one file. `up` leads from the page to the folder of the export.
pub(crate) fn file(page: &mut Markup, file: &File<'_>, up: &'static str) {
    let name = label(&file.name);
    let path = match &file.path {
        Ok(path) => path,
        Err(reason) => return missing(page, &file.name, reason, file.size),
    };
    match file.media_type.as_ref() {
        // What browsers show without running anything in it. SVG is a document with scripts.
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" => {
            page.tag("<figure><a href=\"").tag(up).address(path);
            page.tag("\"><img loading=\"lazy\" decoding=\"async\" src=\"").tag(up).address(path);
            page.tag("\" alt=\"").text(&name).tag("\"></a><figcaption><bdi>").text(&name).tag("</bdi>");
            size(page, file.size);
            page.tag("</figcaption></figure>\n");
        }
        kind if kind.starts_with("audio/") => {
            page.tag("<figure><audio controls preload=\"none\" src=\"").tag(up).address(path);
            page.tag("\"></audio>");
            caption(page, path, &name, file, up);
        }
        kind if kind.starts_with("video/") => {
            page.tag("<figure><video controls preload=\"metadata\" src=\"").tag(up).address(path);
            page.tag("\"></video>");
            caption(page, path, &name, file, up);
        }
        kind => {
            page.tag("<p class=\"file\"><svg aria-hidden=\"true\"><use href=\"#:file\"/></svg><span>");
            link(page, path, &name, opens_harmlessly(kind), up);
            page.tag("<small>").text(kind);
            size(page, file.size);
            page.tag("</small></span></p>\n");
        }
    }
}

/// The name as it was given, but for what can turn its end around and so disguise `exe` as `png`.
fn label(name: &str) -> Cow<'_, str> {
    const TURNS: [RangeInclusive<char>; 2] = ['\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    let turns = |c: char| TURNS.iter().any(|range| range.contains(&c));
    if name.trim().is_empty() {
        "file".into()
    } else if name.contains(turns) {
        name.replace(turns, "\u{fffd}").into()
    } else {
        name.into()
    }
}

/// A card for a file that is not here, with the reason.
pub(crate) fn missing(page: &mut Markup, name: &str, reason: &str, bytes: u64) {
    page.tag("<p class=\"file missing\"><svg aria-hidden=\"true\"><use href=\"#:file\"/></svg><span><bdi>");
    page.text(&label(name)).tag("</bdi><small>Missing: ").text(reason);
    // Of a file that is not here, 0 says that nobody knows.
    if bytes > 0 {
        size(page, bytes);
    }
    page.tag("</small></span></p>\n");
}

fn caption(page: &mut Markup, path: &FileLink, name: &str, file: &File<'_>, up: &'static str) {
    page.tag("<figcaption>");
    link(page, path, name, true, up);
    size(page, file.size);
    page.tag("</figcaption></figure>\n");
}

fn link(page: &mut Markup, path: &FileLink, name: &str, opens: bool, up: &'static str) {
    page.tag("<a rel=\"noopener noreferrer\" href=\"").tag(up).address(path);
    page.tag(if opens { "\"><bdi>" } else { "\" download><bdi>" }).text(name).tag("</bdi></a>");
}

/// Whether a click may show the file: a foreign web page opened from here would be too trusted.
fn opens_harmlessly(media_type: &str) -> bool {
    matches!(media_type, "application/pdf" | "text/plain")
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn size(page: &mut Markup, bytes: u64) {
    if bytes == 0 {
        page.tag(" · 0 bytes");
        return;
    }
    let mut size = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if size < 999.5 {
            break;
        }
        size /= 1000.0;
        unit = larger;
    }
    let decimals = usize::from(unit != "B" && size < 99.95);
    page.tag(" · ").show(format_args!("{size:.decimals$} {unit}"));
}

#[cfg(test)]
mod tests {
    use export_sdk::ArtifactPath;

    use super::*;

    fn html(name: &str, media_type: &str, path: Result<&str, &'static str>) -> String {
        let mut page = Markup::default();
        let given = File {
            id: "f1".into(),
            name: name.into(),
            media_type: media_type.into(),
            size: 12_345,
            path: path.map(|path| FileLink::new(&ArtifactPath::new(path).unwrap(), false)),
            stored: None,
        };
        file(&mut page, &given, "../");
        page.as_str().to_owned()
    }

    #[test]
    fn only_harmless_pictures_are_shown_in_place() {
        let cat = html("c 1.png", "image/png", Ok("assets/f1-c #1.png"));
        assert!(cat.contains("src=\"../assets/f1-c%20%231.png\"") && cat.contains("12.3 kB"), "{cat}");
        for media_type in ["image/svg+xml", "text/html", "image/png\"><script>"] {
            let card = html("x", media_type, Ok("assets/f1-x"));
            assert!(
                !card.contains("<img") && card.contains("download") && !card.contains("<script"),
                "{card}"
            );
        }
    }

    #[test]
    fn a_missing_file_says_why_and_no_name_is_turned_around() {
        let card = html("photo\u{202e}gnp.exe", "image/png", Err("too large"));
        assert!(card.contains("Missing: too large") && card.contains("photo\u{fffd}gnp.exe"), "{card}");
    }

    #[test]
    fn a_name_is_shown_as_it_was_given() {
        for media_type in ["image/png", "audio/ogg", "video/mp4", "application/pdf"] {
            let card = html("Wer? \"A:B\" 1/2 👩‍💻.x", media_type, Ok("assets/f1-Wer_ _A_B_ 1_2.x"));
            let shown = "<bdi>Wer? &quot;A:B&quot; 1/2 👩‍💻.x</bdi>";
            assert!(card.contains(shown), "{card}");
        }
        assert!(html("", "text/plain", Ok("assets/f1-_")).contains("<bdi>file</bdi>"));
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in
            [(1, " · 1 B"), (999_999, " · 1.0 MB"), (150_000, " · 150 kB"), (0, " · 0 bytes")]
        {
            let mut page = Markup::default();
            size(&mut page, bytes);
            assert_eq!(page.as_str(), expected);
        }
    }
}
