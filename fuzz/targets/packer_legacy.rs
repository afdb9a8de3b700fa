//! See `targets::packer_legacy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::packer_legacy(data));
