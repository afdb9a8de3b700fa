//! See `targets::pins`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::pins(data));
