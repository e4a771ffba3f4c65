//! What each term finds, how terms bind, and what is said about mistakes.

mod mistakes;
mod properties;

use super::*;
use crate::domain::message::{Edited, Pinned, Reaction, Replies};
use crate::domain::{Json, MessageId, RoomId, RoomKind, UserId, UserRef};

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("the time zones are part of the program")
}

fn query(text: &str) -> Query {
    Query::parse(text, &berlin(), "Bob").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn room() -> Room {
    let name = Some("General".to_owned());
    Room::new(RoomId::new("GeneralId"), RoomKind::Channel, name, None, Time::default())
}

fn said(text: &str) -> Message {
    let author = UserRef { id: UserId::new("AliceId"), username: "Alice".to_owned(), name: None };
    let sent_at = Time::parse("2024-03-31T10:00:00Z").unwrap();
    Message::new(MessageId::new("m"), RoomId::new("GeneralId"), author, sent_at, text)
}

fn sent(at: &str) -> Message {
    let mut message = said("hello");
    message.sent_at = Time::parse(at).unwrap();
    message
}

fn finds(text: &str, message: &Message) -> bool {
    query(text).matches(message, &room())
}

/// Each query finds what was said, respectively does not.
fn assert_finds(message: &Message, found: &[&str], not_found: &[&str]) {
    for text in found {
        assert!(finds(text, message), "{text} must find it");
    }
    for text in not_found {
        assert!(!finds(text, message), "{text} must not find it");
    }
}

#[test]
fn no_terms_find_everything() {
    assert!(query("").is_empty());
    assert!(query("  \n").matches(&said(""), &room()));
    assert!(!query("a").is_empty());
    assert_eq!(query("").window(), (None, None));
}

#[test]
fn words_are_found_anywhere_in_the_text_in_any_case() {
    let message = said("Released the STRAẞE, see \"C:\\dir\" (12:30)");
    assert_finds(
        &message,
        &["lease", "RELEASED the", "straße", r#""released the""#, r#""C:\dir""#, r#""\"c:\\d""#, "12:30"],
        &["leased-x", r#""the released""#, "strasse", "released missing"],
    );
    assert_finds(&said("see http://x/y"), &["http://x", "HTTP://X/Y"], &["https://x"]);
}

#[test]
fn authors_are_found_by_login_name_or_id() {
    let message = said("x");
    assert_finds(
        &message,
        &["from:alice", "FROM:@ALICE", r#"from:"alice""#, "from:aliceid", "-from:me"],
        &["from:alic", "from:bob", "from:me"],
    );
    let mut own = said("x");
    own.author.username = "bob".to_owned();
    assert_finds(&own, &["from:me"], &[r#"from:"me""#]);
}

#[test]
fn mentions_are_found_by_login_name() {
    let mut message = said("x");
    assert_finds(&message, &[], &["mentions:bob", "has:mention"]);
    message.mentions = Json::from_text("[]");
    assert_finds(&message, &[], &["mentions:bob", "has:mention"]);
    message.mentions = Json::from_text(r#"[5,{"username":7},{"_id":"u","username":"Bob"}]"#);
    assert_finds(
        &message,
        &["mentions:BOB", "mentions:@bob", "mentions:me", "has:mention"],
        &["mentions:bo"],
    );
}

#[test]
fn rooms_are_found_by_name_or_id() {
    let message = said("x");
    assert_finds(
        &message,
        &["in:general", "in:#GENERAL", "in:generalid", "-in:other"],
        &["in:gen", "in:other"],
    );
}

#[test]
fn rooms_that_cannot_match_are_told_unread() {
    let other = Room::new(RoomId::new("o"), RoomKind::Direct, None, None, Time::default());
    for (text, general, unnamed) in [
        ("word", true, true),
        ("in:general word", true, false),
        ("in:general | word", true, true),
        ("in:general | in:o", true, true),
        ("-in:general", false, true),
        ("-(in:general word)", true, true),
        ("-(in:general | word)", false, true),
        ("in:general in:o", false, false),
    ] {
        let query = query(text);
        assert_eq!(
            (query.may_match_room(&room()), query.may_match_room(&other)),
            (general, unnamed),
            "{text}"
        );
    }
}

#[test]
fn files_are_found_by_their_kind() {
    let mut message = said("x");
    assert_finds(&message, &[], &["has:file", "has:image"]);
    message.file = Json::from_text(r#"{"_id":"f","name":"a.png","type":"Image/png"}"#);
    assert_finds(&message, &["has:file", "has:image"], &["has:video", "has:audio", "has:attachment"]);
    message.files = Json::from_text(r#"[{"_id":"f","type":"video/mp4"},{"name":"b","type":"audio/ogg"}]"#);
    assert_finds(&message, &["has:file has:video has:audio"], &["has:image"]);
    message.files = Json::from_text(r#"[{"name":"thumb-a.png","type":"image/png"}]"#);
    assert_finds(&message, &[], &["has:file", "has:image"]);
    message.files = Json::from_text(r#"[{"_id":"untyped"}]"#);
    assert_finds(&message, &["has:file"], &["has:image"]);
    message.attachments = Json::from_text(r#"[{"text":"quote"}]"#);
    assert_finds(&message, &["has:attachment"], &[]);
}

#[test]
fn links_are_found_in_lists_and_texts() {
    assert_finds(&said("see HTTPS://x.y"), &["has:link"], &[]);
    let mut message = said("see x.y");
    message.urls = Json::from_text("[ ]");
    assert_finds(&message, &[], &["has:link"]);
    message.urls = Json::from_text(r#"[{"url":"x.y"}]"#);
    assert_finds(&message, &["has:link"], &[]);
}

#[test]
fn reactions_are_found_by_their_emoji() {
    let mut message = said("x");
    assert_finds(&message, &[], &["has:reaction", "has::smile:"]);
    message.reactions =
        vec![Reaction { emoji: ":Smile:".to_owned(), usernames: Vec::new(), names: Vec::new() }];
    assert_finds(&message, &["has:reaction", "has::smile:"], &["has::tada:"]);
}

#[test]
fn states_are_found() {
    let states = ["is:pinned", "has:pin", "is:edited", "is:system", "is:thread", "has:thread", "is:reply"];
    assert_finds(&said("x"), &[], &states);
    let only = |wanted: &[&str], change: &dyn Fn(&mut Message)| {
        let mut message = said("x");
        change(&mut message);
        let others: Vec<&str> = states.into_iter().filter(|state| !wanted.contains(state)).collect();
        assert_finds(&message, wanted, &others);
    };
    only(&["is:pinned", "has:pin"], &|message| message.pinned = Some(Pinned::default()));
    only(&["is:edited"], &|message| {
        message.edited =
            Some(Edited { at: message.sent_at, by: UserId::new("u"), by_username: "u".to_owned() });
    });
    only(&["is:system"], &|message| message.kind = Some("uj".to_owned()));
    only(&[], &|message| message.kind = Some(String::new()));
    only(&["is:thread", "has:thread"], &|message| {
        message.replies = Some(Replies { count: 1, ..Replies::default() });
    });
    only(&[], &|message| message.replies = Some(Replies::default()));
    only(&["is:reply"], &|message| message.thread = Some(MessageId::new("t")));
}

#[test]
fn the_day_the_clock_changes_has_23_hours() {
    let (first, last) = (sent("2024-03-30T23:00:00Z"), sent("2024-03-31T21:59:59.999Z"));
    let (before, after) = (sent("2024-03-30T22:59:59.999Z"), sent("2024-03-31T22:00:00Z"));
    assert_finds(&first, &["on:2024-03-31"], &["before:2024-03-31", "after:2024-03-31"]);
    assert_finds(&last, &["on:2024-03-31", "on:2024-03", "on:2024"], &["after:2024-03", "before:2024-03"]);
    assert_finds(&before, &["before:2024-03-31", "-on:2024-03-31"], &["after:2024-03-30"]);
    assert_finds(&after, &["after:2024-03-31", "after:2024-03", "-on:2024-03-31"], &["after:2024"]);
}

#[test]
fn an_instant_is_neither_before_nor_after_itself() {
    let message = sent("2024-03-31T12:30:00Z");
    assert_finds(
        &message,
        &["after:2024-03-31T12:29:59.999Z", "before:2024-03-31T12:30:00.001Z", "after:2024-03-31T14:29"],
        &["after:2024-03-31T14:30", "before:2024-03-31T14:30", "before:2024-03-31T14:30:00+02:00"],
    );
}

#[test]
fn not_binds_closest_and_or_least() {
    let message = said("a b");
    assert_finds(
        &message,
        &[
            "a b",
            "x|a",
            "x OR a",
            "x or a",
            "a b | x",
            "x y | a",
            "-x a",
            "NOT x",
            "NOT NOT a",
            "--a",
            "a AND b",
        ],
        &["-a", "NOT a", "x a | y", "-x y", "x AND a", "a -b", "-(a b)", "-(x | a)", "--x", "a NOT b"],
    );
    assert_finds(
        &message,
        &["(x | a) b", "-(a x)", "a(x|b)", "-(-(a))"],
        &["(x | a) y", "x | a y", "a -(x|b)"],
    );
    // Lower case `not` and `and` are words, as operators in quotes are.
    assert_finds(&said("not and"), &["not", "and", r#""NOT""#, r#""AND""#], &[r#""or""#]);
}

#[test]
fn the_window_is_what_all_terms_leave() {
    let time = |text: &str| Some(Time::parse(text).unwrap());
    for (text, from, until) in [
        ("word", None, None),
        ("after:2024-03-31 x", time("2024-03-31T22:00:00Z"), None),
        ("before:2024-04-01", None, time("2024-03-31T22:00:00Z")),
        ("on:2024-03 before:2024-03-31", time("2024-02-29T23:00:00Z"), time("2024-03-30T23:00:00Z")),
        ("on:2024-03 | on:2024-12", time("2024-02-29T23:00:00Z"), time("2024-12-31T23:00:00Z")),
        ("on:2024-03 | after:2023", time("2023-12-31T23:00:00Z"), None),
        ("on:2024-03 | word", None, None),
        ("-on:2024-03", None, None),
    ] {
        assert_eq!(query(text).window(), (from, until), "{text}");
    }
}

#[test]
fn the_printed_query_tells_what_is_asked_exactly() {
    for (text, printed) in [
        ("((Foo)  AND (b)) | c", "foo b OR c"),
        ("FROM:@Alice -Has:PIN NOT is:edited", "from:alice -has:pin -is:edited"),
        ("mentions:me", "mentions:bob"),
        (r##"from:"me" in:"#A b""##, r#"from:"me" in:"a b""#),
        (r#""or" "a:b" "-x" "a" "q\"\\""#, r#""or" "a:b" "-x" a "q\"\\""#),
        (r#"in:"/x" "a:" "http://x" "12:30""#, r#"in:"/x" "a:" http://x 12:30"#),
        ("-(a | b) (c | d)", "-(a OR b) (c OR d)"),
        ("-on:2024-03-31", "-(after:2024-03-30T22:59:59.999Z before:2024-03-31T22:00:00.000Z)"),
    ] {
        assert_eq!(query(text).to_string(), printed);
        assert_eq!(Query::parse(printed, &TimeZone::UTC, "").unwrap(), query(text), "{printed}");
    }
}
