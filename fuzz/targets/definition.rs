//! See `targets::definition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::definition(data));
