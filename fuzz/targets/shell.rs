//! See `targets::shell`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::shell(data));
