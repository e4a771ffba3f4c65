//! Dates and times as people read them, in the zone of the export.

use std::fmt::{self, Display, Formatter};

use export_sdk::{Scope, Timestamp};
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

const DAY: i64 = 86_400;
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

/// All numbers of two digits, one after the other: every message has a handful of them.
static PAIRS: &str = {
    const DIGITS: [u8; 200] = {
        let mut digits = [b'0'; 200];
        let mut number = 0;
        while number < 100 {
            digits[2 * number as usize] += number / 10;
            digits[2 * number as usize + 1] += number % 10;
            number += 1_u8;
        }
        digits
    };
    match str::from_utf8(&DIGITS) {
        Ok(pairs) => pairs,
        Err(_) => "",
    }
};

/// The clocks that the pages go by.
pub(crate) struct Zone {
    zone: TimeZone,
    pub(crate) name: String,
}

impl Zone {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        let zone = scope.time_zone.clone();
        let fixed = zone.to_fixed_offset().ok().filter(|offset| !offset.is_zero());
        let name = match (zone.iana_name(), fixed) {
            (None, Some(offset)) => format!("UTC{offset}"),
            (Some(_) | None, _) => scope.zone_name().to_owned(),
        };
        Self { zone, name }
    }

    /// What these clocks showed.
    pub(crate) fn local(&self, at: Timestamp) -> Local {
        let offset = self.zone.to_offset(at.to_jiff());
        let seconds = at.millis().div_euclid(1000) + i64::from(offset.seconds());
        Local {
            date: offset.to_datetime(at.to_jiff()).date(),
            day: seconds.div_euclid(DAY),
            minute: seconds.rem_euclid(DAY) / 60,
            ahead: i64::from(offset.seconds()),
        }
    }
}

/// A moment as the clocks of a zone showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) date: Date,
    /// The day, counted from 1970.
    pub(crate) day: i64,
    minute: i64,
    /// Seconds ahead of UTC.
    pub(crate) ahead: i64,
}

/// The last two digits of a number.
fn pair(number: i64) -> &'static str {
    let at = 2 * usize::try_from(number % 100).unwrap_or_default();
    &PAIRS[at..at + 2]
}

/// A text that needs no escaping, for all its pieces are our own: what every message has.
pub(crate) trait Pieces {
    /// Calls `add` with one piece after the other.
    fn pieces(&self, add: &mut impl FnMut(&'static str));
}

/// `10:20`.
pub(crate) struct Clock(pub(crate) Local);

impl Pieces for Clock {
    fn pieces(&self, add: &mut impl FnMut(&'static str)) {
        add(pair(self.0.minute / 60));
        add(":");
        add(pair(self.0.minute % 60));
    }
}

/// `15 Mar 2024`.
#[derive(Clone, Copy)]
pub(crate) struct ShortDate(pub(crate) Date);

impl Pieces for ShortDate {
    fn pieces(&self, add: &mut impl FnMut(&'static str)) {
        let (day, year) = (pair(self.0.day().into()), i64::from(self.0.year()));
        add(day.trim_start_matches('0'));
        add(" ");
        add(&month(self.0)[..3]);
        add(" ");
        if year < 1000 {
            let [century, rest] = [pair(year / 100), pair(year)].map(|pair| pair.trim_start_matches('0'));
            add(century);
            return add(if century.is_empty() { rest } else { pair(year) });
        }
        add(pair(year / 100));
        add(pair(year));
    }
}

/// `15 Mar 2024, 10:20`.
pub(crate) struct Moment(pub(crate) Local);

impl Pieces for Moment {
    fn pieces(&self, add: &mut impl FnMut(&'static str)) {
        ShortDate(self.0.date).pieces(add);
        add(", ");
        Clock(self.0).pieces(add);
    }
}

/// `2024-03-15T10:20:30.123Z`.
pub(crate) struct Exact(pub(crate) Timestamp);

impl Pieces for Exact {
    fn pieces(&self, add: &mut impl FnMut(&'static str)) {
        let at = Offset::UTC.to_datetime(self.0.to_jiff());
        add(pair(i64::from(at.year()) / 100));
        let millis = i64::from(at.millisecond());
        for (number, after) in [
            (at.year().into(), "-"),
            (at.month().into(), "-"),
            (at.day().into(), "T"),
            (at.hour().into(), ":"),
            (at.minute().into(), ":"),
            (at.second().into(), "."),
            (millis / 10, &pair(millis % 10)[1..]),
        ] {
            add(pair(number));
            add(after);
        }
        add("Z");
    }
}

/// `Friday, 15 March 2024`.
pub(crate) struct LongDate(pub(crate) Date);

impl Display for LongDate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let weekday = WEEKDAYS[weekday(self.0) % 7];
        write!(f, "{weekday}, {} {} {}", self.0.day(), month(self.0), self.0.year())
    }
}

/// `March 2024`.
pub(crate) struct MonthOf(pub(crate) Date);

impl Display for MonthOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", month(self.0), self.0.year())
    }
}

/// From 0 for a Monday.
pub(crate) fn weekday(date: Date) -> usize {
    usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())
}

fn month(date: Date) -> &'static str {
    MONTHS[usize::from((date.month() - 1).unsigned_abs()) % 12]
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
    use proptest::prelude::*;

