//! Numbers as text: small ones take one character, each further character holds five bits more.
//!
//! The lowest digit comes first; a digit of 32 or more says that another one follows.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Adds a number.
#[inline]
pub(super) fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 32 {
        out.push(digit(32 + number % 32));
        number /= 32;
    }
    out.push(digit(number));
}

/// Adds a number that may be negative: the lowest bit is its sign.
pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    push(out, number.unsigned_abs() * 2 - u64::from(number < 0));
}

fn digit(value: u64) -> u8 {
    DIGITS[(value % 64) as usize]
}

/// Reads what [`push`] wrote, as the script does.
#[cfg(test)]
pub(super) fn read(text: &str) -> Vec<u64> {
    let (mut numbers, mut value, mut scale) = (Vec::new(), 0, 1);
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|known| *known == byte).expect("a digit") as u64;
        value += digit % 32 * scale;
        scale *= 32;
        if digit < 32 {
            numbers.push(value);
            (value, scale) = (0, 1);
        }
    }
    assert_eq!(scale, 1, "the last number is complete");
    numbers
}

/// Takes the sign out of a number that [`push_signed`] wrote.
#[cfg(test)]
pub(super) fn signed(number: u64) -> i64 {
    let half = i64::try_from(number.div_ceil(2)).expect("small");
    if number % 2 == 1 { -half } else { half }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_are_short() {
        for (number, text) in [(0, "A"), (31, "f"), (32, "gB"), (1023, "_f"), (1024, "ggB")] {
            let mut out = Vec::new();
            push(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(numbers: Vec<u32>, others: Vec<i32>) {
            let (mut text, mut signs) = (Vec::new(), Vec::new());
            for number in &numbers {
                push(&mut text, u64::from(*number));
            }
            for number in &others {
                push_signed(&mut signs, i64::from(*number));
            }
            let back: Vec<u64> = read(std::str::from_utf8(&text).unwrap());
            prop_assert_eq!(back, numbers.into_iter().map(u64::from).collect::<Vec<_>>());
            let back: Vec<i64> = read(std::str::from_utf8(&signs).unwrap()).into_iter().map(signed).collect();
            prop_assert_eq!(back, others.into_iter().map(i64::from).collect::<Vec<_>>());
        }
    }
}
