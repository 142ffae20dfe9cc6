//! See `stockroom_fuzz::backfills`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stockroom_fuzz::backfills(data));
