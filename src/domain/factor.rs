//! What a user has besides a password to show who they are, and what the server has mailed to them.

use serde::{Deserialize, Serialize};

use super::{Time, totp};

/// The second factors of a user. Apart from the account: an account is shown, this never is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The app that shows codes, once it has proven to know the secret.
    pub totp: Option<Totp>,
    /// A secret that was shown and still has to be proven known.
    pub pending: Option<Secret>,
    /// Hashes of the codes for the day when the app is lost; each is good for once.
    pub backup_codes: Vec<[u8; 32]>,
    /// Whether codes go out by mail.
    pub email: bool,
}

/// An app that shows codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// What it shares with the server.
    pub secret: Secret,
    /// The first period whose code still counts: none is taken twice.
    pub earliest: u64,
}

/// A secret that has to be readable, for codes are computed from it. It does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl SecondFactor {
    /// Takes a code of the app, at most `delta` periods off, or a backup code, which hashes to
    /// `hash`. Whether it was right; then it is never right again.
    pub fn take(&mut self, code: &str, hash: &[u8; 32], now: Time, delta: u64) -> bool {
        let Some(totp) = &mut self.totp else { return false };
        if let Some(step) = totp::find_step(&totp.secret.0, code, now, delta, totp.earliest) {
            totp.earliest = step + 1;
            return true;
        }
        let place = self.backup_codes.iter().position(|known| known == hash);
        place.map(|place| self.backup_codes.remove(place)).is_some()
    }
}

/// What was mailed to a user to be sent back once: a link or a code, of which the hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// The hash of the secret part.
    pub hash: [u8; 32],
    /// Where it was sent: it is worth nothing once the user has another address.
    pub address: String,
    /// When it was made.
    pub made: Time,
    /// From then on it is worth nothing.
    pub expires: Time,
}

/// Hashes of the passwords that a user had before, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHistory(pub Vec<String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_taken_twice_and_nothing_is_taken_before_the_app_is_proven() {
        let secret = Secret(b"12345678901234567890".to_vec());
        let now = Time::from_millis(59_000);
        let mut factor = SecondFactor { pending: Some(secret.clone()), ..SecondFactor::default() };
        factor.backup_codes = vec![[1; 32], [2; 32]];
        assert!(!factor.take("287082", &[1; 32], now, 1), "only pending");
        factor.totp = Some(Totp { secret, earliest: 0 });
        assert!(factor.take("287082", &[0; 32], now, 1));
        assert!(!factor.take("287082", &[0; 32], now, 1));
        assert!(factor.take("backup", &[2; 32], now, 1));
        assert!(!factor.take("backup", &[2; 32], now, 1));
        assert_eq!(factor.backup_codes, [[1; 32]]);
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let secret = Secret(vec![77, 78]);
        assert_eq!(format!("{:?}", Totp { secret, earliest: 0 }), "Totp { secret: Secret(…), earliest: 0 }");
    }
}
