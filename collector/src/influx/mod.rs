//! Writes what the ledger holds to InfluxDB or VictoriaMetrics, for dashboards: [`writer`] follows the ledger by a
//! stored position, [`lines`] makes lines of samples, [`sender`] sees each batch to its end, [`client`] speaks HTTP.
//! A database that is away delays nothing and loses nothing: what it misses waits in the ledger, which bounds it.

pub mod client;
pub mod lines;
pub mod sender;
pub mod snapshots;
pub mod writer;
