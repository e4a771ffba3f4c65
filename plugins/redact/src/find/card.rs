//! Payment cards: 13 to 19 digits in a row or in groups with blanks or dashes between, beginning as
//! cards do (2 to 6, 8), whose check digit (Luhn) is right.

use std::ops::Range;

use super::digits::{begins, ends, gap, groups};

/// Numbers of payment cards.
pub(crate) fn card(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(|c| matches!(c, '2'..='6' | '8')) {
        if found.last().is_some_and(|last| start < last.end) || !begins(text, start) {
            continue;
        }
        let ways = groups(text, start, 19, gap).into_iter().rev();
        let mut cards = ways.take_while(|(digits, _)| *digits >= 13);
        if let Some((_, end)) = cards.find(|(_, end)| ends(text, *end) && luhn(&text[start..*end])) {
            found.push(start..end);
        }
    }
    found
}

fn luhn(number: &str) -> bool {
    let digits = number.chars().rev().filter_map(|c| c.to_digit(10)).enumerate();
    let sum: u32 = digits
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::found;

    #[test]
    fn cards_are_found_in_every_usual_spelling() {
        let cards = [
            "4111111111111111",
            "5500 0000 0000 0004",
            "3782-822463-10005",
            "6011\u{a0}1111\u{a0}1111\u{a0}1117",
            "4222222222222",
        ];
        for number in cards {
            assert_eq!(found(card, number), [number]);
            assert_eq!(found(card, &format!("pay 17 {number} 12/29.")), [number]);
        }
    }

    #[test]
    fn other_long_numbers_stay() {
        for text in
            ["4111111111111112", "1710498030126", "a4111111111111111", "41111111111111111111111", "4111 1111"]
        {
            assert_eq!(found(card, text), [""; 0], "{text}");
        }
    }
}
