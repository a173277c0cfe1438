//! Body of the `about` channel: a device describes itself, so that nobody types it in.

use std::collections::BTreeMap;

use crate::{Error, Id, PointName};

/// What one point is.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct PointAbout {
    /// Unit as SenML (RFC 8428 and its registry) or UCUM writes it: `Cel`, `%RH`, `ppm`, `lx`, `/`.
    pub unit: String,
    /// The least value that the sensor gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Seconds between two samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<f64>,
    /// The asset it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Decimals worth showing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u8>,
    /// The sensor that reads it, as named in `sensors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
}

/// A sensor of the agent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SensorAbout {
    /// Its name in the agent's configuration.
    pub name: String,
    /// The driver, for example `sht4x`.
    pub driver: String,
    /// Bus and address, for example `i2c-1 0x44`, or a host for a probe.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
}

/// What an agent is and measures.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct About {
    /// The computer, for example `Raspberry Pi 4 Model B Rev 1.4`.
    pub model: String,
    /// Version of the agent.
    pub version: String,
    /// Its sensors.
    #[serde(default)]
    pub sensors: Vec<SensorAbout>,
    /// Its points.
    pub points: BTreeMap<PointName, PointAbout>,
}

/// Reads a body.
pub fn parse(_body: &[u8]) -> Result<About, Error> {
    Err(Error::Missing { path: String::new() })
}

/// Writes a body.
#[must_use]
pub fn print(_about: &About) -> String {
    String::new()
}
