//! What is planted anywhere is gone, what only looks alike stays, and twice is once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::{Author, Message, Registry, Settings, Texts, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

fn redact(options: &Value, text: &str) -> String {
    let mut registry = Registry::default();
    transform_redact::register(&mut registry, &Settings::new("redact", toml::Table::new(), "data")).unwrap();
    let mut transformer = registry.transform("redact").unwrap().start(options).unwrap();
    let texts = Texts::new();
    let author = Author { id: "u", username: "u", name: None };
    let mut message = Message::new("m", "r", author, Timestamp::default(), text);
    transformer.message(&mut message, &texts).unwrap();
    message.text.to_owned()
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = |(place, digit): (usize, &u32)| {
        if place % 2 == 1 { [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][*digit as usize] } else { *digit }
    };
    digits.iter().rev().enumerate().map(doubled).sum()
}

/// Sixteen digits, in fours; the last makes it a card, or, moved by `off`, none.
fn card(digits: &[u32], off: u32, separator: &str) -> String {
    let mut digits: Vec<u32> = digits.to_vec();
    digits[0] = 4;
    digits.push(0);
    let check = (10 - luhn_sum(&digits) % 10) % 10;
    *digits.last_mut().unwrap() = (check + off) % 10;
    let fours: Vec<String> = digits.chunks(4).map(|four| four.iter().map(u32::to_string).collect()).collect();
    fours.join(separator)
}

fn digits() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..10_u32, 15)
}

fn separator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "-"])
}

/// Text made of what numbers and addresses are made of, and anything.
fn around() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", "[0-9 +()./@:,a-f\\-]{0,60}", "[0-9 ]{0,60}"]
}

proptest! {
    #[test]
    fn a_planted_address_is_gone(before in around(), after in around(), name in "[a-z]{3,9}[.+_-]?[a-z0-9]{3,9}") {
        let address = format!("{name}@planted.example");
        let left = redact(&Value::Null, &format!("{before} {address} {after}"));
        prop_assert!(!left.contains(&address) && !left.contains("planted"), "{left:?}");
    }

    #[test]
    fn a_planted_phone_number_is_gone(before in around(), after in around(), rest in "[1-9][0-9] [0-9]{3} [0-9]{4}") {
        for number in [format!("+4{rest}"), format!("0{rest}"), format!("00{rest}")] {
            let left = redact(&Value::Null, &format!("{before}; {number} {after}"));
            prop_assert!(!left.contains(&number), "{number} in {left:?}");
        }
    }

    #[test]
    fn a_planted_card_is_gone(before in around(), after in "[^0-9]{0,40}", digits in digits(), separator in separator()) {
        let card = card(&digits, 0, separator);
        let left = redact(&Value::Null, &format!("{before}; {card};{after}"));
        prop_assert!(!left.contains(&card), "{card} in {left:?}");
    }

    #[test]
    fn digits_that_are_no_card_stay(text in "[a-z ,.]{0,40}", digits in digits(), separator in separator(), off in 1..10_u32) {
        let number = card(&digits, off, separator);
        let text = format!("{text}; {number}; {text}");
        // The middle of a number in fours may well look like a phone number.
        let options = serde_json::json!({"kinds": ["card", "iban", "email"]});
        prop_assert_eq!(redact(&options, &text), text);
    }

    #[test]
    fn twice_is_once(
        texts in prop::collection::vec(around(), 1..4),
        replacement in prop_oneof![Just(Value::Null), Just("".into()), Just("█".into()), Just("x".into())],
    ) {
        let options = serde_json::json!({
            "kinds": ["email", "phone", "card", "iban", "ip"],
            "patterns": ["1+2", "^a", "(?:5 )+"],
            "replacement": replacement,
        });
        let once = redact(&options, &texts.concat());
        prop_assert_eq!(redact(&options, &once), once);
    }
}
