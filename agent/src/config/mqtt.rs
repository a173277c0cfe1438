//! `[mqtt]`: how the agent reaches its broker.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{mistake::Problem, quantity, reader::Table};

/// `[mqtt]`: the broker between agent and collector.
#[derive(Debug, Clone, PartialEq)]
pub struct Mqtt {
    /// Name or address.
    pub host: String,
    /// TCP port; by default 1883, or 8883 with `[mqtt.tls]`.
    pub port: u16,
    /// The MQTT client id; by default the agent's name.
    pub client_id: Option<String>,
    /// User name, where the broker asks for one.
    pub username: Option<String>,
    /// Its password. Better in `password_file`, which other users cannot read.
    pub password: Option<Secret>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// Encrypt and check the broker's certificate.
    pub tls: Option<Tls>,
    /// How long the line may be silent before the client asks whether the broker is there.
    pub keep_alive: Duration,
    /// How long to wait for the broker to accept a connection.
    pub connect_timeout: Duration,
    /// How long to wait for the collector's `ack` before sending again.
    pub ack_timeout: Duration,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 1883,
            client_id: None,
            username: None,
            password: None,
            password_file: None,
            tls: None,
            keep_alive: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
        }
    }
}

impl Mqtt {
    /// The password, from the file if one is named; without the line break at its end.
    pub fn password(&self) -> io::Result<Option<Secret>> {
        match &self.password_file {
            Some(path) => Secret::from_file(path).map(Some),
            None => Ok(self.password.clone()),
        }
    }

    pub(super) fn read(table: Table<'_>) -> Self {
        let default = Self::default();
        let tls = Tls::read(table.table("tls"));
        let mqtt = Self {
            host: table.text("host").unwrap_or(default.host),
            port: table.whole("port", 1, 65535).and_then(|port| u16::try_from(port).ok()).unwrap_or(if tls.is_some() {
                PORT_TLS
            } else {
                default.port
            }),
            client_id: table.text("client_id"),
            username: table.text("username"),
            password: table.text("password").map(Secret::new),
            password_file: table.text("password_file").map(PathBuf::from),
            tls,
            keep_alive: table.duration("keep_alive", "5s", "1h").unwrap_or(default.keep_alive),
            connect_timeout: table.duration("connect_timeout", "1s", "2m").unwrap_or(default.connect_timeout),
            ack_timeout: table.duration("ack_timeout", "1s", "10m").unwrap_or(default.ack_timeout),
        };
        if mqtt.password.is_some() && mqtt.password_file.is_some() {
            table.note("password", Problem::Either { or: table.key("password_file") });
        }
        if mqtt.password.is_some() && mqtt.username.is_none() {
            table.note("password", Problem::Together { with: table.key("username") });
        }
        if mqtt.password_file.is_some() && mqtt.username.is_none() {
            table.note("password_file", Problem::Together { with: table.key("username") });
        }
        table.finish();
        mqtt
    }

    /// As the file would say it; a password is masked.
    pub(super) fn print(&self) -> toml::Table {
        let mut table = toml::Table::new();
        let mut put = |key: &str, value: Option<toml::Value>| drop(value.map(|value| table.insert(key.into(), value)));
        put("host", Some(self.host.clone().into()));
        put("port", Some(i64::from(self.port).into()));
        put("client_id", self.client_id.clone().map(Into::into));
        put("username", self.username.clone().map(Into::into));
        put("password", self.password.as_ref().map(|secret| format!("{secret:?}").into()));
        put("password_file", self.password_file.as_ref().map(|path| path.display().to_string().into()));
        put("keep_alive", Some(quantity::print_duration(self.keep_alive).into()));
        put("connect_timeout", Some(quantity::print_duration(self.connect_timeout).into()));
        put("ack_timeout", Some(quantity::print_duration(self.ack_timeout).into()));
        put("tls", self.tls.as_ref().map(|tls| tls.print().into()));
        table
    }
}

/// The port of MQTT over TLS.
const PORT_TLS: u16 = 8883;

/// `[mqtt.tls]`: files in PEM. Without `ca` the system's authorities are believed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tls {
    /// The authority that signed the broker's certificate.
    pub ca: Option<PathBuf>,
    /// The agent's own certificate, where the broker asks for one.
    pub cert: Option<PathBuf>,
    /// The key of that certificate.
    pub key: Option<PathBuf>,
}

impl Tls {
    fn read(table: Table<'_>) -> Option<Self> {
        let exists = table.exists();
        let path = |key: &'static str| table.text(key).map(PathBuf::from);
        let tls = Self { ca: path("ca"), cert: path("cert"), key: path("key") };
        match (&tls.cert, &tls.key) {
            (Some(_), None) => table.note("cert", Problem::Together { with: table.key("key") }),
            (None, Some(_)) => table.note("key", Problem::Together { with: table.key("cert") }),
            _ => {}
        }
        table.finish();
        exists.then_some(tls)
    }

    fn print(&self) -> toml::Table {
        let files = [("ca", &self.ca), ("cert", &self.cert), ("key", &self.key)];
        let written = files.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
        written.map(|(key, path)| (key.to_owned(), path.display().to_string().into())).collect()
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Hides the first line of a file, without the line break at its end.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Ok(Self::new(text.lines().next().unwrap_or_default()))
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("********")
    }
}
