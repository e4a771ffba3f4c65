//! Stored keys and records; see `fuzz_checks::keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::keys::check(bytes));
