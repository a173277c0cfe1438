//! The thread that writes samples, histories and reports to the database: follows the ledger by a position that is stored once a batch is
//! written, so a kill costs a repetition and nothing else. When it is behind, the newest samples go first and the
//! backlog fills in behind them; what the ledger cannot keep any longer is counted and named before it goes.

use std::time::{Duration, Instant};

use tokio::{runtime, sync::watch};
use wire::UnixMs;

use super::{
    lines::Maker,
    sender::{self, Database, Surroundings},
    snapshots::Snapshots,
};
use crate::{
    Shared,
    health::Part,
    ledger::{
        Error,
        export::{Committed, Exporter, cursor},
    },
};

/// Bytes of commits that are read at once.
const READ_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Behind by more than this, the newest go first: about a minute of a large chain.
const BEHIND_BYTES: u64 = 16 * 1024 * 1024;
/// Lines of histories, and records, that are read at once.
const ROWS_MAX: usize = 1_000;
/// Histories and records are looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Rest after the ledger could not be read.
const RETRY: Duration = Duration::from_secs(10);
/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;
/// The share of the room in the ledger from which on people are told, in percent.
const FULL_PERCENT: u64 = 80;

/// Runs until `stop` says so.
///
/// # Errors
/// When the system gives no timer.
pub fn run(
    shared: &Shared,
    exporter: &mut dyn Exporter,
    database: &dyn Database,
    stop: &watch::Receiver<bool>,
) -> Result<(), std::io::Error> {
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    let world = World { shared, runtime, stop: stop.clone() };
    let mut writer = Writer {
        exporter,
        database,
        world,
        maker: Maker::new(shared),
        snapshots: Snapshots::default(),
        live: None,
        looked: None,
    };
    loop {
        let rest = match writer.round() {
            Ok(Round::Idle) => Duration::from_millis(shared.config.influx.batch_age_ms_max),
            Ok(Round::More) => Duration::ZERO,
            Ok(Round::Over) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, "what is to be written to the database cannot be read");
                RETRY
            }
        };
        if !writer.world.rest(rest) {
            return Ok(());
        }
    }
}

/// How a round ended.
enum Round {
    /// Nothing waits.
    Idle,
    /// More waits.
    More,
    /// The collector ends.
    Over,
}

struct Writer<'a> {
    exporter: &'a mut dyn Exporter,
    database: &'a dyn Database,
    world: World<'a>,
    /// While behind: the newest commit that is written ahead of the backlog, and where the backlog ends.
    live: Option<Live>,
    maker: Maker,
    snapshots: Snapshots,
    /// When histories and records were last looked for.
    looked: Option<Instant>,
}

/// The newest go first.
#[derive(Clone, Copy)]
struct Live {
    /// The backlog ends here …
    begins: i64,
    /// … and up to here the newest are written.
    written: i64,
}

