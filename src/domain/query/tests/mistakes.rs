//! What is said about queries that cannot be read.

use super::*;

fn mistake(text: &str) -> QueryError {
    Query::parse(text, &berlin(), "").expect_err(text)
}

fn assert_mistake(text: &str, position: usize, says: &[&str]) {
    let error = mistake(text);
    assert_eq!(error.position(), position, "{text}: {error}");
    for part in says {
        assert!(error.message().contains(part), "{text}: {error}");
    }
}

#[test]
fn a_mistake_names_its_term_its_place_and_what_to_write() {
    assert_mistake("ä form:alice", 2, &["form:", "from:, mentions:", "\"form:alice\""]);
    assert_mistake("TODO: fix", 0, &["TODO:", "quotes"]);
    assert_mistake("has:star", 0, &["has:star", "file, image", "has::smile:"]);
    assert_mistake("is:starred", 0, &["is:starred", "pinned, edited"]);
    assert_mistake("has:", 0, &["Known are"]);
    assert_mistake("x from:", 2, &["from:"]);
    assert_mistake("in:#", 0, &["in:"]);
    assert_mistake("from:me", 0, &["from:me", "login name"]);
    assert_mistake("before:tomorrow", 0, &["before:tomorrow", "2024-03-31"]);
    assert_mistake("on:2024-03-31T10:00", 0, &["on:2024-03-31T10:00", "a day"]);
    assert_eq!(mistake("x has:star").to_string().split(" (").last(), Some("At character 3.)"));
}

#[test]
fn what_is_missing_is_pointed_at() {
    for (text, position) in [
        ("a OR", 4),
        ("OR a", 0),
        ("a | | b", 4),
        ("a AND", 5),
        ("AND a", 0),
        ("a NOT", 5),
        ("-(", 2),
        ("()", 1),
        ("-|a", 1),
    ] {
        assert_mistake(text, position, &["missing"]);
    }
    assert_mistake("a - b", 2, &["\"-\""]);
    assert_mistake("a -", 2, &["\"-\""]);
    assert_mistake("a (b", 2, &["never closed"]);
    assert_mistake("a) b", 1, &["closes nothing"]);
    assert_mistake("a \"b c", 2, &["quote before b c"]);
    assert_mistake("a \"b\\\"", 2, &["never closed"]);
    assert_mistake("a \"\"", 2, &["nothing between"]);
}

#[test]
fn what_a_mistake_repeats_is_short_and_on_one_line() {
    let error = mistake(&format!("x:\u{1b}{}", "y".repeat(1_000)));
    assert!(error.message().len() < 300, "{error}");
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}

#[test]
fn too_much_is_refused() {
    let nested = |depth: usize, inner: &str| format!("{}{inner}{}", "(".repeat(depth), ")".repeat(depth));
    assert!(query(&nested(32, "a")).matches(&said("a"), &room()));
    assert_mistake(&nested(33, "a"), 32, &["32 times"]);
    assert_mistake(&nested(32, "-on:2024"), 33, &["32 times"]);
    assert_mistake(&"(".repeat(2_000), 32, &["32 times"]);

    assert!(query(&"a ".repeat(200)).matches(&said("a"), &room()));
    assert_mistake(&"a ".repeat(201), 400, &["200 terms"]);

    assert!(query(&"a".repeat(2_000)).window().0.is_none());
    assert_mistake(&"a".repeat(2_001), 2_000, &["2000 characters"]);
    assert_mistake(&"on:2024 ".repeat(50), 0, &["written out"]);
    assert!(query(&format!("{}a", "-".repeat(1_998))).matches(&said("a"), &room()));
}
