//! See `stockroom_fuzz::documents`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stockroom_fuzz::documents(data));
