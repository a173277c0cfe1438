//! Connects the stages of an agent and ends them in order; decides nothing itself.

use std::{fs::File, sync::mpsc::sync_channel, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};
use wire::{PointAbout, PointName};

use crate::{
    command::{self, COMMANDS_MAX},
    config::Config,
    draft::Draft,
    sampler,
    spool::{self, Spool, disk::Disk},
    uplink::{
        core::Core,
        mqtt::{Commands, Connection, FileError, Introduction},
        pump::{EVENTS_MAX, Event, PUBLISHES_MAX, Pump, figures},
    },
    world::World,
};

/// Drafts between sampler and spool.
const DRAFTS_MAX: usize = 64;
/// Stack of the spool's thread: it recurses nowhere, and a message of 64 KiB is on the heap.
const PUMP_STACK_BYTES: usize = 256 * 1024;
/// How long an agent that is asked to end waits for the collector to take the rest. What it does
/// not take is synced and sent at the next start.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How often a full channel to the spool is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(5);
/// Names a file to which the agent appends what it has acknowledged to its sampler.
const AUDIT_VARIABLE: &str = "HALLWATCH_AGENT_AUDIT";

/// Why an agent could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spool's folder.
    #[error("cannot use the folder `{path}` (`spool.path`)\nhint: the agent's user must be able to write there")]
    Spool {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The sensors.
    #[error("cannot start to sample")]
    Sampler(#[from] sampler::Error),
    /// A file that the connection needs.
    #[error(transparent)]
    Mqtt(#[from] FileError),
    /// The system gave no thread or no random numbers.
    #[error("the system refuses {what}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Runs an agent until `shutdown` completes. Then it stops sampling, waits a moment for the
/// collector, syncs what is left, and says goodbye to the broker.
pub async fn run(config: Config, world: World, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
    let path = config.spool.path.clone();
    let disk = Disk::open(&path).map_err(|source| Error::Spool { path, source })?;
    let random = random()?;
    let settings = spool::Settings::new(config.spool.bytes_max, config.spool.sync_after);
    let spool = Spool::open(disk, settings, world.clock.boot(), random, world.clock.boottime());
    let me = introduction(&config, &world, &spool)?;

    let (events, hearing) = sync_channel(EVENTS_MAX);
    let (publishes, publishing) = mpsc::channel(PUBLISHES_MAX);
    let (asked, commands) = mpsc::channel(COMMANDS_MAX);
    let (outcomes, done) = mpsc::channel(COMMANDS_MAX);
    let connection = Connection::new(&config.mqtt, world.clone(), me, events.clone(), Commands { asked, done })?;
    let pump =
        Pump { spool, core: Core::new(config.mqtt.ack_timeout), clock: world.clock.clone(), publishes, audit: audit() };
    std::thread::Builder::new()
        .name("spool".into())
        .stack_size(PUMP_STACK_BYTES)
        .spawn(move || pump.run(&hearing))
        .map_err(|source| Error::System { what: "a thread", source })?;

    let (stop_sampling, sampling) = watch::channel(false);
    let (stop_connection, connecting) = watch::channel(false);
    let (drafts, drafted) = mpsc::channel(DRAFTS_MAX);
    let (requests, requested) = mpsc::channel(COMMANDS_MAX);
    let sampler = sampler::start(&config, &world, drafts, requested, sampling)?;
    // Ends with the connection, which holds the other end of its commands.
    tokio::spawn(command::run(commands, requests, outcomes));
    let connection = tokio::spawn(connection.run(publishing, connecting));
    let forwarding = tokio::spawn(forward(drafted, events.clone()));
    let watchdog = tokio::spawn(crate::watchdog::run());

    shutdown.await;
    tracing::info!("ending");
    crate::watchdog::stopping();
    stop_sampling.send_replace(true);
    // Each ends by itself; one that panicked has nothing left to lose.
    let _ = sampler.await;
    let _ = forwarding.await;
    let (done, ended) = oneshot::channel();
    if put(&events, Event::Stop { patience: DRAIN_MAX, done }).await {
        let _ = ended.await;
    }
    stop_connection.send_replace(true);
    let _ = connection.await;
    watchdog.abort();
    Ok(())
}

/// Carries drafts from the sampler to the spool's thread, in order.
async fn forward(mut drafts: mpsc::Receiver<Draft>, events: std::sync::mpsc::SyncSender<Event>) {
    while let Some(draft) = drafts.recv().await {
        if !put(&events, Event::Draft(draft)).await {
            return;
        }
    }
}

/// Waits for room in a channel of the standard library without holding up the runtime.
async fn put(events: &std::sync::mpsc::SyncSender<Event>, mut event: Event) -> bool {
    loop {
        match events.try_send(event) {
            Ok(()) => return true,
            Err(std::sync::mpsc::TrySendError::Full(back)) => event = back,
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return false,
        }
        tokio::time::sleep(FULL_PAUSE).await;
    }
}

fn introduction(config: &Config, world: &World, spool: &Spool<Disk>) -> Result<Introduction, Error> {
    let mut about = sampler::about(config)?;
    for (name, unit) in figures() {
        let name = PointName::parse(name).expect("the agent's own figures are point names");
        about.points.insert(name, PointAbout { unit: unit.into(), precision: Some(0), ..PointAbout::default() });
    }
    Ok(Introduction { source: config.source(), about, boot: world.clock.boot(), spool: spool.id().clone() })
}

fn random() -> Result<spool::Random, Error> {
    let refused = |source: getrandom::Error| Error::System { what: "random numbers", source: source.into() };
    getrandom::u64().map_err(refused)?;
    // It worked once; a system that later has none gives a name that is new in this boot at least.
    let mut count = 0;
    Ok(Box::new(move || {
        count += 1;
        getrandom::u64().unwrap_or(count)
    }))
}

fn audit() -> Option<File> {
    let path = std::env::var_os(AUDIT_VARIABLE)?;
    match File::options().create(true).append(true).open(&path) {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "cannot open the audit file");
            None
        }
    }
}
