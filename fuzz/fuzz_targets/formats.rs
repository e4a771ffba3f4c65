//! What people wrote, in every format; see `fuzz_checks::formats`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::formats::check(bytes));
