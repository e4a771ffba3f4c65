//! Zips that somebody says are exports; see `fuzz_checks::verify`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::verify::check(bytes));
