//! See `targets::dockerfile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::dockerfile(data));
