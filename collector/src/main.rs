//! hallwatch-collector: the command line of the collector.

fn main() {}
