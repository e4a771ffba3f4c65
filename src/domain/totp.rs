//! Codes that change every thirty seconds (RFC 6238): SHA-1, six digits, as every authenticator app
//! knows them.

use ring::hmac;

use super::Time;

/// Seconds for which a code is shown.
const PERIOD: i64 = 30;
/// Bytes of a secret: as many as the hash has.
pub const SECRET_LENGTH: usize = 20;

/// The number of the period that `now` lies in.
pub fn step(now: Time) -> u64 {
    u64::try_from(now.millis() / 1000 / PERIOD).unwrap_or(0)
}

/// The code of a period: six digits, leading zeros included.
pub fn code(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let start = usize::from(bytes[bytes.len() - 1] & 0x0f);
    let cut = bytes[start..start + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (cut & 0x7fff_ffff) % 1_000_000)
}

/// The period not before `earliest` whose code this is, at most `delta` away from that of `now`.
pub fn find_step(secret: &[u8], given: &str, now: Time, delta: u64, earliest: u64) -> Option<u64> {
    let current = step(now);
    let steps = current.saturating_sub(delta).max(earliest)..=current + delta;
    // All are compared, whichever fits: how long it takes says nothing.
    steps.filter(|step| code(secret, *step) == given).max()
}

/// The secret as people type it into an app: base32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digit = |group: &[u8]| {
        let mut five = [0; 8];
        for (place, bits) in group.iter().enumerate() {
            five[place] = *bits;
        }
        let number = u64::from_be_bytes([0, 0, 0, five[0], five[1], five[2], five[3], five[4]]);
        let digits = (group.len() * 8).div_ceil(5);
        (0..digits).map(move |place| {
            let index = usize::try_from(number >> (35 - 5 * place) & 31).unwrap_or(0);
            char::from(DIGITS[index])
        })
    };
    bytes.chunks(5).flat_map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the RFC's test vectors.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, expected) in vectors {
            assert_eq!(code(SECRET, step(Time::from_millis(seconds * 1000))), expected, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_so_many_periods_before_and_after_its_own() {
        let at = |seconds: i64| Time::from_millis(seconds * 1000);
        let fits = |seconds, delta, earliest| find_step(SECRET, "287082", at(seconds), delta, earliest);
        assert_eq!(fits(59, 0, 0), Some(1));
        assert_eq!((fits(60, 0, 0), fits(29, 0, 0)), (None, None));
        assert_eq!((fits(89, 1, 0), fits(0, 1, 0)), (Some(1), Some(1)));
        assert_eq!(fits(90, 1, 0), None);
        assert_eq!(fits(59, 1, 2), None, "it was used before");
    }

    #[test]
    fn secrets_are_written_as_the_rfc_of_base32_says() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let written = ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"];
        assert_eq!(texts.map(|text| base32(text.as_bytes())), written);
    }
}
