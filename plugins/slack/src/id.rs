//! Slack's ids, made from what is the same in every export: login names and room ids.
//!
//! A reaction knows its giver by login name only, so people's ids are made from that. 80 bits of a
//! hash: two names with one id do not happen.

use export_sdk::RoomKind;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The id of the person with that login name: `U` and 16 letters and digits.
pub(crate) fn user(username: &str) -> String {
    id('U', username)
}

/// The id of the room with that id here.
pub(crate) fn room(kind: RoomKind, room: &str) -> String {
    let letter = if kind == RoomKind::Direct { 'D' } else { 'C' };
    id(letter, room)
}

fn id(letter: char, of: &str) -> String {
    let hash = Sha256::digest(of.as_bytes());
    let mut id = String::with_capacity(17);
    id.push(letter);
    for five in hash[..10].chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            id.push(char::from(ALPHABET[usize::try_from(bits >> (5 * place) & 31).expect("less than 32")]));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_slacks_and_tell_names_apart() {
        let bob = user("bob");
        assert!(bob.len() == 17 && bob.starts_with('U'), "{bob}");
        assert!(bob.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{bob}");
        assert_eq!(bob, user("bob"));
        assert_ne!(bob, user("Bob"));
        assert_ne!(bob[1..], room(RoomKind::Channel, "GENERAL")[1..]);
    }
}
