//! Loads a configuration: the file, then what the environment overrides, then every check that needs
//! nothing but the text.

use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, Map, ValueKind};

use super::{
    Bus, Config, Identify, Mqtt, Sampler, Sensor, Spool, check,
    mistake::{Expected, Mistake},
    reader::{ENV_PREFIX, Notes, Table},
};
use crate::texts::{self, Lang};

/// Where the file is when nobody says so.
pub const DEFAULT_PATH: &str = "/etc/hallwatch/agent.toml";
/// Between the parts of an override's name: `HALLWATCH_AGENT__MQTT__HOST`.
const ENV_SEPARATOR: &str = "__";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("`{file}`: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Where and why, over several lines.
        reason: String,
    },
    /// The file is TOML and says something that cannot be.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Mistake>),
}

impl Error {
    /// The whole message for people, ending with a way out.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Unreadable { path, source } => texts::unreadable(path, source, lang),
            Self::Syntax { file, reason } => texts::syntax(file, reason, lang),
            Self::Mistakes(mistakes) => {
                mistakes.iter().map(|mistake| texts::mistake(mistake, lang)).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Reads the file at `path` and the environment of the process.
pub fn load(path: &Path) -> Result<Config, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    // `vars` would panic on a variable that is no Unicode.
    let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    parse(&text, &path.display().to_string(), environment)
}

/// Reads `text`, which messages call `file`, and overrides from `environment`.
pub fn parse(text: &str, file: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, Error> {
    let syntax = |error: config::ConfigError| Error::Syntax { file: file.to_owned(), reason: error.to_string() };
    let environment: Map<String, String> = environment.into_iter().collect();
    let overrides = Environment::with_prefix(ENV_PREFIX)
        .prefix_separator(ENV_SEPARATOR)
        .separator(ENV_SEPARATOR)
        .source(Some(environment));
    let values = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(overrides)
        .build()
        .map_err(syntax)?
        .cache;
    let ValueKind::Table(values) = &values.kind else { unreachable!("the root of TOML is a table") };
    let notes = Notes { file: file.to_owned(), mistakes: Vec::new().into() };
    let config = read(&Table::new(&notes, String::new(), Some(values)), &notes);
    let mistakes = notes.mistakes.into_inner();
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => Err(Error::Mistakes(mistakes)),
    }
}

fn read(root: &Table<'_>, notes: &Notes) -> Option<Config> {
    let id = |key: &'static str| root.require(key, Expected::Id, root.id(key));
    let (venue, room, agent) = (id("venue"), id("room"), id("agent"));
    let mqtt = Mqtt::read(root.table("mqtt"));
    let spool = Spool::read(root.table("spool"));
    let sampler = Sampler::read(root.table("sampler"));
    // With their place in the file, since those with a mistake are left out.
    let buses: Vec<_> =
        root.tables("bus").into_iter().enumerate().filter_map(|(i, t)| Some((i, Bus::read(t)?))).collect();
    let sensors: Vec<_> =
        root.tables("sensor").into_iter().enumerate().filter_map(|(i, t)| Some((i, Sensor::read(t)?))).collect();
    let identify = Identify::read(root.table("identify"));
    root.unknown();
    if notes.mistakes.borrow().is_empty() {
        check::check(notes, &buses, &sensors, identify.as_ref());
    }
    Some(Config {
        venue: venue?,
        room: room?,
        agent: agent?,
        mqtt,
        spool,
        sampler,
        buses: buses.into_iter().map(|(_, bus)| bus).collect(),
        sensors: sensors.into_iter().map(|(_, sensor)| sensor).collect(),
        identify,
    })
}