impl Writer<'_> {
    fn round(&mut self) -> Result<Round, Error> {
        self.maker.refresh(self.world.shared);
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            if !self.histories()? || !self.records()? || !self.snapshots()? {
                return Ok(Round::Over);
            }
            self.looked = Some(Instant::now());
        }
        let position = self.exporter.position(cursor::SAMPLES)?;
        let waiting = self.exporter.waiting(position)?;
        self.tell(waiting.since, waiting.bytes)?;
        if waiting.bytes > self.world.shared.config.influx.waiting_mib_max * MIB {
            self.drop_oldest(position)?;
            return Ok(Round::More);
        }
        if self.live.is_none() && waiting.bytes > BEHIND_BYTES {
            let newest = self.exporter.newest()?;
            self.live = Some(Live { begins: newest, written: newest });
        }
        if let Some(live) = self.live {
            let ahead = self.exporter.commits(live.written, READ_BYTES_MAX)?;
            if !self.write(&ahead)? {
                return Ok(Round::Over);
            }
            let written = ahead.last().map_or(live.written, |last| last.row);
            self.live = Some(Live { written, ..live });
        }
        let commits = self.exporter.commits(position, READ_BYTES_MAX)?;
        let Some(last) = commits.last().map(|last| last.row) else { return Ok(Round::Idle) };
        if !self.write(&commits)? {
            return Ok(Round::Over);
        }
        // Where the backlog meets what was written ahead of it, all of that is done too.
        let met = self.live.filter(|live| last >= live.begins);
        let upto = met.map_or(last, |live| live.written.max(last));
        if met.is_some() {
            self.live = None;
        }
        self.exporter.advance(cursor::SAMPLES, upto)?;
        Ok(if commits.iter().map(|c| c.samples.len()).sum::<usize>() > 0 { Round::More } else { Round::Idle })
    }

    /// Writes lines of histories; `false` where the collector ends before that.
    fn histories(&mut self) -> Result<bool, Error> {
        loop {
            let position = self.exporter.position(cursor::HISTORY)?;
            let news = self.exporter.history(position, ROWS_MAX)?;
            let Some((last, ..)) = news.last() else { return Ok(true) };
            let last = *last;
            let lines = self.maker.history(self.world.shared, &news)?;
            if !self.lines(lines)? {
                return Ok(false);
            }
            self.exporter.advance(cursor::HISTORY, last)?;
        }
    }

    /// Writes reports and accounts; `false` where the collector ends before that.
    fn records(&mut self) -> Result<bool, Error> {
        loop {
            let position = self.exporter.position(cursor::RECORDS)?;
            let records = self.exporter.records(position, ROWS_MAX)?;
            let Some(last) = records.last().map(|record| record.at) else { return Ok(true) };
            let lines = self.maker.records(&records);
            if !self.lines(lines)? {
                return Ok(false);
            }
            self.exporter.advance(cursor::RECORDS, last)?;
        }
    }

    /// Writes the present and hours that are over; `false` where the collector ends before that.
    fn snapshots(&mut self) -> Result<bool, Error> {
        let shared = self.world.shared;
        let present = self.snapshots.present(shared, self.maker.facts())?;
        let (hours, due) = self.snapshots.hours(shared, self.maker.facts(), self.exporter)?;
        if !self.lines((present + &hours).lines().map(str::to_owned).collect())? {
            return Ok(false);
        }
        self.snapshots.done(&due, self.exporter)?;
        Ok(true)
    }

    /// Writes the samples of `commits`; `false` where the collector ends before that.
    fn write(&mut self, commits: &[Committed]) -> Result<bool, Error> {
        self.snapshots.note(commits);
        let lines = self.maker.samples(commits);
        self.lines(lines)
    }

    /// Sends `lines` in batches; `false` where the collector ends before that.
    fn lines(&mut self, mut lines: Vec<String>) -> Result<bool, Error> {
        let config = &self.world.shared.config.influx;
        let (lines_max, bytes_max) = (config.batch_lines_max, config.batch_bytes_max);
        while !lines.is_empty() {
            let mut bytes = 0;
            let fit = lines.iter().take(lines_max).take_while(|line| {
                bytes += line.len() + 1;
                bytes <= bytes_max
            });
            let count = fit.count().max(1);
            let rest = lines.split_off(count);
            if !self.send(&lines)? {
                return Ok(false);
            }
            lines = rest;
        }
        Ok(true)
    }

    fn send(&mut self, batch: &[String]) -> Result<bool, Error> {
        let sent = sender::send(self.database, &mut self.world, batch);
        if !sent.refused.is_empty() {
            self.world.shared.metrics.influx_refused_lines_total.add(sent.refused.len() as u64);
            tracing::warn!(lines = sent.refused.len(), reason = sent.refused[0].reason, "lines were refused for good");
            self.exporter.refuse(&sent.refused)?;
        }
        Ok(!sent.interrupted)
    }

    /// Says how far behind the database is.
    fn tell(&mut self, since: Option<UnixMs>, bytes: u64) -> Result<(), Error> {
        let shared = self.world.shared;
        let lag_ms = since.map_or(0, |since| shared.clock.now().saturating_sub(since).max(0));
        shared.metrics.influx_lag_seconds.set((lag_ms / 1_000) as u64);
        shared.metrics.influx_waiting_bytes.set(bytes);
        let room = shared.config.influx.waiting_mib_max * MIB;
        if bytes > room / 100 * FULL_PERCENT {
            let percent = bytes * 100 / room.max(1);
            let reason = format!("the ledger keeps {percent} % of what it may for the database; the oldest will go");
            shared.health.report(Part::Influx, shared.clock.now(), reason);
        }
        Ok(())
    }

    /// Gives up the oldest commits, which the ledger has no room for: counted, named, and still in its readings.
    fn drop_oldest(&mut self, position: i64) -> Result<(), Error> {
        let commits = self.exporter.commits(position, READ_BYTES_MAX)?;
        let Some(last) = commits.last() else { return Ok(()) };
        let samples: usize = commits.iter().map(|commit| commit.samples.len()).sum();
        self.world.shared.metrics.influx_dropped_samples_total.add(samples as u64);
        tracing::error!(samples, upto = last.row, "given up: the database has been away for too long");
        self.exporter.advance(cursor::SAMPLES, last.row)
    }
}

/// Time, health and figures of the collector.
struct World<'a> {
    shared: &'a Shared,
    runtime: runtime::Runtime,
    stop: watch::Receiver<bool>,
}

impl Surroundings for World<'_> {
    fn now(&self) -> UnixMs {
        self.shared.clock.now()
    }

    fn rest(&mut self, time: Duration) -> bool {
        let stop = &mut self.stop;
        self.runtime.block_on(async { tokio::time::timeout(time, stop.wait_for(|over| *over)).await.is_err() })
    }

    fn trouble(&mut self, reason: &str) {
        self.shared.metrics.influx_failures_total.add(1);
        let now = self.shared.clock.now();
        if self.shared.health.report(Part::Influx, now, format!("readings are not written: {reason}")) {
            tracing::warn!(reason, "the database takes no readings and will be tried again");
        }
    }

    fn written(&mut self, lines: usize) {
        self.shared.metrics.influx_lines_total.add(lines as u64);
        if self.shared.health.withdraw(Part::Influx) {
            tracing::info!("the database takes readings again");
        }
    }

    fn random(&mut self) -> u64 {
        getrandom::u64().unwrap_or(0)
    }
}
