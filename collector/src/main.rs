//! hallwatch-collector: the command line of the collector. Only hands over to [`collector::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    collector::cli::main()
}
