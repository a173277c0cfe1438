//! `[mqtt]`: the broker, embedded or external. Checks what can be checked without a network.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use wire::Id;

use super::{Error, error};

/// Where samples come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// Host of an external broker; without it the collector runs its own.
    pub host: Option<String>,
    /// Port of the external broker.
    pub port: u16,
    /// Where the collector's own broker listens; port 0 takes a free one and says which.
    pub listen: SocketAddr,
    /// Client identifier; without it one that belongs to the ledger, the same at every start.
    pub client_id: Option<String>,
    /// User at the external broker.
    pub user: Option<String>,
    /// File with the password, and nothing else.
    pub password_file: Option<PathBuf>,
    /// Certificate authority (PEM) that signed the broker; naming it turns TLS on.
    pub ca_file: Option<PathBuf>,
    /// The collector's certificate (PEM) for the broker.
    pub cert_file: Option<PathBuf>,
    /// Its private key (PEM).
    pub key_file: Option<PathBuf>,
    /// Venues to hear; empty hears all.
    pub venues: Vec<Id>,
    /// Seconds between signs of life, 5 to 3600.
    pub keep_alive_seconds: u16,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            host: None,
            port: 1883,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 1883)),
            client_id: None,
            user: None,
            password_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            venues: Vec::new(),
            keep_alive_seconds: 30,
        }
    }
}

impl Mqtt {
    pub(super) fn check(&self) -> Result<(), Error> {
        error::in_range("mqtt.keep_alive_seconds", u64::from(self.keep_alive_seconds), 5..=3_600)?;
        if self.host.as_deref() == Some("") {
            return Err(error::value("mqtt.host", "host_empty", &[]));
        }
        if self.host.is_some() {
            error::in_range("mqtt.port", u64::from(self.port), 1..=65_535)?;
        } else {
            for (key, set) in [
                ("mqtt.user", self.user.is_some()),
                ("mqtt.ca_file", self.ca_file.is_some()),
                ("mqtt.cert_file", self.cert_file.is_some()),
            ] {
                if set {
                    return Err(error::value(key, "without_host", &[]));
                }
            }
        }
        let pairs = [
            ("mqtt.cert_file", self.cert_file.is_some(), "mqtt.key_file", self.key_file.is_some()),
            ("mqtt.key_file", self.key_file.is_some(), "mqtt.cert_file", self.cert_file.is_some()),
            ("mqtt.cert_file", self.cert_file.is_some(), "mqtt.ca_file", self.ca_file.is_some()),
            ("mqtt.password_file", self.password_file.is_some(), "mqtt.user", self.user.is_some()),
        ];
        for (key, set, other, other_set) in pairs {
            if set && !other_set {
                return Err(error::value(key, "pair", &[("other", other)]));
            }
        }
        if self.client_id.as_deref().is_some_and(|id| id.is_empty() || id.len() > 64) {
            return Err(error::value("mqtt.client_id", "client_id", &[]));
        }
        Ok(())
    }
}
