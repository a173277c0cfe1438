//! Body of the `about` channel: a device describes itself, so that nobody types it in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{Error, Id, PointName, read, sample::SAMPLE_POINTS_MAX};

/// The most sensors that one agent describes.
pub const SENSORS_MAX: usize = 128;

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
pub fn parse(body: &[u8]) -> Result<About, Error> {
    let fields = read::object(body)?;
    Ok(About {
        model: read::text("model", read::required(&fields, "model")?)?.to_owned(),
        version: read::text("version", read::required(&fields, "version")?)?.to_owned(),
        sensors: sensors(read::optional(&fields, "sensors"))?,
        points: points(read::required(&fields, "points")?)?,
    })
}

/// Writes a body.
#[must_use]
pub fn print(about: &About) -> String {
    read::print(about)
}

fn sensors(value: Option<&Value>) -> Result<Vec<SensorAbout>, Error> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let items = value.as_array().ok_or_else(|| read::wrong("sensors", "an array", value))?;
    bounded("sensors", items.len(), SENSORS_MAX)?;
    items.iter().enumerate().map(|(i, item)| sensor(item).map_err(|e| e.within(&format!("sensors[{i}]")))).collect()
}

fn sensor(value: &Value) -> Result<SensorAbout, Error> {
    let fields = value.as_object().ok_or_else(|| read::wrong("", "an object", value))?;
    let text = |name: &str| read::text(name, read::required(fields, name)?).map(str::to_owned);
    let place = read::optional(fields, "place").map(|p| read::text("place", p)).transpose()?;
    Ok(SensorAbout { name: text("name")?, driver: text("driver")?, place: place.unwrap_or_default().to_owned() })
}

fn points(value: &Value) -> Result<BTreeMap<PointName, PointAbout>, Error> {
    let items = value.as_object().ok_or_else(|| read::wrong("points", "an object", value))?;
    bounded("points", items.len(), SAMPLE_POINTS_MAX)?;
    items
        .iter()
        .map(|(name, value)| {
            let path = format!("points.{}", name.chars().take(80).collect::<String>());
            let name = PointName::parse(name).map_err(|e| e.within(&path))?;
            Ok((name, point(value).map_err(|e| e.within(&path))?))
        })
        .collect()
}

fn point(value: &Value) -> Result<PointAbout, Error> {
    let fields: &Map<String, Value> = value.as_object().ok_or_else(|| read::wrong("", "an object", value))?;
    let number = |name: &str| read::optional(fields, name).map(|v| read::number(name, v)).transpose();
    let precision = read::optional(fields, "precision").map(|v| read::whole("precision", v)).transpose()?;
    let precision = precision.map(|p| {
        u8::try_from(p).map_err(|_| Error::BadValue { path: "precision".into(), reason: format!("{p} is over 255") })
    });
    Ok(PointAbout {
        unit: read::text("unit", read::required(fields, "unit")?)?.to_owned(),
        low: number("low")?,
        high: number("high")?,
        period_seconds: number("period_seconds")?,
        asset: read::optional(fields, "asset").map(|v| read::id("asset", v)).transpose()?,
        precision: precision.transpose()?,
        sensor: read::optional(fields, "sensor").map(|v| read::text("sensor", v)).transpose()?.map(str::to_owned),
    })
}

fn bounded(path: &str, count: usize, count_max: usize) -> Result<(), Error> {
    if count <= count_max {
        return Ok(());
    }
    Err(Error::BadValue { path: path.into(), reason: format!("{count} entries are over the limit of {count_max}") })
}
