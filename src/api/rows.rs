//! The first rows of a long list in some order, without keeping the list.

use std::cmp::Ordering;

use serde_json::Value;

use super::page::Page;

/// Keeps as many rows as a page needs, whatever is offered.
pub struct TopRows {
    page: Page,
    sort: Vec<(String, bool)>,
    rows: Vec<Row>,
    /// Whether as many of the rows as a page needs stand in order at the front.
    full: bool,
    total: usize,
}

struct Row {
    /// What the fields to sort by hold.
    keys: Vec<SortKey>,
    value: Value,
}

impl TopRows {
    /// Rows by these fields; rows that are equal stay in the order in which they come.
    pub fn new(page: Page, sort: Vec<(String, bool)>) -> Self {
        Self { page, sort, rows: Vec::new(), full: false, total: 0 }
    }

    /// Takes a row into account.
    pub fn offer(&mut self, value: Value) {
        self.total += 1;
        let keys = self.sort.iter().map(|(field, _)| SortKey::of(at(&value, field))).collect();
        let row = Row { keys, value };
        // Most rows of a long list are behind the page.
        let last = self.rows.get(self.most().saturating_sub(1)).filter(|_| self.full);
        if last.is_some_and(|last| compare(&row, last, &self.sort).is_ge()) {
            return;
        }
        self.rows.push(row);
        // Sorting now and then costs less than keeping order all the time.
        if self.rows.len() > self.most().saturating_mul(2).max(64) {
            self.settle();
        }
    }

    fn most(&self) -> usize {
        self.page.offset.saturating_add(self.page.count)
    }

    fn settle(&mut self) {
        let sort = &self.sort;
        self.rows.sort_by(|one, other| compare(one, other, sort));
        self.rows.truncate(self.most());
        self.full = self.rows.len() == self.most();
    }

    /// The page: `{<name>, count, offset, total}`.
    pub fn finish(self, name: &str) -> Value {
        let page = self.page;
        let (part, total) = self.page();
        page.wrap(name, part, total)
    }

    /// The rows of the page, and how many were offered.
    pub fn page(mut self) -> (Vec<Value>, usize) {
        self.settle();
        (self.rows.drain(..).skip(self.page.offset).map(|row| row.value).collect(), self.total)
    }
}

fn compare(one: &Row, other: &Row, sort: &[(String, bool)]) -> Ordering {
    for ((one, other), (_, ascending)) in one.keys.iter().zip(&other.keys).zip(sort) {
        // No number of JSON is without an order.
        let order = one.partial_cmp(other).unwrap_or(Ordering::Equal);
        let order = if *ascending { order } else { order.reverse() };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The value at a dotted path, `null` if there is none.
pub fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// What a value is sorted by: nothing before numbers before texts, without regard to case, before
/// the rest.
#[derive(PartialEq, PartialOrd)]
enum SortKey {
    Nothing,
    Number(f64),
    Text(String),
    Object,
    /// By its first element.
    Array(Option<Box<SortKey>>),
    Bool(bool),
}

impl SortKey {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::Text(text.to_lowercase()),
            Value::Object(_) => Self::Object,
            Value::Array(elements) => Self::Array(elements.first().map(|first| Box::new(Self::of(first)))),
            Value::Bool(value) => Self::Bool(*value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn top(count: usize, offset: usize, ascending: bool) -> Value {
        let mut rows = TopRows::new(Page { offset, count }, vec![("n".to_owned(), ascending)]);
        for number in 0..1000 {
            rows.offer(json!({"n": number * 7 % 1000}));
            assert!(rows.rows.len() <= 65, "memory is bounded");
        }
        rows.finish("rows")
    }

    #[test]
    fn a_page_is_cut_from_the_sorted_whole() {
        let expected =
            json!({"rows": [{"n": 2}, {"n": 3}, {"n": 4}], "count": 3, "offset": 2, "total": 1000});
        assert_eq!(top(3, 2, true), expected);
        assert_eq!(top(1, 0, false)["rows"], json!([{"n": 999}]));
    }

    #[test]
    fn equal_rows_stay_in_the_order_in_which_they_come() {
        for sort in [Vec::new(), vec![("same".to_owned(), false)]] {
            let mut rows = TopRows::new(Page { offset: 1, count: 2 }, sort);
            for number in 0..200 {
                rows.offer(json!({"n": number, "same": []}));
            }
            assert_eq!(rows.page(), (vec![json!({"n": 1, "same": []}), json!({"n": 2, "same": []})], 200));
        }
    }

    #[test]
    fn texts_are_sorted_without_regard_to_case_and_nothing_comes_first() {
        let mut rows = TopRows::new(Page { offset: 0, count: 9 }, vec![("a.b".to_owned(), true)]);
        for row in [json!({"a": {"b": "x"}}), json!({"a": {"b": "A"}}), json!({}), json!({"a": {"b": 5}})] {
            rows.offer(row);
        }
        let sorted: Vec<Value> =
            rows.finish("rows")["rows"].as_array().unwrap().iter().map(|row| row["a"]["b"].clone()).collect();
        assert_eq!(sorted, [Value::Null, json!(5), json!("A"), json!("x")]);
    }
}
