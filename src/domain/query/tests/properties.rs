//! What holds for every query and every message.

use proptest::prelude::*;

use super::*;

const TERMS: &[&str] = &[
    "a",
    "B",
    r#""a b""#,
    r#""or""#,
    r#""x:\"\\""#,
    "from:alice",
    "from:me",
    r#"from:"me""#,
    "mentions:me",
    "mentions:@all",
    "in:one",
    "in:#Two",
    r#"in:"two words""#,
    "has:file",
    "has:image",
    "has:link",
    "has:pin",
    "has::smile:",
    "has:mention",
    "is:pinned",
    "is:edited",
    "is:system",
    "before:2024-03-31",
    "before:2024-03-31T12:00",
    "after:2024-03-30",
    "after:2024-03-31T10:00:00Z",
    "on:2024-03-31",
    "on:2024-03",
    "on:2023",
    "after:9999-12-31",
    "before:0001",
];

fn written() -> impl Strategy<Value = String> {
    let term = prop::sample::select(TERMS).prop_map(str::to_owned);
    term.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(one, other)| format!("{one} {other}")),
            two.prop_map(|(one, other)| format!("{one} OR {other}")),
            inner.clone().prop_map(|inner| format!("-({inner})")),
            inner.clone().prop_map(|inner| format!("NOT {inner}")),
            inner.prop_map(|inner| format!("({inner})")),
        ]
    })
}

fn messages() -> impl Strategy<Value = Message> {
    let authors = prop::sample::select(vec!["Alice", "bob", "me"]);
    let texts = prop::sample::select(vec!["", "a", "A b", "or http://x", "x:\"\\"]);
    // Around the day that is asked for, to the hour.
    let hours = prop_oneof![-36_i64..72, -20_000_i64..20_000];
    let mentions = prop::sample::select(vec!["", r#"[{"username":"Bob"}]"#, r#"[{"username":"all"}]"#, "{"]);
    let files = prop::sample::select(vec!["", r#"[{"name":"i","type":"image/png"}]"#, "[1]"]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (authors, texts, hours, mentions, files, flags).prop_map(
        |(author, text, hours, mentions, files, flags)| {
            let mut message = said(text);
            message.author.username = author.to_owned();
            message.sent_at = Time::parse("2024-03-31").unwrap().plus(hours * 3_600_000);
            message.mentions = Json::from_text(mentions);
            message.files = Json::from_text(files);
            message.pinned = flags.0.then(Pinned::default);
            message.kind = flags.1.then(|| "uj".to_owned());
            if flags.2 {
                message.reactions =
                    vec![Reaction { emoji: ":smile:".into(), usernames: vec![], names: vec![] }];
            }
            message
        },
    )
}

fn rooms() -> impl Strategy<Value = Room> {
    prop::sample::select(vec![Some("one"), Some("TWO"), Some("two words"), None]).prop_map(|name| {
        let mut room = room();
        room.name = name.map(str::to_owned);
        room
    })
}

/// Pieces that mean something, in no order, between pieces that mean nothing.
fn scribbled() -> impl Strategy<Value = String> {
    let signs = prop::sample::select(vec![
        "(", ")", "|", "\"", "\\", "-", " ", ":", "/", "@", "#", "OR", "NOT", "AND", "or", "from:", "in:",
        "on:", "before:", "has:", "me", "2024", "İ", "Σ",
    ]);
    let piece = prop_oneof![4 => signs.prop_map(str::to_owned), 1 => ".{0,4}"];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// What is printed is read again with another zone, by somebody else, and printed the same.
fn assert_is_read_again(query: &Query) -> Result<(), TestCaseError> {
    let printed = query.to_string();
    let again = Query::parse(&printed, &TimeZone::UTC, "someone");
    prop_assert_eq!(again.as_ref(), Ok(query), "{}", printed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_is_too_strange(text in prop_oneof![scribbled(), any::<String>()]) {
        match Query::parse(&text, &berlin(), "Bob") {
            Ok(query) => {
                assert_is_read_again(&query)?;
                query.matches(&said(&text), &room());
            }
            Err(error) => prop_assert!(error.position() <= text.chars().count()),
        }
    }

    #[test]
    fn a_word_in_quotes_finds_itself(text in "(?s).{1,20}") {
        let quoted = format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
        let message = said(&format!("Äx{text}y"));
        prop_assert!(finds(&quoted, &message), "{}", quoted);
    }

    #[test]
    fn a_printed_query_is_the_same_query(text in written()) {
        assert_is_read_again(&query(&text))?;
    }

    #[test]
    fn every_match_lies_within_the_window_and_in_a_room_that_may_match(
        text in written(), message in messages(), room in rooms()
    ) {
        let query = query(&text);
        if query.matches(&message, &room) {
            let (from, until) = query.window();
            prop_assert!(from.is_none_or(|from| message.sent_at >= from));
            prop_assert!(until.is_none_or(|until| message.sent_at < until));
            prop_assert!(query.may_match_room(&room));
        }
    }

    #[test]
    fn excluding_and_joining_mean_what_logic_says(
        one in written(), other in written(), message in messages(), room in rooms()
    ) {
        let matches = |text: String| query(&text).matches(&message, &room);
        let (is_one, is_other) = (matches(one.clone()), matches(other.clone()));
        prop_assert_eq!(matches(format!("-({one})")), !is_one);
        prop_assert_eq!(matches(format!("({one}) ({other})")), is_one && is_other);
        prop_assert_eq!(matches(format!("{one} OR {other}")), is_one || is_other);
    }
}
