//! See `stockroom_fuzz::feeds`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stockroom_fuzz::feeds(data));
