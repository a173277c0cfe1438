//! Turns the configuration into what the connection to the broker needs, and reads the files it
//! names. Opens no socket; secrets go from the file into the connection and nowhere else.

use std::path::Path;

use rumqttc::{AckMode, MqttOptions, TlsConfiguration, Transport};
use wire::{Channel, Topic};

use crate::config;

/// Packets read or written in one go before the other direction gets its turn.
const BATCH_MAX: usize = 256;

/// A file of the configuration that the connection needs.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}` (`{key}`)\nhint: the file must exist and the collector's user must be able to read it")]
pub struct FileError {
    /// The key that names it.
    pub key: &'static str,
    /// The file.
    pub path: std::path::PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// How to reach the broker: `own` is the collector's own one, where it listens.
pub fn options(
    mqtt: &config::Mqtt,
    own: Option<std::net::SocketAddr>,
    client_id: &str,
) -> Result<MqttOptions, FileError> {
    let (host, port) = match (&mqtt.host, own) {
        (Some(host), _) => (host.clone(), mqtt.port),
        (None, own) => {
            let address = super::broker::reachable(own.unwrap_or(mqtt.listen));
            (address.ip().to_string(), address.port())
        }
    };
    let mut options = MqttOptions::new(mqtt.client_id.as_deref().unwrap_or(client_id), (host, port));
    options.set_keep_alive(mqtt.keep_alive_seconds);
    // What an external broker holds for us while we are away comes when we are back.
    options.set_clean_session(mqtt.host.is_none());
    options.set_ack_mode(AckMode::Manual);
    options.set_max_packet_size(2 * wire::BODY_BYTES_MAX, 2 * wire::BODY_BYTES_MAX);
    options.set_max_request_batch(BATCH_MAX);
    options.set_read_batch_size(BATCH_MAX);
    if let Some(user) = &mqtt.user {
        match &mqtt.password_file {
            Some(path) => {
                let password = read("mqtt.password_file", path)?;
                options.set_credentials(user, password.trim_ascii_end().to_vec());
            }
            None => {
                options.set_username(user);
            }
        }
    }
    if let Some(ca_file) = &mqtt.ca_file {
        let client_auth = match (&mqtt.cert_file, &mqtt.key_file) {
            (Some(cert), Some(key)) => Some((read("mqtt.cert_file", cert)?, read("mqtt.key_file", key)?)),
            _ => None,
        };
        let ca = read("mqtt.ca_file", ca_file)?;
        options.set_transport(Transport::Tls(TlsConfiguration::Simple { ca, alpn: None, client_auth }));
    }
    Ok(options)
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|source| FileError { key, path: path.into(), source })
}

/// What a collector asks to hear.
#[must_use]
pub fn filters(mqtt: &config::Mqtt) -> Vec<String> {
    let channels = [Channel::Samples, Channel::Status, Channel::About, Channel::Result];
    if mqtt.venues.is_empty() {
        return channels.map(|c| Topic::filter(None, c)).to_vec();
    }
    mqtt.venues.iter().flat_map(|v| channels.map(|c| Topic::filter(Some(v), c))).collect()
}
