//! Dates and times as people read them, in UTC.

use std::fmt::{self, Display, Formatter};

use export_sdk::Timestamp;

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The number of the UTC day: equal for times of one day.
pub(crate) fn day_number(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY)
}

/// `10:20`.
pub(crate) struct Clock(pub(crate) Timestamp);

impl Display for Clock {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minutes = self.0.millis().rem_euclid(DAY) / MINUTE;
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// `15 Mar 2024`.
pub(crate) struct ShortDate(pub(crate) Timestamp);

impl Display for ShortDate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let day = self.0.day();
        write!(f, "{} {} {}", day.day(), &month(day.month())[..3], day.year())
    }
}

/// `Friday, 15 March 2024`.
pub(crate) struct LongDate(pub(crate) Timestamp);

impl Display for LongDate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let day = self.0.day();
        let weekday = WEEKDAYS[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
        write!(f, "{weekday}, {} {} {}", day.day(), month(day.month()), day.year())
    }
}

/// `15 Mar 2024, 10:20`.
pub(crate) struct Moment(pub(crate) Timestamp);

impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", ShortDate(self.0), Clock(self.0))
    }
}

fn month(number: i8) -> &'static str {
    MONTHS[usize::from((number - 1).unsigned_abs()) % 12]
}

/// `1,234,567`.
pub(crate) struct Count(pub(crate) u64);

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return write!(f, "{}", self.0);
        }
        write!(f, "{},{:03}", Count(self.0 / 1000), self.0 % 1000)
    }
}

/// `1 reply`, `2 replies`.
pub(crate) struct Counted(pub(crate) u64, pub(crate) &'static str, pub(crate) &'static str);

impl Display for Counted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Count(self.0), if self.0 == 1 { self.1 } else { self.2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_for_people() {
        let at = Timestamp::from_millis(1_710_498_030_123);
        assert_eq!(LongDate(at).to_string(), "Friday, 15 March 2024");
        assert_eq!(Moment(at).to_string(), "15 Mar 2024, 10:20");
        let before = Timestamp::from_millis(-1);
        assert_eq!(Moment(before).to_string(), "31 Dec 1969, 23:59");
        assert_eq!(day_number(before), -1);
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(Count(1_002_003).to_string(), "1,002,003");
        assert_eq!(Counted(1, "reply", "replies").to_string(), "1 reply");
        assert_eq!(Counted(1000, "reply", "replies").to_string(), "1,000 replies");
    }
}
