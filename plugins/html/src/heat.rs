//! How much was said when: a calendar of days for a room, a strip of months for the front.

use jiff::civil::Date;

use crate::escape::Markup;
use crate::leaf::{Folder, Leaf};
use crate::when::{Count, Counted, MonthOf, ShortDate, weekday};

/// Ten years of days; a room of more gets its months only.
const DAYS: usize = 3700;
/// Cells of a strip: five years of months, or else years.
const CELLS: usize = 60;

/// The days of a room, in order: all that is remembered of them.
#[derive(Default)]
pub(crate) struct Heat {
    days: Vec<Day>,
}

struct Day {
    date: Date,
    messages: u32,
    leaf: Leaf,
    /// The message to go to there if the day has no heading: on days of nothing but replies.
    message: Option<Box<str>>,
}

impl Day {
    fn has_heading(&self) -> bool {
        self.message.is_none()
    }
}

impl Heat {
    /// Counts a message on its own day; `message` is its id if no heading of that day is above it.
    /// A day leads to its first heading, or else to its first message.
    pub(crate) fn add(&mut self, date: Date, leaf: Leaf, message: Option<&str>) {
        match self.days.binary_search_by_key(&date, |day| day.date) {
            Ok(at) => {
                let day = &mut self.days[at];
                day.messages = day.messages.saturating_add(1);
                if message.is_none() && !day.has_heading() {
                    (day.leaf, day.message) = (leaf, None);
                }
            }
            Err(at) => {
                let message = message.map(Box::from);
                self.days.insert(at, Day { date, messages: 1, leaf, message });
            }
        }
    }

    /// Whether there is more than one day to go to.
    pub(crate) fn is_worth_a_calendar(&self) -> bool {
        self.days.len() > 1
    }

    /// Months with their pages and days; `parts` says how many pages a month has.
    pub(crate) fn calendar(&self, page: &mut Markup, folder: &Folder, parts: impl Fn(Date) -> u32) {
        let busiest = self.days.iter().map(|day| day.messages).max().unwrap_or_default();
        let mut year = None;
        for month in self.days.chunk_by(|one, other| one.date.first_of_month() == other.date.first_of_month())
        {
            let first = month[0].date.first_of_month();
            if year != Some(first.year()) {
                page.tag(if year.is_some() { "</ol>\n</section>\n" } else { "" });
                page.tag("<section class=\"year\">\n<h2>")
                    .show(first.year())
                    .tag("</h2>\n<ol class=\"months\">\n");
                year = Some(first.year());
            }
            page.tag("<li><h3><a href=\"");
            place(page, folder, Some(Leaf::Front), beginning(month))
                .tag("\">")
                .show(MonthOf(first))
                .tag("</a></h3> <small>");
            page.show(Counted(total(month), "message", "messages")).tag("</small>\n");
            pages(page, folder, first, parts(first));
            if self.days.len() <= DAYS {
                grid(page, folder, month, busiest);
            }
            page.tag("</li>\n");
        }
        if year.is_some() {
            page.tag("</ol>\n</section>\n");
        }
    }

    /// One cell for each month, or for each year if there are too many months.
    pub(crate) fn strip(&self, page: &mut Markup, folder: &Folder) {
        let of_one_month = |one: &Day, other: &Day| one.date.first_of_month() == other.date.first_of_month();
        let yearly = self.days.chunk_by(of_one_month).count() > CELLS;
        let cells: Vec<&[Day]> = if yearly {
            self.days.chunk_by(|one, other| one.date.year() == other.date.year()).collect()
        } else {
            self.days.chunk_by(of_one_month).collect()
        };
        let busiest = cells.iter().map(|cell| total(cell)).max().unwrap_or_default();
        let mut year = None;
        page.tag("<ol class=\"strip\">\n");
        for cell in cells.iter().skip(cells.len().saturating_sub(CELLS)) {
            let date = cell[0].date;
            if year != Some(date.year()) && !yearly {
                page.tag("<li class=\"year\">").show(date.year()).tag("</li>\n");
                year = Some(date.year());
            }
            page.tag("<li><a class=\"heat-").show(level(total(cell), busiest)).tag("\" href=\"");
            place(page, folder, None, beginning(cell)).tag("\" title=\"");
            if yearly {
                page.show(date.year());
            } else {
                page.show(MonthOf(date));
            }
            page.tag(": ").show(Counted(total(cell), "message", "messages")).tag("\">");
            if yearly {
                page.show(date.year());
            } else {
                page.show(&MonthOf(date).to_string()[..3]);
            }
            page.tag("</a></li>\n");
        }
        page.tag("</ol>\n");
    }
}

fn total(days: &[Day]) -> u64 {
    days.iter().map(|day| u64::from(day.messages)).sum()
}

/// The day to begin reading some days with: the first with a heading, for replies stand with older messages.
fn beginning(days: &[Day]) -> &Day {
    days.iter().find(|day| day.has_heading()).unwrap_or(&days[0])
}

