//! What requests choose of plug-ins; see `fuzz_checks::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::options::check(bytes));
