//! Gives what libFuzzer makes up to the target `wire_ack` of `tests::fuzz`; decides nothing itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = tests::fuzz::wire::read_ack(input);
});
