//! An agent without threads and sockets: the real spool and the real sending core, told what the
//! pump of a running agent would tell them, in the same order.

use std::time::Duration;

use agent::{
    draft::Draft,
    spool::{Settings, Spool},
    uplink::core::{Core, Publish},
};
use wire::{Ack, Id, Source, UnixMs};

use super::{EPOCH_MS, card::Card};
use crate::Rng;

/// How often the pump asks whether the system's clock is synchronised.
const CLOCK_INTERVAL_MS: i64 = 10_000;
/// How long an agent waits for an `ack` before it sends again, as configured by default.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);
/// Far more than an outage of the simulation fills: an eviction would be a loss that is none.
const BYTES_MAX: u64 = 64 << 20;

/// One life of a process; the boot is that of the computer.
pub struct Device {
    /// Keeps samples.
    pub spool: Spool<Card>,
    core: Core,
    /// World time at which the computer's boot clock was 0.
    booted_ms: i64,
    /// From when the system's clock is synchronised, if ever in this boot.
    ntp_from_ms: Option<i64>,
    /// How far the synchronised clock is off.
    ntp_error_ms: i64,
    clock_asked_ms: Option<i64>,
}

/// A boot of a computer, which may outlive several processes.
#[derive(Debug, Clone)]
pub struct Boot {
    /// Its name.
    pub id: Id,
    /// When it began.
    pub began_ms: i64,
    /// When the network's time is there, if ever.
    pub ntp_from_ms: Option<i64>,
    /// How far it is off.
    pub ntp_error_ms: i64,
}

impl Boot {
    /// A boot that begins at `now`: the network's time is there soon, late or never.
    #[must_use]
    pub fn new(now: i64, number: u32, rng: &mut Rng) -> Self {
        let ntp_from_ms = match rng.below(4) {
            0 => None,
            1 => Some(now + rng.below(4 * 3_600_000) as i64),
            _ => Some(now + rng.below(60_000) as i64),
        };
        let id = Id::parse(&format!("boot-{number}")).expect("a valid identifier");
        // The boot clock has run for some seconds when the agent starts.
        Self { id, began_ms: now - 5_000, ntp_from_ms, ntp_error_ms: rng.below(200) as i64 - 100 }
    }
}

impl Device {
    /// A process starts on `card`.
    #[must_use]
    pub fn start(card: Card, boot: &Boot, now: i64, rng: &mut Rng) -> Self {
        let settings = Settings::new(BYTES_MAX, Duration::from_secs(1));
        let mut random = Rng::new(rng.next_u64());
        let since = elapsed(now, boot.began_ms);
        let spool = Spool::open(card, settings, boot.id.clone(), Box::new(move || random.next_u64()), since);
        Self {
            spool,
            core: Core::new(ACK_TIMEOUT),
            booted_ms: boot.began_ms,
            ntp_from_ms: boot.ntp_from_ms,
            ntp_error_ms: boot.ntp_error_ms,
            clock_asked_ms: None,
        }
    }

    /// CLOCK_BOOTTIME.
    #[must_use]
    pub fn boottime(&self, now: i64) -> Duration {
        elapsed(now, self.booted_ms)
    }

    fn synchronized(&self, now: i64) -> bool {
        self.ntp_from_ms.is_some_and(|from| from <= now)
    }

    /// The sampler hands over a sample; gives its name.
    pub fn draft(&mut self, draft: Draft, now: i64) -> (Id, u64) {
        self.spool.append(draft, self.boottime(now))
    }

    /// The broker took the connection.
    pub fn connected(&mut self) {
        self.core.connected();
    }

    /// The broker is gone.
    pub fn disconnected(&mut self) {
        self.core.disconnected();
    }

    /// The collector's word.
    pub fn ack(&mut self, ack: &Ack, now: i64) {
        let since = self.boottime(now);
        if !self.synchronized(now) {
            self.spool.hear(since, ack.time);
        }
        self.core.acked(ack, &mut self.spool, since);
    }

    /// What follows every event: looks at the clock, syncs, sends. Gives what to publish and when
    /// to look again.
    pub fn turn(&mut self, now: i64) -> (Vec<Publish>, Option<i64>) {
        let since = self.boottime(now);
        if self.clock_asked_ms.is_none_or(|asked| asked + CLOCK_INTERVAL_MS <= now) {
            self.clock_asked_ms = Some(now);
            if self.synchronized(now) {
                self.spool.trust(since, self.wall(now));
            }
        }
        self.spool.tick(since);
        let mut publishes = Vec::new();
        while let Some(publish) = self.core.next(&mut self.spool, since) {
            publishes.push(publish);
        }
        let due = [self.spool.next_sync(), self.core.deadline()].into_iter().flatten().min();
        (publishes, due.map(|due| self.booted_ms + due.as_millis() as i64 + 1))
    }

    fn wall(&self, now: i64) -> UnixMs {
        EPOCH_MS + now + self.ntp_error_ms
    }
}

fn elapsed(now: i64, began: i64) -> Duration {
    Duration::from_millis((now - began).unsigned_abs())
}

/// The agent of room number `place`.
#[must_use]
pub fn source(place: usize) -> Source {
    let id = |text: &str| Id::parse(text).expect("a valid identifier");
    Source { venue: id("nanshan"), room: id(&format!("k{place}")), agent: id(&format!("pi-{place}")) }
}
