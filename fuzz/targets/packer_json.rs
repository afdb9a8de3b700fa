//! See `targets::packer_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::packer_json(data));