/// The address of a day's heading, or of the message it leads to.
fn place<'m>(page: &'m mut Markup, folder: &Folder, from: Option<Leaf>, day: &Day) -> &'m mut Markup {
    let page = folder.link(page, from, day.leaf);
    match &day.message {
        Some(id) => page.fragment(id),
        None => page.tag("#:").show(day.date),
    }
}

fn pages(page: &mut Markup, folder: &Folder, first: Date, parts: u32) {
    if parts < 2 {
        return;
    }
    page.tag("<p class=\"parts\">Pages");
    for part in 1..=parts {
        page.tag(" <a href=\"");
        folder.link(page, Some(Leaf::Front), Leaf::Month { first, part }).tag("\">").show(part).tag("</a>");
    }
    page.tag("</p>\n");
}

fn grid(page: &mut Markup, folder: &Folder, month: &[Day], busiest: u32) {
    let first = month[0].date.first_of_month();
    page.tag("<ol class=\"grid from-").show(weekday(first)).tag("\">");
    let mut days = month.iter().peekable();
    for number in 1..=first.days_in_month() {
        let Some(day) = days.next_if(|day| day.date.day() == number) else {
            page.tag("<li>").show(number).tag("</li>");
            continue;
        };
        page.tag("<li><a class=\"heat-").show(level(day.messages.into(), busiest.into())).tag("\" href=\"");
        place(page, folder, Some(Leaf::Front), day).tag("\" title=\"").put(ShortDate(day.date)).tag(": ");
        page.show(Count(day.messages.into())).tag("\">").show(number).tag("</a></li>");
    }
    page.tag("</ol>\n");
}

/// From 1 to 4, as the square root: one busy day does not make all others look empty.
fn level(messages: u64, busiest: u64) -> u64 {
    (1..4).find(|level| 16 * messages <= level * level * busiest).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> Folder {
        Folder { slug: "general".into(), only: false }
    }

    #[test]
    fn a_calendar_leads_to_the_first_heading_of_each_day() {
        let mut heat = Heat::default();
        let first = Date::constant(2024, 2, 1);
        let parts = [Leaf::Month { first, part: 1 }, Leaf::Month { first, part: 2 }];
        for (day, leaf) in [(28, parts[0]), (29, parts[0]), (29, parts[1])] {
            heat.add(Date::constant(2024, 2, day), leaf, None);
        }
        let mut page = Markup::default();
        heat.calendar(&mut page, &folder(), |_| 2);
        let page = page.as_str();
        for expected in [
            "<a href=\"2024-02.html#:2024-02-28\">February 2024</a></h3> <small>3 messages",
            "Pages <a href=\"2024-02.html\">1</a> <a href=\"2024-02-2.html\">2</a>",
            "<ol class=\"grid from-3\"><li>1</li>",
            "href=\"2024-02.html#:2024-02-29\" title=\"29 Feb 2024: 2\">29</a></li></ol>",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
    }

    #[test]
    fn a_day_of_replies_leads_to_the_first_and_a_month_to_a_heading() {
        let mut heat = Heat::default();
        let days: [(i8, i8, Option<&str>); 6] = [
            (2, 27, None),
            (3, 1, Some("a b")),
            (3, 1, Some("later")),
            (3, 2, Some("reply")),
            (2, 28, None),
            (3, 2, None),
        ];
        for (month, day, message) in days {
            heat.add(Date::constant(2024, month, day), Leaf::Front, message);
        }
        let mut page = Markup::default();
        heat.calendar(&mut page, &folder(), |_| 1);
        let page = page.as_str();
        for expected in [
            "<a href=\"index.html#:2024-02-27\">February 2024</a></h3> <small>2 messages",
            "<a href=\"index.html#:2024-03-02\">March 2024</a></h3> <small>4 messages",
            "href=\"index.html#a%20b\" title=\"1 Mar 2024: 2\">1</a>",
            "href=\"index.html#:2024-03-02\" title=\"2 Mar 2024: 2\">2</a>",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
    }

    #[test]
    fn a_long_life_is_shown_in_years_and_a_very_long_one_by_its_end() {
        let mut heat = Heat::default();
        for year in 1000..1100 {
            heat.add(Date::constant(year, 6, 1), Leaf::Front, None);
        }
        let mut page = Markup::default();
        heat.strip(&mut page, &folder());
        assert_eq!(page.as_str().matches("<a ").count(), CELLS);
        assert!(page.as_str().contains("title=\"1099: 1 message\">1099</a>"), "{}", page.as_str());
    }

    #[test]
    fn levels_spread_what_is_not_the_busiest() {
        assert_eq!([1, 62, 63, 250, 562, 563, 1000].map(|count| level(count, 1000)), [1, 1, 2, 2, 3, 4, 4]);
        assert_eq!((level(1, 1), level(0, 0)), (4, 1));
    }
}
