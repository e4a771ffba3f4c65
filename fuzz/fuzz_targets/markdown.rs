//! The text of a message as HTML; see `fuzz_checks::markdown`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::markdown::check(bytes));
