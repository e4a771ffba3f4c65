//! Phone numbers, in three forms:
//!
//! - international: `+` or `00`, then 8 to 15 digits that do not begin with 0;
//! - national: 7 to 12 digits that begin with a single 0 (`0171 1234567`, `(030) 12 34 56`);
//! - North American: 3, 3 and 4 digits (`555-123-4567`, `(555) 123-4567`), with or without `1-`.
//!
//! Blanks, dots, dashes, slashes and brackets may stand between the digits. What begins as a date
//! does, or stands inside a word, a link, an id or a fraction, is no phone number. A national number
//! without a leading 0 (`612 345 678`) cannot be told from other numbers, and stays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::digits::{begins, ends, groups, is_gap};
use super::{after, before, is_word};

static AMERICAN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}";
    Regex::new(pattern).expect("written here")
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:0[1-9]|[12][0-9]|3[01])([./-])(?:0?[1-9]|[12][0-9]|3[01])([./-])(?:[0-9]{4}|[0-9]{2})(?:$|[^0-9./-]|[./-](?:$|[^0-9]))";
    Regex::new(pattern).expect("written here")
});

/// Phone numbers.
pub(crate) fn phone(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(|c: char| c == '+' || c == '(' || c.is_ascii_digit()) {
        if found.last().is_some_and(|last| start < last.end) || !begins(text, start) {
            continue;
        }
        if let Some(end) = international(text, start).or_else(|| national(text, start)) {
            found.push(start..end);
        }
    }
    found
}

fn international(text: &str, start: usize) -> Option<usize> {
    let rest = &text[start..];
    let prefix = match rest.as_bytes() {
        [b'+', ..] => 1,
        [b'0', b'0', ..] if stands_alone(text, start) => 2,
        _ => return None,
    };
    let bracket = usize::from(rest[prefix..].starts_with('('));
    let digits = start + prefix + bracket;
    after(text, digits).filter(|c| matches!(c, '1'..='9'))?;
    longest(text, digits, 8, 15)
}

fn national(text: &str, start: usize) -> Option<usize> {
    if !stands_alone(text, start) {
        return None;
    }
    let rest = &text[start..];
    if let Some(number) = AMERICAN.find(rest) {
        let end = start + number.end();
        return (ends(text, end) && !goes_on(text, end)).then_some(end);
    }
    let bracket = usize::from(rest.starts_with('('));
    let mut digits = rest[bracket..].chars();
    let leads = digits.next() == Some('0') && digits.next().is_some_and(|c| matches!(c, '1'..='9'));
    if !leads || DATE.is_match(&rest[bracket..]) {
        return None;
    }
    longest(text, start + bracket, 7, 12)
}

/// The last end of a group at which the number has as many digits as it may have.
fn longest(text: &str, digits: usize, least: usize, most: usize) -> Option<usize> {
    let ways = groups(text, digits, most, separator).into_iter().rev();
    let mut numbers = ways.take_while(|(count, _)| *count >= least);
    numbers.find(|(_, end)| ends(text, *end)).map(|(_, end)| end)
}

/// One blank, dot, dash or slash, or a bracket, dash or slash with blanks around it.
fn separator(rest: &str) -> usize {
    let part = |c: &char| is_gap(*c) || matches!(c, '.' | '/' | '(' | ')');
    let parts: Vec<char> = rest.chars().take(4).take_while(part).collect();
    let firm = parts.iter().any(|c| matches!(c, '(' | ')' | '/' | '-' | '\u{2013}')) && !parts.contains(&'.');
    match parts.len() {
        1 => parts[0].len_utf8(),
        2 | 3 if firm => parts.iter().map(|c| c.len_utf8()).sum(),
        _ => 0,
    }
}

/// Whether the digits are not the end of a link, an id, a sum, a fraction or a time.
fn stands_alone(text: &str, start: usize) -> bool {
    let Some(c) = before(text, start) else { return true };
    match c {
        '/' | '=' | '#' | '-' | '&' | '@' | '+' | '%' | '$' | '\u{20ac}' | '\u{a3}' => false,
        '.' | ',' | ':' => !before(text, start - 1).is_some_and(|c| c.is_ascii_digit()),
        '_' => !before(text, start - 1).is_some_and(is_word),
        _ => true,
    }
}

/// Whether more digits follow after a dot or a dash.
fn goes_on(text: &str, end: usize) -> bool {
    let mut rest = text[end..].chars();
    rest.next().is_some_and(|c| matches!(c, '.' | '-')) && rest.next().is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::found;

    #[test]
    fn numbers_are_found_in_every_usual_spelling() {
        let numbers = [
            "+49 171 1234567",
            "+49 (0) 30 / 90 18 20",
            "+1 (555) 123-4567",
            "0049 30 901820",
            "+442079460958",
            "0171 1234567",
            "0171/1234567",
            "030 - 901820",
            "(030) 12 34 56",
            "06.12.34.56.78",
            "020 7946 0958",
            "555-123-4567",
            "(555) 123-4567",
            "1-555-123-4567",
        ];
        for number in numbers {
            assert_eq!(found(phone, number), [number]);
            assert_eq!(found(phone, &format!("Tel.:{number}, or {number}.")), [number; 2]);
        }
        assert_eq!(found(phone, "_0171 1234567_"), ["0171 1234567"]);
        assert_eq!(found(phone, "wa.me/+491711234567"), ["+491711234567"]);
    }

    #[test]
    fn the_number_ends_before_it_would_be_too_long() {
        assert_eq!(found(phone, "+49 30 901820 20240101 1230"), ["+49 30 901820"]);
        assert_eq!(found(phone, "0111111111111 030 901820"), ["030 901820"]);
    }

    #[test]
    fn dates_ids_and_other_numbers_stay() {
        let texts = [
            "2024-03-15 10:20:30",
            "01.02.2024",
            "01.02.2024 10 Uhr 30",
            "05/06/2024 0900",
            "03-15-2024",
            "https://x.y/channel/a?msg=0123456789012",
            "/file-upload/0123456789/x.png",
            "6rT0123456789kQzW",
            "1710498030123",
            "0.12345678",
            "3.0123456789",
            "+1234",
            "1+12345678",
            "612 345 678",
            "0x0123456789",
            "#0123456789",
            "192.168.0.12",
            "0012",
            "IMG_0123456789.jpg",
        ];
        for text in texts {
            assert_eq!(found(phone, text), [""; 0], "{text}");
        }
    }
}
