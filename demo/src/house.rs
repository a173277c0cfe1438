//! Starts the venue's collector and agents, lets the story play, and ends all in order.

use std::{
    net::{SocketAddr, TcpListener as Probe},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use agent::driver::simulated::Room;
use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use tokio::sync::watch as signal;
use wire::UnixMs;

use crate::{
    cable::Cable, clock::FastClock, options::Options, phones::Phones, play::Set, song_server::SongServer, tell::Teller,
    texts::Text, venue, watch,
};

/// The minute of the day at which an evening begins, forty minutes before the opening, in the venue's zone.
const EVENING_MINUTE: i64 = 17 * 60 + 50;
/// How long all rooms may take to be heard, in real time, before the demo goes on without them.
const START_WAIT: Duration = Duration::from_secs(30);
/// How often it looks whether they are.
const START_POLL: Duration = Duration::from_millis(50);
/// Where the venue's time is kept, so that a kept ledger never sees it go back.
const CLOCK_FILE: &str = "venue-time-ms";
/// What the collector is told of the venue.
const VENUES_FILE: &str = "venues.toml";
/// What the collector is configured with, so that its command line can be tried beside it.
const CONFIG_FILE: &str = "collector.toml";
/// Stack of an agent's thread; its runtime needs little.
const AGENT_STACK_BYTES: usize = 512 * 1024;

/// An agent on a thread of its own, as if it were a computer of its own.
struct Running {
    stop: signal::Sender<bool>,
    thread: JoinHandle<Result<(), agent::Error>>,
}

/// Runs the demo until `shutdown` completes or `--for` is over.
pub async fn run(options: Options, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let temporary = match options.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("no temporary folder can be made")?),
    };
    let data = match (&options.data, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => unreachable!("one of the two is made above"),
    };
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make the folder `{}`", data.display()))?;
    let mut config = collector_config(&options, &data);
    let phones = Phones::lay().await?;
    phones.enter(&mut config, options.language());
    let zone = TimeZone::get(&config.zone).context("the time zone database has no entry for the venue")?;
    let started_at = venue_start(&data, &zone);
    let today = zone.to_datetime(Timestamp::from_millisecond(started_at)?).date();
    let venues = venue::venues(usize::from(options.rooms), today);
    std::fs::write(data.join(VENUES_FILE), venues).context("the venue's file cannot be written")?;
    let printed = toml::to_string(&config).context("the collector's configuration cannot be printed")?;
    std::fs::write(data.join(CONFIG_FILE), printed).context("the collector's configuration cannot be written")?;
    let teller = Teller::new(options.language(), options.quiet, zone);
    let clock = Arc::new(FastClock::new(started_at, options.speed, fresh_boot()?));
    introduce(&teller, &options, started_at);
    phones.ring(teller.clone(), clock.clone());

    let begun = Instant::now();
    let handle = collector::start(config, collector::World { clock: clock.clone() })
        .await
        .context("the collector does not start")?;
    let shared = handle.shared.clone();
    teller.say(Text::CollectorUp, &[]);
    let broker = handle.mqtt.context("the collector runs its own broker")?;
    let watcher = tokio::spawn(watch::tickets(shared.clone(), teller.clone()));

    let song_server = SongServer::start(usize::from(options.rooms)).await?;
    let mut rooms = Vec::new();
    let mut cables = Vec::new();
    let mut agents = Vec::new();
    for index in 0..usize::from(options.rooms) {
        let room = venue::furnish(index, clock.clone());
        let cable = Cable::lay(broker).await.context("no port for an agent's cable")?;
        let config = venue::agent_config(index, cable.address, &song_server, &data);
        agents.push(start_agent(config, clock.clone(), room.clone())?);
        rooms.push(room);
        cables.push(cable);
    }
    wait_until_heard(&shared, rooms.len(), &teller).await;
    teller.say(Text::AllHeard, &[&format!("{:.1}", begun.elapsed().as_secs_f64())]);
    addresses(&teller, &handle, broker, &data);

    let set = Set {
        clock: &clock,
        rooms: &rooms,
        cables: &cables,
        song_server: &song_server,
        shared: &shared,
        teller: &teller,
    };
    tokio::select! {
        () = async { set.play(options.scenario).await; std::future::pending::<()>().await } => {}
        () = keep_time(&data, &clock) => {}
        () = limit(options.run_for) => {}
        () = shutdown => {}
    }

    teller.say(Text::Ending, &[]);
    end_agents(agents).await;
    handle.stop().await.context("the collector did not end in order")?;
    watcher.abort();
    sum(&teller, &clock, &shared);
    if let Some(folder) = &options.data {
        teller.always(Text::DataStays, &[&folder.display().to_string()]);
    }
    Ok(())
}

fn collector_config(options: &Options, data: &Path) -> collector::Config {
    let mut config = collector::Config::default();
    config.ledger.path = data.join("hallwatch.db");
    config.mqtt.listen = free_or_any(options.mqtt);
    config.web.listen = free_or_any(options.listen);
    config.venues.path = Some(data.join(VENUES_FILE));
    config
}

