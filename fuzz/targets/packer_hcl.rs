//! See `targets::packer_hcl`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::packer_hcl(data));
