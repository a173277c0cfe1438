//! Connects the stages of a collector and ends them in order; decides nothing itself.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, RwLock, mpsc::sync_channel},
    thread::{self, JoinHandle},
};

use tokio::{
    runtime,
    sync::{broadcast, mpsc, watch},
};

use wire::{Source, UnixMs};

use crate::{
    Config, Shared, World, causes,
    health::Health,
    heartbeat::Heartbeat,
    influx,
    ingest::{broker, mqtt},
    ledger::{
        self, Inbox, Ledger, Loaded, WakeUp,
        export::Exporter as _,
        sqlite::{Options, Sqlite, SqliteArchivist, SqliteExporter, SqliteLedger},
    },
    live::Live,
    metrics::Metrics,
    notify, own_health,
    packs::{self, Packs},
    readiness, readings, register, rules,
    shared::CHANGES_MAX,
    silence,
    step::{self, Core, Deciders, Filings},
    tickets::{self, tell::Route},
    venues::{self, Venues},
};

/// Groups decided and not yet committed: one, so that deciding goes on while a sync takes its time,
/// and the next group grows meanwhile.
const GROUPS_AHEAD: usize = 1;

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
    /// A file that the broker's connection needs.
    #[error("the connection to the broker cannot be prepared")]
    Mqtt(#[from] mqtt::FileError),
    /// The files of venues.
    #[error("the venues cannot be used")]
    Venues(#[from] venues::Error),
    /// A rule pack.
    #[error("the rules cannot be used")]
    Packs(#[from] packs::Error),
    /// A channel that tells people.
    #[error("people cannot be told")]
    Notify(#[from] notify::Error),
    /// The token of the readings' database.
    #[error(
        "`influx.token_file`: cannot read `{path}`\nhint: the collector's user must be able to read it, and nobody else"
    )]
    InfluxToken {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
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
    threads: Vec<JoinHandle<()>>,
    senders: notify::Senders,
}

/// Starts every stage inside the current tokio runtime and returns once the broker is asked for,
/// pages are served and the ledger is open.
pub async fn start(config: Config, world: World) -> Result<Handle, Error> {
    start_over(config, world, |ledger| Box::new(ledger)).await
}

/// As [`start`], with something between the step and its ledger: tests let it fail.
#[doc(hidden)]
pub async fn start_over(
    config: Config,
    world: World,
    between: impl FnOnce(SqliteLedger) -> Box<dyn Ledger>,
) -> Result<Handle, Error> {
    let options = Options { quarantine_rows_max: config.ingest.quarantine_rows_max, ..Options::default() };
    let packs = Packs::load(&config.rules)?;
    let venues = venues::current::read(&config)?;
    let channels = notify::workers(&config)?;
    let (sqlite, mut ledger) = Sqlite::open(&config.ledger.path, options)?;
    let loaded = ledger.load(world.clock.now())?;
    let mqtt = match config.mqtt.host {
        Some(_) => None,
        None => Some(broker::start(config.mqtt.listen).map_err(|source| Error::Listen {
            key: "mqtt.listen",
            address: config.mqtt.listen,
            source,
        })?),
    };
    let client_id = format!("hallwatch-collector-{}", ledger.name()?);
    let broker_options = mqtt::options(&config.mqtt, mqtt, &client_id)?;
    let shared = Arc::new(share(config, packs, venues, &world, &sqlite, &loaded));
    recall(&shared, &loaded)?;
    let (stop, stopped) = watch::channel(false);
    let senders = notify::start(&shared, channels, &stopped)?;
    let stages = Stages { shared: shared.clone(), stopped };
    let archivist = sqlite.archivist()?;
    let exporter = sqlite.exporter()?;
    let web = serve_pages(&shared, &stages.stopped).await?;
    let mut threads = stages.launch(sqlite, between(ledger), loaded, broker_options).map_err(Error::Thread)?;
    threads.push(stages.keep_readings(archivist).map_err(Error::Thread)?);
    threads.extend(stages.jobs().map_err(Error::Thread)?);
    threads.extend(stages.write_readings(exporter)?);
    Ok(Handle { shared, mqtt, web, stop, threads, senders })
}

/// Serves pages, where the configuration asks for them.
async fn serve_pages(shared: &Arc<Shared>, stopped: &watch::Receiver<bool>) -> Result<Option<SocketAddr>, Error> {
    let web = &shared.config.web;
    if !web.enabled {
        return Ok(None);
    }
    let refused = |source| Error::Listen { key: "web.listen", address: web.listen, source };
    let listener = tokio::net::TcpListener::bind(web.listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(%address, "pages are served");
    tokio::spawn(crate::web::serve(listener, shared.clone(), stopped.clone()));
    Ok(Some(address))
}

fn share(config: Config, packs: Packs, venues: Venues, world: &World, sqlite: &Sqlite, loaded: &Loaded) -> Shared {
    let store = Arc::new(sqlite.clone());
    Shared {
        venues: venues::Current::new(venues),
        filings: Filings::default(),
        packs: Arc::new(packs),
        config,
        clock: world.clock.clone(),
        live: RwLock::new(Live::restore(loaded)),
        changes: broadcast::Sender::new(CHANGES_MAX),
        reader: store.clone(),
        inbox: store.clone(),
        outbox: store.clone(),
        readings: readings::over(store),
        past_mornings: readiness::gather::Past::default(),
        metrics: Metrics::default(),
        health: Health::default(),
        heartbeat: Heartbeat::default(),
        messages: WakeUp::default(),
        requests: WakeUp::default(),
    }
}

/// Last values of agents whose newest samples are in chunks already.
fn recall(shared: &Shared, loaded: &Loaded) -> Result<(), Error> {
    let fresh: HashSet<&Source> = loaded.samples.iter().map(|(source, _)| source).collect();
    for mark in loaded.watermarks.iter().filter(|w| w.sample_at != UnixMs::MIN && !fresh.contains(&w.source)) {
        let newest = shared.readings.samples(&mark.source, mark.sample_at, mark.sample_at.saturating_add(1), 1)?;
        let mut live = shared.live.write().expect("no holder of this lock can panic");
        newest.iter().for_each(|sample| live.sample(&mark.source, sample, sample.at));
    }
    Ok(())
}

/// Rules, tickets and channels as configured.
fn deciders(shared: &Shared) -> Deciders {
    let config = &shared.config;
    let routes = config.notify.channel.iter().map(|(name, channel)| Route {
        channel: name.clone(),
        teams: channel.teams().to_vec(),
        severity_min: channel.severity_min(),
    });
    let horizon_ms = config.ingest.live_horizon_seconds as i64 * 1_000;
    deciders_of(&shared.packs, &shared.venues.get(), horizon_ms, routes.collect())
}

/// The deciders of a step over these rules and venues; what is older than `live_horizon_ms` pages nobody.
#[must_use]
pub fn deciders_of(packs: &Packs, venues: &Arc<Venues>, live_horizon_ms: i64, routes: Vec<Route>) -> Deciders {
    let rules = rules::Settings { live_horizon_ms, ..rules::Settings::default() };
    let mut causes = causes::State::new(packs::cause_facts(&packs.rules()));
    causes.depends(venues.dependencies());
    Deciders {
        rules: rules::State::new(packs.rules(), rules),
        causes,
        tickets: tickets::State::new(tickets::Settings::default(), packs.facts(), venues.clone()),
        routes,
    }
}

struct Stages {
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
}

impl Stages {
    fn launch(
        &self,
        sqlite: Sqlite,
        ledger: Box<dyn Ledger>,
        loaded: Loaded,
        broker: rumqttc::MqttOptions,
    ) -> Result<Vec<JoinHandle<()>>, std::io::Error> {
        let (inbound, arrivals) = mpsc::channel(mqtt::INBOUND_MAX);
        let (outgoing, returns) = mpsc::channel(mqtt::OUTGOING_MAX);
        let (groups, decided) = sync_channel(GROUPS_AHEAD);
        let mut core = Core::restore(loaded, deciders(&self.shared));
        core.set_venues(&self.shared.venues.get());
        core.started(self.shared.clock.now());
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        let step = self.thread("step", move || {
            let requests = Box::new(move |limit| sqlite.pending(limit));
            step::group::run(&shared, core, requests, arrivals, &groups, &stop);
        })?;
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        let commit = self.thread("commit", move || step::commit::run(&shared, ledger, &decided, &outgoing, &stop))?;
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let ingest =
            self.thread("ingest", move || runtime.block_on(mqtt::run(shared, broker, inbound, returns, stop)))?;
        Ok(vec![ingest, step, commit])
    }

    fn keep_readings(&self, mut archivist: SqliteArchivist) -> Result<JoinHandle<()>, std::io::Error> {
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        self.thread("readings", move || {
            if let Err(error) = readings::upkeep::run(&shared, &mut archivist, &stop) {
                tracing::error!(error = %error, "readings are not kept small: no timer");
            }
        })
    }

    /// Writes readings to the database of the configuration; where there is none, nothing is kept for one.
    fn write_readings(&self, mut exporter: SqliteExporter) -> Result<Option<JoinHandle<()>>, Error> {
        let config = &self.shared.config.influx;
        let token = match &config.token_file {
            Some(path) => Some(
                notify::secret::Secret::read(path)
                    .map_err(|source| Error::InfluxToken { path: path.clone(), source })?,
            ),
            None => None,
        };
        let Some(database) = influx::client::Client::new(config, token.as_ref()) else {
            exporter.leave()?;
            return Ok(None);
        };
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        let work = move || {
            if let Err(error) = influx::writer::run(&shared, &mut exporter, &database, &stop) {
                tracing::error!(error = %error, "readings are not written to the database: no timer");
            }
        };
        self.thread("influx", work).map(Some).map_err(Error::Thread)
    }

    /// Jobs beside the step: each looks from time to time and files what should be committed.
    fn jobs(&self) -> Result<Vec<JoinHandle<()>>, std::io::Error> {
        let mut threads = Vec::new();
        if self.shared.config.venues.path.is_some() {
            let (shared, stop) = (self.shared.clone(), self.stopped.clone());
            threads.push(self.thread("venues", move || {
                if let Err(error) = venues::current::follow(&shared, stop) {
                    tracing::error!(error = %error, "venues are not read again: no timer");
                }
            })?);
        }
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        threads.push(self.thread("register", move || {
            if let Err(error) = register::job::run(&shared, stop) {
                tracing::error!(error = %error, "days until extinguishers are due are not told: no timer");
            }
        })?);
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        threads.push(self.thread("own-health", move || {
            if let Err(error) = own_health::run(&shared, stop) {
                tracing::error!(error = %error, "what is wrong with the collector becomes no ticket: no timer");
            }
        })?);
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        threads.push(self.thread("silence", move || {
            if let Err(error) = silence::job::run(&shared, stop) {
                tracing::error!(error = %error, "silence is not accounted for: no timer");
            }
        })?);
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        threads.push(self.thread("readiness", move || {
            if let Err(error) = readiness::job::run(&shared, stop) {
                tracing::error!(error = %error, "no report is made before openings: no timer");
            }
        })?);
        Ok(threads)
    }

    fn thread(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, std::io::Error> {
        thread::Builder::new().name(name.into()).spawn(work)
    }
}

impl Handle {
    /// Whether every stage still runs; none ends by itself but by a mistake of ours.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.threads.iter().any(JoinHandle::is_finished) && self.senders.is_alive()
    }

    /// Takes no more messages, commits what was taken, acknowledges it, and ends every stage.
    pub async fn stop(self) -> Result<(), Error> {
        self.stop.send_replace(true);
        let join = move || {
            for thread in self.threads {
                if thread.join().is_err() {
                    tracing::error!("a stage panicked");
                }
            }
            self.senders.stop();
        };
        let _ = tokio::task::spawn_blocking(join).await;
        Ok(())
    }
}

/// Runs a collector until `shutdown` completes.
pub async fn run(config: Config, world: World, shutdown: impl Future<Output = ()> + Send) -> Result<(), Error> {
    let handle = start(config, world).await?;
    shutdown.await;
    handle.stop().await
}