    use super::*;

    fn local(zone: TimeZone, millis: i64) -> Local {
        Zone { zone, name: String::new() }.local(Timestamp::from_millis(millis))
    }

    fn text(value: &impl Pieces) -> String {
        let mut text = String::new();
        value.pieces(&mut |piece| text.push_str(piece));
        text
    }

    proptest! {
        #[test]
        fn dates_are_those_of_the_calendar(millis in any::<i64>(), year in 1..1200_i16) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(text(&Exact(at)), at.to_string());
            let date = Date::constant(year, 3, 9);
            prop_assert_eq!(text(&ShortDate(date)), format!("9 Mar {year}"));
        }
    }

    #[test]
    fn times_are_written_for_people() {
        let at = local(TimeZone::UTC, 1_710_498_030_123);
        assert_eq!(LongDate(at.date).to_string(), "Friday, 15 March 2024");
        assert_eq!(MonthOf(at.date).to_string(), "March 2024");
        assert_eq!(text(&Moment(at)), "15 Mar 2024, 10:20");
        let before = local(TimeZone::UTC, -1);
        assert_eq!(text(&Moment(before)), "31 Dec 1969, 23:59");
        assert_eq!(before.day, -1);
        assert_eq!(text(&Moment(local(TimeZone::UTC, i64::MIN))), "1 Jan 1, 00:00");
        assert_eq!(text(&Moment(local(TimeZone::UTC, i64::MAX))), "30 Dec 9999, 22:00");
    }

    #[test]
    fn clocks_are_those_of_the_zone() {
        let east = TimeZone::fixed(jiff::tz::offset(14));
        let at = local(east, 1_710_498_030_123);
        assert_eq!((text(&Moment(at)), at.day), ("16 Mar 2024, 00:20".to_owned(), 19_798));
        for end in [i64::MIN, i64::MAX] {
            for hours in [-12, 14] {
                let at = local(TimeZone::fixed(jiff::tz::offset(hours)), end);
                assert!(text(&Moment(at)).len() > 5, "the ends of time are in the calendar");
            }
        }
    }

    #[test]
    fn a_zone_without_a_name_is_named_by_its_offset() {
        let mut scope = export_sdk::conformance::sample_scope();
        assert_eq!(Zone::of(&scope).name, "UTC");
        scope.time_zone = TimeZone::fixed(jiff::tz::offset(-3));
        assert_eq!(Zone::of(&scope).name, "UTC-03");
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(Count(1_002_003).to_string(), "1,002,003");
        assert_eq!(Counted(1, "reply", "replies").to_string(), "1 reply");
        assert_eq!(Counted(1000, "reply", "replies").to_string(), "1,000 replies");
    }
}
