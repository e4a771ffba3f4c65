//! Points in time, as Rocket.Chat keeps them: milliseconds since 1970, UTC.

use std::fmt;

use serde::{Serialize, Serializer};

const DAY: i64 = 86_400_000;
/// The years 0001 to 9999, less the last day: what the calendar library can print.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_207_200_000;

/// Milliseconds since 1970-01-01T00:00:00Z. Prints and serializes as `2024-03-15T10:20:30.123Z`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The given instant; what lies outside the years 1 to 9999 is moved to their ends.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Milliseconds since 1970, negative before.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The same instant for calendar arithmetic and other ways of printing.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).expect("the constructor keeps the range")
    }

    /// As it prints, in bytes of ASCII. Every message has two of these: this takes no formatter.
    fn digits(self) -> [u8; 24] {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let millis = self.0.rem_euclid(DAY);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let fields = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, millis / 3_600_000),
            (14, 2, millis / 60_000 % 60),
            (17, 2, millis / 1000 % 60),
            (20, 3, millis % 1000),
        ];
        for (start, length, mut number) in fields {
            for place in text[start..start + length].iter_mut().rev() {
                *place += u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
            }
        }
        text
    }

    /// The UTC day, as `2024-03-15`.
    pub fn day(self) -> jiff::civil::Date {
        self.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// The same instant as clocks in `zone` showed it.
    pub fn zoned(self, zone: &jiff::tz::TimeZone) -> jiff::Zoned {
        self.to_jiff().to_zoned(zone.clone())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).expect("digits are ASCII"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.digits()).expect("digits are ASCII"))
    }
}

/// Year, month and day, of the days since 1970. Years are counted from March here, so that the leap
/// day is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097; // the days of 400 years
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_instant_is_printed_as_the_calendar_library_prints_it(millis in FIRST..=LAST, day in FIRST / DAY..LAST / DAY) {
            for millis in [millis, day * DAY, day * DAY - 1] {
                let time = Timestamp::from_millis(millis);
                prop_assert_eq!(time.to_string(), format!("{:.3}", time.to_jiff()));
            }
        }
    }

    #[test]
    fn prints_iso_with_milliseconds() {
        assert_eq!(Timestamp::from_millis(1_710_498_030_123).to_string(), "2024-03-15T10:20:30.123Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0001-01-01T00:00:00.000Z");
    }
}
