//! Connects the stages of a collector and ends them in order; decides nothing itself.

use std::{net::SocketAddr, sync::Arc};

use tokio::sync::watch;

use crate::{Config, Shared, World, ledger};

/// Why a collector could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger.
    #[error("the ledger cannot be used")]
    Ledger(#[from] ledger::Error),
    /// An address that cannot be listened on.
    #[error("cannot listen on `{address}` (`{key}`)\nhint: another program may have the port; port 0 takes a free one")]
    Listen {
        /// The key of the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A running collector.
pub struct Handle {
    /// What its stages share.
    pub shared: Arc<Shared>,
    /// Where its own broker really listens; `None` with an external one.
    pub mqtt: Option<SocketAddr>,
    /// Where its pages really are; `None` where they are off.
    pub web: Option<SocketAddr>,
    stop: watch::Sender<bool>,
}

/// Starts every stage inside the current tokio runtime and returns once the broker is asked for,
/// pages are served and the ledger is open.
pub async fn start(_config: Config, _world: World) -> Result<Handle, Error> {
    unreachable!("the stages follow with the next commits")
}

impl Handle {
    /// Takes no more messages, commits what was taken, and ends every stage.
    pub async fn stop(self) -> Result<(), Error> {
        self.stop.send_replace(true);
        Ok(())
    }
}

/// Runs a collector until `shutdown` completes.
pub async fn run(config: Config, world: World, shutdown: impl Future<Output = ()> + Send) -> Result<(), Error> {
    let handle = start(config, world).await?;
    shutdown.await;
    handle.stop().await
}
