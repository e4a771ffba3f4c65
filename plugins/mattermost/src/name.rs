//! Names that Mattermost accepts, and no two of them the same.
//!
//! A name that is good already stays. Any other gets a hash of itself behind what is good of it, and
//! so does a good one that looks as if it had one: no name can pass for another's.

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The longest name of a user, a channel or a team.
const LONGEST: usize = 64;
/// What is kept of a name before its hash.
const KEPT: usize = 40;
const HASH: usize = 16;

/// Names that mean everybody, or Mattermost itself.
const RESERVED_USERS: [&str; 7] = ["all", "channel", "here", "matterbot", "system", "playbooks", "calls"];

/// Beginnings that Mattermost keeps for its own addresses.
const RESERVED_TEAMS: [&str; 17] = [
    "admin",
    "api",
    "boards",
    "channel",
    "claim",
    "error",
    "files",
    "help",
    "landing",
    "login",
    "mfa",
    "oauth",
    "playbooks",
    "plug",
    "plugins",
    "post",
    "signup",
];

/// The name of the person with that login name.
pub(crate) fn user(username: &str) -> String {
    // A dot in these places would make no e-mail address.
    let dots = username.contains("..") || username.ends_with('.');
    let good = is_good(username, "._-") && username.starts_with(|c: char| c.is_ascii_lowercase()) && !dots;
    if good && !RESERVED_USERS.contains(&username) { username.to_owned() } else { hashed(username) }
}

/// The name of the channel with that name.
pub(crate) fn channel(name: &str) -> String {
    // Two underscores stand in the names of direct messages.
    let good =
        is_good(name, "_-") && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.contains("__");
    if good { name.to_owned() } else { hashed(name) }
}

fn is_good(name: &str, signs: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || signs.contains(c))
        && !looks_hashed(name)
}

fn looks_hashed(name: &str) -> bool {
    let hash = |hash: &str| hash.len() == HASH && hash.chars().all(|c| c.is_ascii_hexdigit());
    name.rsplit_once('-').is_some_and(|(_, end)| hash(end))
}

fn hashed(name: &str) -> String {
    use std::fmt::Write;

    let kept = name.chars().map(|c| c.to_ascii_lowercase()).filter(char::is_ascii_alphanumeric);
    let kept: String = kept.skip_while(char::is_ascii_digit).take(KEPT).collect();
    let mut hashed = if kept.is_empty() { "x".to_owned() } else { kept };
    hashed.push('-');
    for byte in &Sha256::digest(name.as_bytes())[..HASH / 2] {
        write!(hashed, "{byte:02x}").expect("a string takes everything");
    }
    hashed
}

/// The name of a team, as a request may choose it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TeamName(pub(crate) String);

impl Default for TeamName {
    fn default() -> Self {
        Self("roomscribe".to_owned())
    }
}

impl TryFrom<String> for TeamName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = (2..=LONGEST).contains(&name.len())
            && name.chars().all(part)
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-');
        if !good {
            return Err(format!("team {name:?}: use 2 to 64 of a-z, 0-9 and '-', beginning with a letter"));
        }
        if let Some(reserved) = RESERVED_TEAMS.iter().find(|reserved| name.starts_with(**reserved)) {
            return Err(format!(
                "team {name:?}: Mattermost keeps names that begin with {reserved:?}; use another"
            ));
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use export_sdk::conformance::{HOSTILE_NAMES, HOSTILE_TEXTS};

    use super::*;

    #[test]
    fn good_names_stay() {
        for good in ["bob", "pete.quill", "yuki_t-2"] {
            assert_eq!(user(good), good);
        }
        assert_eq!(channel("night-of-lights_2"), "night-of-lights_2");
    }

    #[test]
    fn other_names_become_good_ones_and_stay_apart() {
        let odd = ["Bob", "bob.", "BOB", "all", "björn", "bj rn", "9lives", "a..b", "", "x-0123456789abcdef"];
        let mut taken = BTreeSet::from(["bob".to_owned()]);
        let names: BTreeSet<&str> = odd.iter().chain(HOSTILE_TEXTS).chain(HOSTILE_NAMES).copied().collect();
        for name in &names {
            let user = user(name);
            assert!(user.len() <= LONGEST && user.starts_with(|c: char| c.is_ascii_lowercase()), "{user}");
            assert!(user.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{user}");
            assert!(taken.insert(user.clone()), "{name:?} became {user:?}, which was taken");
        }
        let impostor = user("Bob");
        assert_ne!(user(&impostor), impostor, "nobody can take the name that another one got");
        assert!(channel("a__b") != "a__b" && channel(&channel("A b")) != channel("A b"));
    }

    #[test]
    fn a_team_has_a_name_that_mattermost_takes() {
        let team = |name: &str| TeamName::try_from(name.to_owned()).map(|team| team.0);
        assert_eq!(team("lighthouse-1").as_deref(), Ok("lighthouse-1"));
        for bad in ["", "a", "Team", "1st", "a b", "adminteam", "team-", "tëam"] {
            assert!(team(bad).is_err(), "{bad}");
        }
    }
}
