//! See `targets::dockerignore`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::dockerignore(data));
