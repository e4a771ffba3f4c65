//! Whole exports against `fixtures/exports/ndjson/`; `UPDATE=1 cargo test` rewrites them.

#[test]
fn exports_are_as_they_were() {
    export_sdk::conformance::golden(export_ndjson::register, "ndjson");
}
