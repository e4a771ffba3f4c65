//! Whole exports against `fixtures/exports/csv/`; `UPDATE=1 cargo test` rewrites them.

#[test]
fn exports_are_as_they_were() {
    export_sdk::conformance::golden(export_csv::register, "csv");
}
