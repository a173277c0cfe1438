//! Gives what libFuzzer makes up to the target `probe_pjlink` of `tests::fuzz`; decides nothing itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = tests::fuzz::probe::read_pjlink(input);
});
