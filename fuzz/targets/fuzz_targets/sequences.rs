//! See `stockroom_fuzz::sequences`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stockroom_fuzz::sequences(data));
