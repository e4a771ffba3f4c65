//! What people import; see `fuzz_checks::import`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::import::check(bytes));
