//! See `stockroom_fuzz::exchanges`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stockroom_fuzz::exchanges(data));
