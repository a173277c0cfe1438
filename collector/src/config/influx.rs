//! `[influx]`: the database that a chain's readings are written to, beside the ledger. Checks what can be
//! checked without a network.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Error, error};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum InfluxVersion {
    /// InfluxDB 2, by `/api/v2`.
    #[default]
    #[serde(rename = "2")]
    Two,
    /// InfluxDB 1.x, by `/write` and `/query`.
    #[serde(rename = "1")]
    One,
    /// VictoriaMetrics, by `/write`; it answers no InfluxQL.
    #[serde(rename = "victoria-metrics")]
    VictoriaMetrics,
}

/// Where readings are written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Influx {
    /// Address of the database; without it nothing is written.
    pub url: Option<String>,
    /// Which database.
    pub version: InfluxVersion,
    /// Organisation, of InfluxDB 2.
    pub org: Option<String>,
    /// Bucket, or the database of 1.x.
    pub bucket: String,
    /// File with the token of InfluxDB 2, or `user:password` of 1.x.
    pub token_file: Option<PathBuf>,
    /// A batch has at most so many lines, 1 to 50000.
    pub batch_lines_max: usize,
    /// … so many bytes before compression, 10000 to 20000000.
    pub batch_bytes_max: usize,
    /// … and waits at most so long for more, in milliseconds, 100 to 60000.
    pub batch_age_ms_max: u64,
    /// A request has so many seconds, 1 to 300.
    pub timeout_seconds: u64,
    /// The ledger keeps so many MiB for a database that is away, 16 to 1000000.
    pub waiting_mib_max: u64,
}

impl Default for Influx {
    fn default() -> Self {
        Self {
            url: None,
            version: InfluxVersion::default(),
            org: None,
            bucket: "hallwatch".into(),
            token_file: None,
            batch_lines_max: 5_000,
            batch_bytes_max: 2_000_000,
            batch_age_ms_max: 1_000,
            timeout_seconds: 30,
            waiting_mib_max: 4_096,
        }
    }
}

impl Influx {
    pub(super) fn check(&self) -> Result<(), Error> {
        error::in_range("influx.batch_lines_max", self.batch_lines_max as u64, 1..=50_000)?;
        error::in_range("influx.batch_bytes_max", self.batch_bytes_max as u64, 10_000..=20_000_000)?;
        error::in_range("influx.batch_age_ms_max", self.batch_age_ms_max, 100..=60_000)?;
        error::in_range("influx.timeout_seconds", self.timeout_seconds, 1..=300)?;
        error::in_range("influx.waiting_mib_max", self.waiting_mib_max, 16..=1_000_000)?;
        let Some(url) = &self.url else { return Ok(()) };
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(error::value("influx.url", "url", &[]));
        }
        if self.bucket.is_empty() {
            return Err(error::value("influx.bucket", "bucket", &[]));
        }
        if self.version == InfluxVersion::Two {
            for (key, missing) in [("influx.org", self.org.is_none()), ("influx.token_file", self.token_file.is_none())]
            {
                if missing {
                    return Err(error::value(key, "influx_two", &[]));
                }
            }
        }
        Ok(())
    }
}
