//! See `targets::kind_template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::kind_template(data));
