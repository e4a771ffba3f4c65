//! Points in time: milliseconds since 1970, UTC, and the many ways people write them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::fmt::{rfc2822, temporal::DateTimePrinter};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_207_200_000;
/// Milliseconds of a day.
pub const DAY: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(i64);

impl Time {
    /// The given instant; what lies outside the years 1 to 9999 is moved to their ends.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// The computer's clock.
    pub fn from_system(clock: SystemTime) -> Self {
        let since = clock.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(LAST))
    }

    /// Milliseconds since 1970, negative before.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` later.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; zero if it is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).expect("the constructor keeps the range")
    }

    /// The UTC day, `2024-03-15`.
    pub fn day(self) -> Date {
        self.to_jiff().to_zoned(TimeZone::UTC).date()
    }

    /// Reads what `Date.parse` reads: an ISO date (midnight UTC), an ISO date-time with or without
    /// zone (UTC then), RFC 2822. `None` if it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = text.as_bytes();
        let dated = bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-';
        if !dated {
            let zoned = rfc2822::parse(text).ok()?;
            return Some(Self::from_millis(zoned.timestamp().as_millisecond()));
        }
        if text.len() == 10 {
            return text.parse::<Date>().ok().and_then(|date| Self::from_civil(date.at(0, 0, 0, 0)));
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self::from_millis(instant.as_millisecond()));
        }
        // The library cannot hold the very last day in UTC, which clients send for "everything".
        text.trim_end_matches('Z').parse::<DateTime>().ok().and_then(Self::from_civil)
    }

    fn from_civil(civil: DateTime) -> Option<Self> {
        if civil.year() > 9998 {
            return Some(Self(LAST));
        }
        let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
        Some(Self::from_millis(zoned.timestamp().as_millisecond()))
    }
}

/// `2024-03-15T10:20:30.123Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PRINTER.print_timestamp(&self.to_jiff(), jiff::fmt::StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let same = Time::from_millis(1_710_498_030_123);
        assert_eq!(Time::parse("2024-03-15T10:20:30.123Z"), Some(same));
        assert_eq!(Time::parse("2024-03-15T12:20:30.123+02:00"), Some(same));
        assert_eq!(Time::parse("2024-03-15T10:20:30.123"), Some(same));
        assert_eq!(Time::parse("2024-03-15").unwrap().to_string(), "2024-03-15T00:00:00.000Z");
        assert_eq!(Time::parse("Fri, 15 Mar 2024 10:20:30 GMT").unwrap().millis(), 1_710_498_030_000);
        assert!(Time::parse("0001-01-01T00:00:00.000Z").unwrap() < Time::parse("1999-01-01").unwrap());
        assert!(Time::parse("9999-12-31T23:59:59.000Z").unwrap() > same);
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "tomorrow",
            "2024-13-01",
            "2024-02-30",
            "2024-3-1",
            "1710498030123",
            "2024-03-15Tx",
            "🕰️2024-03",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
