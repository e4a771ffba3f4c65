//! The packed store; see `fuzz_checks::pages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::pages::check(bytes));
