//! `config`: prints the sample file, which is the manual of the configuration.
#![allow(clippy::print_stdout)]

/// The sample file, as shipped.
pub const SAMPLE: &str = include_str!("../../collector.toml");

/// Prints it.
pub fn print() {
    print!("{SAMPLE}");
}
