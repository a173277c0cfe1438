//! Gives what libFuzzer makes up to the target `bus_replies` of `tests::fuzz`; decides nothing itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = tests::fuzz::bus::read_chip(input);
});
