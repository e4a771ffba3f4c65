//! The first rows of a long list in some order, without keeping the list.

use std::cmp::Ordering;

use serde_json::Value;

use super::page::Page;

/// Keeps as many rows as a page needs, whatever is offered.
pub struct TopRows {
    page: Page,
    sort: Vec<(String, bool)>,
    rows: Vec<Value>,
    total: usize,
}

impl TopRows {
    /// Rows by these fields; rows that are equal stay in the order in which they come.
    pub fn new(page: Page, sort: Vec<(String, bool)>) -> Self {
        Self { page, sort, rows: Vec::new(), total: 0 }
    }

    /// Takes a row into account.
    pub fn offer(&mut self, row: Value) {
        self.total += 1;
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
        (self.rows.drain(..).skip(self.page.offset).collect(), self.total)
    }
}

fn compare(one: &Value, other: &Value, sort: &[(String, bool)]) -> Ordering {
    for (field, ascending) in sort {
        let order = compare_values(at(one, field), at(other, field));
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

/// Nothing before numbers before texts, without regard to case, before the rest.
fn compare_values(one: &Value, other: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Object(_) => 3,
        Value::Array(_) => 4,
        Value::Bool(_) => 5,
    };
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default())
        }
        (Value::String(one), Value::String(other)) => one.to_lowercase().cmp(&other.to_lowercase()),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => one
            .first()
            .zip(other.first())
            .map_or_else(|| one.len().cmp(&other.len()), |(one, other)| compare_values(one, other)),
        _ => rank(one).cmp(&rank(other)),
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
