//! Runs the spool and the sending core on a thread of their own, so that a sync to a slow card
//! holds up neither sensors nor the connection. Speaks to both by bounded channels.

use std::{
    io::Write,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use tokio::sync::{mpsc::Sender, oneshot};
use wire::{Ack, Id, PointName};

use super::core::{Core, Publish};
use crate::{
    draft::Draft,
    spool::{Spool, storage::Storage},
    world::Clock,
};

/// Drafts and events on their way to the pump; the sampler waits when it is full.
pub const EVENTS_MAX: usize = 256;
/// Messages on their way to MQTT: twice what may be under way, so that a reconnection never meets
/// a full channel.
pub const PUBLISHES_MAX: usize = 2 * super::core::IN_FLIGHT_MAX;
/// The pump looks at the clock at least this often, in the agent's time.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// How often the system is asked whether its clock is synchronised.
const CLOCK_INTERVAL: Duration = Duration::from_secs(10);

/// What the pump is told.
#[derive(Debug)]
pub enum Event {
    /// A sample to keep and send.
    Draft(Draft),
    /// The broker took the connection.
    Connected,
    /// The broker is gone.
    Disconnected,
    /// The collector's word.
    Ack(Ack),
    /// Sync all, end, and say when that is done. First it waits until the collector has everything,
    /// or this long.
    Stop {
        /// How long, in the agent's time.
        patience: Duration,
        /// Told at the end.
        done: oneshot::Sender<()>,
    },
}

/// The pump.
pub struct Pump<S: Storage> {
    /// Where samples are kept.
    pub spool: Spool<S>,
    /// What decides when they go.
    pub core: Core,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where they go.
    pub publishes: Sender<Publish>,
    /// Written to before a sample counts as acknowledged to the sampler; for the books of a test
    /// that kills the agent.
    pub audit: Option<std::fs::File>,
}

impl<S: Storage> Pump<S> {
    /// Runs until told to stop, or until nobody can tell it anything any more.
    pub fn run(mut self, events: &Receiver<Event>) {
        let mut audited: Option<(Id, u64)> = None;
        let mut clock_asked: Option<Duration> = None;
        let mut stopping: Option<(Duration, oneshot::Sender<()>)> = None;
        loop {
            let now = self.clock.boottime();
            if clock_asked.is_none_or(|asked| asked + CLOCK_INTERVAL <= now) {
                clock_asked = Some(now);
                if self.clock.synchronized() {
                    self.spool.trust(now, self.clock.wall());
                }
            }
            self.spool.tick(now);
            self.write_audit(&mut audited);
            self.send(now);
            if let Some((until, _)) = &stopping
                && (*until <= now || self.spool.waiting().next().is_none())
            {
                break;
            }
            match events.recv_timeout(self.clock.real(self.patience(now))) {
                Ok(Event::Stop { patience, done }) => stopping = Some((now + patience, done)),
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.spool.close(self.clock.boottime());
        self.write_audit(&mut audited);
        if let Some((_, done)) = stopping {
            // Nobody waits any more: then nobody needs to know.
            let _ = done.send(());
        }
    }

    fn take(&mut self, event: Event) {
        let now = self.clock.boottime();
        match event {
            Event::Draft(mut draft) => {
                self.add_figures(&mut draft);
                self.spool.append(draft, now);
            }
            Event::Connected => self.core.connected(),
            Event::Disconnected => self.core.disconnected(),
            Event::Ack(ack) => {
                if !self.clock.synchronized() {
                    self.spool.hear(now, ack.time);
                }
                self.core.acked(&ack, &mut self.spool, now);
            }
            Event::Stop { .. } => {}
        }
    }

    fn send(&mut self, now: Duration) {
        while let Some(publish) = self.core.next(&mut self.spool, now) {
            if self.publishes.try_send(publish).is_err() {
                // It is sent again when its time is up.
                tracing::debug!("the connection takes no message now");
                return;
            }
        }
    }

    fn patience(&self, now: Duration) -> Duration {
        let due = [self.spool.next_sync(), self.core.deadline()].into_iter().flatten().min();
        due.map_or(IDLE_MAX, |due| due.saturating_sub(now)).min(IDLE_MAX)
    }

    /// What the agent says of itself travels with each sample, so that its own lag and losses are
    /// readings like any other.
    fn add_figures(&self, draft: &mut Draft) {
        let (spool, core) = (self.spool.stats(), self.core.stats());
        let figures = [
            ("spool_depth_count", spool.depth),
            ("spool_size_bytes", spool.bytes),
            ("spool_evicted_count", spool.evicted),
            ("spool_corrupt_count", spool.corrupt),
            ("spool_sync_count", spool.syncs),
            ("spool_failure_count", spool.failures),
            ("uplink_resent_count", core.resent),
        ];
        for (name, value) in figures {
            let name = PointName::parse(name).expect("the agent's own figures are point names");
            draft.points.push((name, value as f64));
        }
    }

    fn write_audit(&mut self, audited: &mut Option<(Id, u64)>) {
        let Some(file) = &mut self.audit else { return };
        for (id, upto) in self.spool.durable() {
            if audited.as_ref().is_none_or(|(known, last)| known != id || *last < upto) && upto > 0 {
                *audited = Some((id.clone(), upto));
                // The books of a test: what cannot be written there is not promised.
                let _ = writeln!(file, "{id} {upto}");
            }
        }
    }
}

/// The agent's own points, for its `about`.
#[must_use]
pub fn figures() -> [(&'static str, &'static str); 7] {
    [
        ("spool_depth_count", "/"),
        ("spool_size_bytes", "By"),
        ("spool_evicted_count", "/"),
        ("spool_corrupt_count", "/"),
        ("spool_sync_count", "/"),
        ("spool_failure_count", "/"),
        ("uplink_resent_count", "/"),
    ]
}
