//! Points in time as people ask for them: a year, a month, a day, a local date-time, or an instant
//! with its offset. What has no offset is read in the time zone given, clock changes included.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::Time;

/// The end of a span of time that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The first instant that belongs to it.
    From,
    /// The first instant that no longer belongs to it. A day, month or year belongs to it wholly.
    Until,
}

/// Reads a year (`2024`), a month (`2024-03`), a day (`2024-03-31`), a local date-time
/// (`2024-03-31T14:30`) or an RFC 3339 instant as one end of a span. `None` if it is none of them.
pub fn instant(text: &str, zone: &TimeZone, bound: Bound) -> Option<Time> {
    let moment = Moment::read(text, zone)?;
    match bound {
        Bound::Until if moment.is_date => Some(moment.end),
        Bound::From | Bound::Until => Some(moment.start),
    }
}

/// A stretch of time that has a name; an instant is a stretch of one millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Nothing before it belongs to the stretch.
    pub(super) start: Time,
    /// The first instant after the stretch.
    pub(super) end: Time,
    /// Whether it is a day, a month or a year.
    pub(super) is_date: bool,
}

impl Moment {
    pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.splitn(3, '-');
        let year = i16::try_from(number(parts.next()?, 4)?).ok().filter(|year| *year > 0)?;
        let Some(month) = parts.next() else {
            return Self::dates(Date::new(year, 1, 1).ok()?, Date::new(year + 1, 1, 1).ok(), zone);
        };
        let month = i8::try_from(number(month, 2)?).ok()?;
        let Some(day) = parts.next() else {
            let next = if month < 12 { Date::new(year, month + 1, 1) } else { Date::new(year + 1, 1, 1) };
            return Self::dates(Date::new(year, month, 1).ok()?, next.ok(), zone);
        };
        if day.len() > 2 {
            return Self::at(text, zone);
        }
        let date = Date::new(year, month, i8::try_from(number(day, 2)?).ok()?).ok()?;
        Self::dates(date, date.tomorrow().ok(), zone)
    }

    /// From the first day to the day before `next`; the calendar ends with the year 9999.
    fn dates(first: Date, next: Option<Date>, zone: &TimeZone) -> Option<Self> {
        let start_of = |date: Date| date.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
        let start = start_of(first).map_or(Time::from_millis(i64::MAX), ceiling);
        let end = next.and_then(start_of).map_or(Time::from_millis(i64::MAX), ceiling);
        (start <= end).then_some(Self { start, end, is_date: true })
    }

    fn at(text: &str, zone: &TimeZone) -> Option<Self> {
        let stamp = text.parse::<Timestamp>().ok().or_else(|| local(text, zone))?;
        let (start, floor) = (ceiling(stamp), floor(stamp));
        let end = Time::from_millis(floor.saturating_add(1));
        let is_in_range = Time::from_millis(floor).millis() <= floor;
        is_in_range.then_some(Self { start, end, is_date: false })
    }
}

/// A date-time without offset, and what ends with `Z` but is too late for the library: clients send
/// the very last second of the calendar for "everything".
fn local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let utc = text.strip_suffix(['Z', 'z']);
    let (text, zone) = utc.map_or((text, zone.clone()), |text| (text, TimeZone::UTC));
    let time = text.get(11..).filter(|time| !time.is_empty())?;
    let is_time = time.chars().all(|c| c.is_ascii_digit() || ":.".contains(c));
    let civil = text.parse::<DateTime>().ok().filter(|_| is_time)?;
    Some(zone.to_timestamp(civil).unwrap_or(Timestamp::MAX))
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u16> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The last whole millisecond that is not after it.
fn floor(stamp: Timestamp) -> i64 {
    i64::try_from(stamp.as_nanosecond().div_euclid(1_000_000)).expect("the years 1 to 9999 fit")
}

