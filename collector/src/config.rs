//! Turns a TOML file and environment overrides into the collector's configuration. Unknown keys
//! are errors, everything is checked here and offline; it opens no socket and reads no secret.
//!
//! `collector/collector.toml` is the manual: every key with its default, held equal by a test.

pub mod error;
pub mod influx;
pub mod mqtt;
pub mod notify;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use error::Error;
pub use influx::{Influx, InfluxVersion};
pub use mqtt::Mqtt;
pub use notify::{Channel, Notify, Ntfy, Robot, Smtp, SmtpSecurity, Webhook, WebhookFormat};

/// Environment variables that override keys begin so: `HALLWATCH_COLLECTOR__MQTT__HOST=broker`.
pub const ENVIRONMENT_PREFIX: &str = "HALLWATCH_COLLECTOR";

/// In which language people are told things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// IANA time zone of venues that name none.
    pub zone: String,
    /// Language of messages where a channel names none.
    pub language: Language,
    /// What must not be lost.
    pub ledger: Ledger,
    /// Where samples come from.
    pub mqtt: Mqtt,
    /// How they are taken in.
    pub ingest: Ingest,
    /// How long they are kept.
    pub readings: Readings,
    /// What is expected of them.
    pub rules: Rules,
    /// Who is told.
    pub notify: Notify,
    /// Where pages are served.
    pub web: Web,
    /// What devices cannot tell of venues.
    pub venues: VenuesFiles,
    /// Where readings are written to.
    pub influx: Influx,
}

/// `[ledger]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// The SQLite file; its folder must exist.
    pub path: PathBuf,
}

/// `[ingest]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingest {
    /// A commit waits for more messages until its oldest is this old, in milliseconds, 0 to 1000.
    pub commit_age_ms_max: u64,
    /// A commit takes at most this many messages, 1 to 100000.
    pub commit_count_max: usize,
    /// Data older than this many seconds is recorded and never pages anyone, 10 to 86400.
    pub live_horizon_seconds: u64,
    /// Messages that could not be taken are kept up to this many; the oldest go first.
    pub quarantine_rows_max: u64,
}

/// `[readings]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Readings {
    /// Samples are kept this many days.
    pub retention_days: u32,
    /// Hourly minimum, maximum and mean are kept this many days.
    pub rollup_retention_days: u32,
    /// Samples are compacted at least this often, in seconds, 5 to 3600.
    pub compact_seconds: u64,
    /// … or when this many MiB wait for it.
    pub compact_mib: u64,
}

/// `[rules]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Built-in packs by name.
    pub packs: Vec<String>,
    /// Packs of your own, as files.
    pub files: Vec<PathBuf>,
    /// Optional rules to switch on.
    pub enable: Vec<String>,
}

/// `[web]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Serve pages at all.
    pub enabled: bool,
    /// Where; port 0 takes a free one and says which.
    pub listen: SocketAddr,
}

/// `[venues]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VenuesFiles {
    /// A file of venues, or a folder of such files; none: venues are known by their identifiers only.
    pub path: Option<PathBuf>,
    /// A folder with a holiday list for each year.
    pub holidays: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".into(),
            language: Language::default(),
            ledger: Ledger::default(),
            mqtt: Mqtt::default(),
            ingest: Ingest::default(),
            readings: Readings::default(),
            rules: Rules::default(),
            notify: Notify::default(),
            web: Web::default(),
            venues: VenuesFiles::default(),
            influx: Influx::default(),
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self { path: "hallwatch.db".into() }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self { commit_age_ms_max: 5, commit_count_max: 4_000, live_horizon_seconds: 300, quarantine_rows_max: 10_000 }
    }
}

impl Default for Readings {
    fn default() -> Self {
        Self { retention_days: 400, rollup_retention_days: 1_830, compact_seconds: 60, compact_mib: 8 }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { packs: vec!["ktv".into()], files: Vec::new(), enable: Vec::new() }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8440)) }
    }
}

impl Config {
    /// Reads `path` (or only the defaults where `None`), then `HALLWATCH_COLLECTOR__…` from the
    /// environment, and checks the whole.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?,
            None => String::new(),
        };
        let name = path.unwrap_or(Path::new("(defaults)"));
        // The file alone first: its own errors name line and key better than a merged tree can.
        Self::parse(&text, name)?;
        let environment = config::Environment::with_prefix(ENVIRONMENT_PREFIX)
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
        let merged: Self = config::Config::builder()
            .add_source(config::File::from_str(&text, config::FileFormat::Toml))
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|e| Error::Environment { reason: e.to_string() })?;
        merged.checked()
    }

    /// Reads and checks `text`; `name` is for messages.
    pub fn parse(text: &str, name: &Path) -> Result<Self, Error> {
        let config: Self = toml::from_str(text).map_err(|e| Error::Toml {
            path: name.into(),
            line: e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            // The line itself is not shown: a secret may stand in it by mistake.
            reason: e.message().trim_start_matches("the body: ").to_owned(),
        })?;
        config.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        error::in_range("ingest.commit_age_ms_max", self.ingest.commit_age_ms_max, 0..=1_000)?;
        error::in_range("ingest.commit_count_max", self.ingest.commit_count_max as u64, 1..=100_000)?;
        error::in_range("ingest.live_horizon_seconds", self.ingest.live_horizon_seconds, 10..=86_400)?;
        error::in_range("ingest.quarantine_rows_max", self.ingest.quarantine_rows_max, 1..=10_000_000)?;
        error::in_range("readings.retention_days", u64::from(self.readings.retention_days), 1..=36_500)?;
        error::in_range("readings.rollup_retention_days", u64::from(self.readings.rollup_retention_days), 1..=36_500)?;
        error::in_range("readings.compact_seconds", self.readings.compact_seconds, 5..=3_600)?;
        error::in_range("readings.compact_mib", self.readings.compact_mib, 1..=1_024)?;
        self.mqtt.check()?;
        self.notify.check()?;
        self.influx.check()?;
        error::zone("zone", &self.zone)?;
        Ok(self)
    }
}
