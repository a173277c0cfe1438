//! The command line: turns arguments into a call of the library and an exit code.

mod check;
mod drivers;
mod log;
mod run;
mod scan;
mod tag;

use std::{path::PathBuf, process::ExitCode};

use agent::{
    config::{self, Config},
    texts::{self, Lang},
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// EX_CONFIG of sysexits.h: the configuration is wrong, and starting again does not help.
const EXIT_BAD_CONFIG: u8 = 78;

/// Reads the sensors of one room and publishes what it read, losing nothing
#[derive(Debug, Parser)]
#[command(name = "hallwatch-agent", version, after_help = texts::help::EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Language of what is printed: en or zh-CN; LANG decides without it
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
    /// What to log: error, warn, info, debug, or by module; goes to standard error
    #[arg(long, global = true, value_name = "FILTER", env = "HALLWATCH_LOG", default_value = "info")]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the sensors and publish what they say, until SIGTERM or Ctrl-C
    Run,
    /// Read every sensor once and say what is wired and what answers
    Check,
    /// List the sensors that this agent knows: what they measure, where they sit
    Drivers,
    /// Ask the buses who is there and print a configuration that names them
    Scan {
        /// Also look for PJLink projectors and displays: the network's broadcast address
        #[arg(long, value_name = "ADDRESS")]
        network: Option<std::net::IpAddr>,
    },
    /// Print the effective configuration as TOML, secrets masked
    Config,
    /// Prepare the tags of extinguishers, while the agent does not run
    #[command(subcommand)]
    Tag(tag::Command),
}

/// Does what the arguments of the process say.
pub fn main() -> ExitCode {
    let lang = language();
    let command = match lang {
        Lang::En => Cli::command(),
        Lang::ZhCn => texts::help::chinese(Cli::command()),
    };
    let cli = Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    if let Err(error) = log::start(&cli.log) {
        tell(&error);
        return ExitCode::from(2);
    }
    if matches!(cli.command, Command::Drivers) {
        return drivers::drivers(lang);
    }
    if let (Command::Scan { network }, false) = (&cli.command, cli.config.exists()) {
        return scan::scan(None, *network, lang);
    }
    let config = match config::load(&cli.config) {
        Ok(config) => config,
        Err(error) => {
            tell(&error.text(lang));
            return ExitCode::from(EXIT_BAD_CONFIG);
        }
    };
    match cli.command {
        Command::Run => run::run(config),
        Command::Check => check::check(&config, lang),
        Command::Config => print_config(&config),
        Command::Scan { network } => scan::scan(Some(&config), network, lang),
        Command::Drivers => drivers::drivers(lang),
        Command::Tag(command) => tag::tag(&config, &command, lang),
    }
}

/// The language that `--lang` asks for, else the locale. Looked for before the arguments are parsed,
/// since `--help` needs it.
fn language() -> Lang {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if let Some(lang) = argument.strip_prefix("--lang=") {
            return Lang::of(lang);
        }
        if argument == "--lang" {
            return arguments.next().map_or(Lang::En, |lang| Lang::of(&lang));
        }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    locale.into_iter().find(|locale| !locale.is_empty()).map_or(Lang::En, |locale| Lang::of(&locale))
}

/// To standard output; a reader that went away is no error.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// To standard error.
fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn print_config(config: &Config) -> ExitCode {
    say(config.print().trim_end());
    ExitCode::SUCCESS
}
