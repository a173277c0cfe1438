//! hallwatch-agent: the command line of the agent. Everything else is in the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
