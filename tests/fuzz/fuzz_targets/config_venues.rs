//! Gives what libFuzzer makes up to the target `config_venues` of `tests::fuzz`; decides nothing itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = tests::fuzz::config::read_venues(input);
});