/// The address itself, or a free port beside it where something listens there already.
fn free_or_any(wanted: SocketAddr) -> SocketAddr {
    match Probe::bind(wanted) {
        Ok(_) => wanted,
        Err(_) => SocketAddr::new(wanted.ip(), 0),
    }
}

/// The last evening's beginning, or where a kept venue stopped.
fn venue_start(data: &Path, zone: &TimeZone) -> UnixMs {
    let kept = std::fs::read_to_string(data.join(CLOCK_FILE)).ok().and_then(|text| text.trim().parse::<UnixMs>().ok());
    let now = Timestamp::now().to_zoned(zone.clone());
    let evening = now.start_of_day().and_then(|day| day.checked_add(EVENING_MINUTE.minutes()));
    let evening = match evening {
        Ok(evening) if evening > now => evening.checked_sub(1.day()).unwrap_or(now),
        Ok(evening) => evening,
        Err(_) => now,
    };
    evening.timestamp().as_millisecond().max(kept.unwrap_or(UnixMs::MIN))
}

/// Each run of the demo is another boot of its computers.
fn fresh_boot() -> anyhow::Result<wire::Id> {
    let number = getrandom::u64().context("no random numbers")?;
    Ok(venue::id(&format!("{number:016x}")))
}

fn introduce(teller: &Teller, options: &Options, started_at: UnixMs) {
    teller.always(Text::Title, &[teller.venue(), &options.rooms.to_string()]);
    let second = teller.span(Duration::from_secs_f64(options.speed));
    teller.always(Text::Speed, &[&teller.clock_text(started_at), &options.speed.to_string(), &second]);
    for (wanted, free) in [(options.mqtt, free_or_any(options.mqtt)), (options.listen, free_or_any(options.listen))] {
        if wanted != free {
            teller.always(Text::PortTaken, &[&wanted.to_string()]);
        }
    }
}

fn start_agent(config: agent::config::Config, clock: Arc<FastClock>, room: Arc<Room>) -> anyhow::Result<Running> {
    let (stop, mut stopped) = signal::channel(false);
    let name = config.agent.to_string();
    let body = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime without worker threads needs only a file descriptor");
        let world = agent::world::World { clock, room: Some(room) };
        runtime.block_on(agent::run(config, world, async move {
            // A sender that is gone is a shutdown as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        }))
    };
    let thread = std::thread::Builder::new().name(name).stack_size(AGENT_STACK_BYTES).spawn(body)?;
    Ok(Running { stop, thread })
}

async fn wait_until_heard(shared: &collector::Shared, rooms: usize, teller: &Teller) {
    let deadline = Instant::now() + START_WAIT;
    loop {
        let heard = match shared.live.read() {
            Ok(live) => live.agents.values().filter(|agent| agent.sample_at.is_some()).count(),
            Err(_) => 0,
        };
        teller.progress(Text::AgentsUp, &[&heard.to_string(), &rooms.to_string()]);
        if heard >= rooms || Instant::now() > deadline {
            return teller.progress_done();
        }
        tokio::time::sleep(START_POLL).await;
    }
}

fn addresses(teller: &Teller, handle: &collector::Handle, broker: SocketAddr, data: &Path) {
    if let Some(web) = handle.web {
        teller.address(Text::Pages, &format!("http://{web}/"));
    }
    let listen = format!("mosquitto_sub -h {} -p {} -v -t 'hallwatch/#'", broker.ip(), broker.port());
    teller.address(Text::Mqtt, &listen);
    teller.address(Text::Data, &data.display().to_string());
    let command =
        format!("cargo run -q --release -p collector -- tickets list --config {}", data.join(CONFIG_FILE).display());
    teller.address(Text::Commands, &command);
    teller.say(Text::HowToEnd, &[]);
}

async fn limit(run_for: Option<Duration>) {
    match run_for {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}

/// Writes down the venue's time every second of life; a kept venue goes on from there.
async fn keep_time(data: &Path, clock: &FastClock) {
    let path: PathBuf = data.join(CLOCK_FILE);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Ahead of now, so that what happens until the next writing still lies before it.
        let _ = std::fs::write(&path, clock.ahead_ms(Duration::from_secs(5)).to_string());
    }
}

async fn end_agents(agents: Vec<Running>) {
    for agent in &agents {
        agent.stop.send_replace(true);
    }
    let joined = tokio::task::spawn_blocking(move || {
        for agent in agents {
            match agent.thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(error = %error, "an agent ended with an error"),
                Err(_) => tracing::error!("an agent panicked"),
            }
        }
    });
    let _ = joined.await;
}

fn sum(teller: &Teller, clock: &FastClock, shared: &collector::Shared) {
    let filter = collector::ledger::TicketFilter::default();
    let tickets = shared.reader.tickets(&filter).unwrap_or_default();
    let ended = tickets.iter().filter(|ticket| ticket.closed_at.is_some()).count();
    let figures = &shared.metrics;
    teller.always(
        Text::Sum,
        &[
            &teller.span(clock.elapsed()),
            &figures.samples_total.get().to_string(),
            &figures.duplicates_total.get().to_string(),
            &figures.lost_total.get().to_string(),
            &tickets.len().to_string(),
            &ended.to_string(),
        ],
    );
}
