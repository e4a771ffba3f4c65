//! The promise of the format: a reader of Markdown finds the messages, all of them, and nothing
//! that runs, loads or leads astray. Every document is read back with all extensions there are.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{HOSTILE_TEXTS, render, sample_messages};
use export_sdk::{Author, Message, Reaction, Registry, Settings, Timestamp};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use serde_json::Value;

const DAY: i64 = 1_710_460_800_000;

fn document(messages: &[Message<'_>]) -> String {
    let mut registry = Registry::default();
    let settings = Settings::new("markdown", toml::Table::new(), "");
    export_markdown::register(&mut registry, &settings).unwrap();
    let files = render(registry.format("markdown").unwrap(), &Value::Null, messages).unwrap();
    String::from_utf8(files.into_values().next().unwrap()).unwrap()
}

/// What a reader finds in a document.
#[derive(Debug, Default)]
struct Found {
    titles: usize,
    days: usize,
    /// Paragraphs outside of quotes that begin with strong or emphasized text: who wrote, or did.
    authors: usize,
    /// The text of each outermost quote.
    quotes: Vec<String>,
}

/// Reads the document; panics at anything that must not be in one.
fn read(document: &str, options: Options) -> Found {
    let mut found = Found::default();
    let (mut depth, mut begun, mut addresses) = (0, false, Vec::new());
    for event in Parser::new_ext(document, options) {
        let first = std::mem::take(&mut begun);
        let mut said = String::new();
        match event {
            Event::Start(Tag::BlockQuote(None)) => {
                if depth == 0 {
                    found.quotes.push(String::new());
                }
                depth += 1;
            }
            Event::End(TagEnd::BlockQuote(_)) => depth -= 1,
            Event::Start(Tag::Paragraph) => begun = depth == 0,
            Event::Start(Tag::Strong | Tag::Emphasis) => found.authors += usize::from(first),
            Event::Start(Tag::Heading { level, id, classes, attrs }) => {
                assert!(depth == 0 && id.is_none() && classes.is_empty() && attrs.is_empty());
                if level as usize == 1 { found.titles += 1 } else { found.days += 1 }
            }
            Event::Start(Tag::Link { link_type, dest_url, title, .. }) => {
                assert!(title.is_empty());
                let safe = ["https://", "http://", "mailto:", "assets/"];
                let address = dest_url.to_ascii_lowercase();
                assert!(safe.iter().any(|safe| address.starts_with(safe)), "{dest_url}");
                assert!(matches!(link_type, LinkType::Inline | LinkType::Autolink), "{link_type:?}");
                addresses.push((link_type == LinkType::Inline).then(|| dest_url.to_string()));
            }
            Event::End(TagEnd::Link) => {
                let address = addresses.pop().unwrap().unwrap_or_default();
                said = percent_decode_str(&address).decode_utf8_lossy().into_owned();
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                assert!(dest_url.starts_with("assets/"), "{dest_url}");
            }
            Event::Start(Tag::CodeBlock(kind)) => match kind {
                pulldown_cmark::CodeBlockKind::Fenced(language) => said = language.to_string(),
                pulldown_cmark::CodeBlockKind::Indented => panic!("an indented block of code"),
            },
            Event::Text(text) | Event::Code(text) => said = text.to_string(),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                said.push('\n');
            }
            Event::Rule => assert_eq!(depth, 0, "typed text makes no rule"),
            Event::Start(Tag::List(number)) => assert_eq!(number, None, "typed numbers stay"),
            Event::Start(Tag::Item | Tag::Strikethrough) | Event::End(_) => {}
            other => panic!("a reader finds {other:?}"),
        }
        if depth > 0 {
            found.quotes.last_mut().unwrap().push_str(&said);
        }
    }
    found
}

fn both(document: &str) -> Found {
    read(document, Options::empty());
    read(document, Options::all() - Options::ENABLE_SMART_PUNCTUATION)
}