/// The first whole millisecond that is not before it.
fn ceiling(stamp: Timestamp) -> Time {
    let is_whole = stamp.as_nanosecond().rem_euclid(1_000_000) == 0;
    Time::from_millis(floor(stamp) + i64::from(!is_whole))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").expect("the time zones are part of the program")
    }

    fn span(text: &str) -> (String, String) {
        let bound = |bound| instant(text, &berlin(), bound).expect(text).to_string();
        (bound(Bound::From), bound(Bound::Until))
    }

    fn assert_span(text: &str, from: &str, until: &str) {
        assert_eq!(span(text), (format!("{from}.000Z"), format!("{until}.000Z")), "{text}");
    }

    #[test]
    fn a_day_is_as_long_as_its_clock_makes_it() {
        assert_span("2024-03-30", "2024-03-29T23:00:00", "2024-03-30T23:00:00");
        assert_span("2024-03-31", "2024-03-30T23:00:00", "2024-03-31T22:00:00");
        assert_span("2024-10-27", "2024-10-26T22:00:00", "2024-10-27T23:00:00");
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_when_its_clock_does() {
        let beirut = TimeZone::get("Asia/Beirut").unwrap();
        let start = instant("2022-03-27", &beirut, Bound::From).unwrap();
        assert_eq!(start.to_string(), "2022-03-26T22:00:00.000Z");
        assert_eq!(instant("2022-03-26", &beirut, Bound::Until), Some(start));
    }

    #[test]
    fn months_and_years_reach_to_the_next() {
        assert_span("2024-03", "2024-02-29T23:00:00", "2024-03-31T22:00:00");
        assert_span("2024-12", "2024-11-30T23:00:00", "2024-12-31T23:00:00");
        assert_span("2024", "2023-12-31T23:00:00", "2024-12-31T23:00:00");
    }

    #[test]
    fn an_instant_bounds_as_it_stands() {
        assert_span("2024-07-01T12:00:00Z", "2024-07-01T12:00:00", "2024-07-01T12:00:00");
        assert_span("2024-07-01T12:00:00+05:30", "2024-07-01T06:30:00", "2024-07-01T06:30:00");
        assert_span(" 2024-07-01T12:00 ", "2024-07-01T10:00:00", "2024-07-01T10:00:00");
        assert_span("2024-03-31T02:30", "2024-03-31T01:30:00", "2024-03-31T01:30:00");
    }

    #[test]
    fn fractions_of_milliseconds_lie_between_them() {
        let moment = Moment::read("2024-07-01T12:00:00.0005Z", &berlin()).unwrap();
        assert_eq!(moment.start.to_string(), "2024-07-01T12:00:00.001Z");
        assert_eq!(moment.end, moment.start);
    }

    #[test]
    fn the_last_second_of_the_calendar_is_the_end_of_time() {
        let last = Time::from_millis(i64::MAX);
        for text in ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59", "9999-12-31", "9999"] {
            assert_eq!(instant(text, &TimeZone::UTC, Bound::Until), Some(last), "{text}");
        }
    }

    #[test]
    fn nonsense_is_no_instant() {
        for text in [
            "",
            "-",
            "tomorrow",
            "0000",
            "999",
            "20240331",
            "2024-13",
            "2024-3-1",
            "2024-02-30",
            "2024-03-31Z",
            "2024-03-31T",
            "2024-03-31TZ",
            "2024-03-31T25:00",
            "2024-03-31T10:00 02:00",
            "2024-03-3é",
            "2024-03-3ééé",
            "1711843200000",
            "-2024-03-31T10:00:00Z",
        ] {
            assert_eq!(instant(text, &berlin(), Bound::From), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(([0-9]{4}-?){0,2}.{0,8}|[0-9]{4}-[0-9]{2}-.{0,20}|.*)") {
            let _ = instant(&text, &berlin(), Bound::Until);
        }

        #[test]
        fn a_printed_instant_is_read_again(millis in any::<i64>()) {
            let time = Time::from_millis(millis);
            prop_assert_eq!(instant(&time.to_string(), &berlin(), Bound::From), Some(time));
        }
    }
}