/// Pieces that mean something in some Markdown, and some that do not.
fn hostile() -> impl Strategy<Value = String> {
    let marks = "# |## |===|---|***|___|> |>|- |* |+ |1. |2) |(1) |a. |```|```rust|~~~|`|``|*|**|_|__|~|~~\
        |[|](|)|!|[x]: |[^1]|[^1]: |[[|]]|[ ] |[!NOTE]|<|>|</|<!--|-->|<div>|&|&amp;|&#60;|\\|$|$$|^|{|}|{#a .b}\
        |:|: |:::|::|+++|%|@al|https://x.y/a_b|http://|javascript:x|<https://x>|www.x.y|a@b.c|abc|x y|é|👩| |    \
        |\t|\u{a0}|\u{200b}|\u{2003}|1|.|\"|'|,";
    let marks: Vec<String> =
        marks.split('|').map(str::to_owned).chain(["|".into(), "|-|-|".into()]).collect();
    let breaks = prop::sample::select(vec!["\n", "\n", "\n\n", "\r\n", "\r", "\u{2028}"]);
    let known = prop::sample::select(HOSTILE_TEXTS).prop_map(str::to_owned);
    let part = prop_oneof![
        8 => prop::sample::select(marks),
        3 => breaks.prop_map(str::to_owned),
        1 => known,
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

/// What no mark consists of: marks may be understood, everything else must be there.
fn letters(text: &str) -> String {
    let mark = |c: char| c.is_whitespace() || "*_~`>-[]()".contains(c);
    text.chars().filter(|c| !mark(*c)).collect()
}

fn visible(text: &str) -> String {
    export_sdk::plain_lines(text).collect::<Vec<_>>().join("\n")
}

fn author(name: &str) -> Author<'_> {
    Author { id: "u1", username: name, name: Some(name) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_reader_finds_every_message_and_nothing_else(texts in prop::collection::vec((hostile(), hostile()), 1..5)) {
        let messages: Vec<Message<'_>> = texts.iter().enumerate().map(|(number, (name, text))| {
            let at = Timestamp::from_millis(DAY + i64::try_from(number).unwrap() * 86_400_000);
            let mut message = Message::new("m1", "r1", author(name), at, text);
            message.thread = (number % 3 == 1).then_some("m1");
            message.kind = (number % 4 == 3).then_some("au");
            message.reactions = vec![Reaction { emoji: text, usernames: vec![name], names: vec![] }];
            message
        }).collect();
        let document = document(&messages);
        let found = both(&document);
        prop_assert_eq!(found.titles, 1);
        let days = messages.iter().filter(|message| message.thread.is_none()).count();
        prop_assert_eq!(found.days, days, "{}", document);
        prop_assert_eq!(found.authors, messages.len(), "{}", document);
        let typed: Vec<String> = messages.iter()
            .filter(|message| message.kind.is_none())
            .map(|message| letters(&visible(message.text)))
            .filter(|text| !text.is_empty())
            .collect();
        let quoted: Vec<String> = found.quotes.iter()
            .map(|text| letters(text))
            .filter(|text| !text.is_empty())
            .collect();
        prop_assert_eq!(quoted, typed, "{}", document);
    }

    #[test]
    fn plain_texts_come_back_as_they_were(
        text in "[a-zA-Z0-9é.,;:!?'\"/%=@&<#(){}|$^+-]{1,9}( [a-zA-Z0-9é.,;!?'\"=@&<#(){}|$^+-]{1,9}){0,5}"
    ) {
        prop_assume!(!text.contains("http") && !text.starts_with("- "));
        let document = document(&[Message::new("m1", "r1", author("bob"), Timestamp::from_millis(DAY), &text)]);
        let found = both(&document);
        prop_assert_eq!(found.quotes, [text + "\n"]);
    }
}

#[test]
fn the_sample_is_read_whole() {
    let messages = sample_messages();
    let found = both(&document(&messages));
    assert_eq!((found.titles, found.days, found.authors), (1, 1, messages.len()));
}

#[test]
fn code_and_line_breaks_come_back_as_they_were() {
    let code = "fn main() {\n\n    let ``` = `1`;\n# <b>\n}";
    let text = format!("one\ntwo\n```rust\n{code}\n```\nthree");
    let message = Message::new("m1", "r1", author("bob"), Timestamp::from_millis(DAY), &text);
    assert_eq!(both(&document(&[message])).quotes, [format!("one\ntwo\nrust{code}\nthree\n")]);
}
