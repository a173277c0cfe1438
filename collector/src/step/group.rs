//! Gathers messages into groups on a thread of its own and runs the step on each. A group ends
//! when its oldest message is `commit_age_ms_max` old or it is full: never by waiting for silence,
//! which would add a second to the slowest.

use std::{
    collections::HashSet,
    sync::{Arc, mpsc::SyncSender},
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::timeout_at,
};

use super::{Core, Filing, Inbound, Input, Stepped};
use crate::{
    Shared,
    ingest::mqtt::Receipt,
    ledger::{Error, Request},
    venues::Venues,
};

/// World time between two ticks of the rules, at most.
const TICK: Duration = Duration::from_secs(1);
/// Real time between two looks for requests that another process may have put.
const REQUESTS_EVERY: Duration = Duration::from_millis(100);
/// Requests that one step carries out.
const REQUESTS_MAX: usize = 64;

/// What the committer gets.
pub struct Group {
    /// What the step decided.
    pub stepped: Stepped,
    /// What the broker is told after the commit.
    pub receipts: Vec<Receipt>,
    /// When the oldest message arrived.
    pub oldest: Option<Instant>,
    /// The memory of its messages.
    pub room: Option<OwnedSemaphorePermit>,
}

/// Where the thread finds people's requests.
pub type Requests = Box<dyn FnMut(usize) -> Result<Vec<Request>, Error> + Send>;

/// Runs until `inbound` is closed and empty, or the committer is gone.
pub fn run(
    shared: &Arc<Shared>,
    mut core: Core,
    mut requests: Requests,
    mut inbound: mpsc::Receiver<Inbound>,
    groups: &SyncSender<Group>,
    stop: &watch::Receiver<bool>,
) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime with a timer needs no system resource that can be missing");
    let mut gather = Gather::new(shared);
    // Requests whose answer is decided and perhaps not committed yet: not to be carried out twice.
    let mut decided: HashSet<u64> = HashSet::new();
    loop {
        shared.heartbeat.step();
        let open = runtime.block_on(gather.next(&mut inbound));
        shared.metrics.waiting_messages.set(inbound.len() as u64);
        let asked = gather.requests(&mut requests, &mut decided);
        let filings = shared.filings.take();
        gather.venues(&mut core);
        let tick = gather.tick_is_due();
        if !gather.batch.is_empty() || !asked.is_empty() || !filings.is_empty() || tick {
            let group = gather.step(&mut core, asked, filings, tick);
            if groups.send(group).is_err() {
                return;
            }
        }
        if !open || (*stop.borrow() && inbound.is_closed() && inbound.is_empty()) {
            return;
        }
    }
}

struct Gather<'a> {
    shared: &'a Arc<Shared>,
    batch: Vec<Inbound>,
    age_max: Duration,
    count_max: usize,
    tick_every: Duration,
    ticked: Instant,
    looked: Instant,
    venues: Arc<Venues>,
}

impl<'a> Gather<'a> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        let ingest = &shared.config.ingest;
        let now = Instant::now();
        Self {
            shared,
            batch: Vec::with_capacity(ingest.commit_count_max.min(1_024)),
            age_max: Duration::from_millis(ingest.commit_age_ms_max),
            count_max: ingest.commit_count_max,
            tick_every: shared.clock.real(TICK),
            ticked: now,
            looked: now.checked_sub(REQUESTS_EVERY).unwrap_or(now),
            venues: shared.venues.get(),
        }
    }

    /// Fills the batch; `false` once no message can come any more.
    async fn next(&mut self, inbound: &mut mpsc::Receiver<Inbound>) -> bool {
        let idle_until = (self.ticked + self.tick_every).min(self.looked + REQUESTS_EVERY);
        let first = tokio::select! {
            biased;
            got = timeout_at(idle_until.into(), inbound.recv_many(&mut self.batch, self.count_max)) => got,
            () = self.shared.requests.wait() => {
                self.looked = self.looked.checked_sub(REQUESTS_EVERY).unwrap_or(self.looked);
                return true;
            }
        };
        match first {
            Err(_) => return true,
            Ok(0) => return false,
            Ok(_) => {}
        }
        // Asleep until the group is old enough, not waiting for the next message: a waiting
        // receiver is woken by each, and at full rate those wake-ups cost more than the messages.
        let deadline = self.batch[0].arrived + self.age_max;
        if self.batch.len() + inbound.len() < self.count_max {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        }
        while self.batch.len() < self.count_max {
            let Ok(message) = inbound.try_recv() else { break };
            self.batch.push(message);
        }
        true
    }

    fn requests(&mut self, requests: &mut Requests, decided: &mut HashSet<u64>) -> Vec<Request> {
        if self.looked.elapsed() < REQUESTS_EVERY {
            return Vec::new();
        }
        self.looked = Instant::now();
        match requests(REQUESTS_MAX) {
            Ok(pending) => {
                let known: HashSet<u64> = pending.iter().map(|r| r.id).collect();
                decided.retain(|id| known.contains(id));
                pending.into_iter().filter(|r| decided.insert(r.id)).collect()
            }
            Err(e) => {
                tracing::warn!(error = %e, "cannot look for requests, trying again");
                Vec::new()
            }
        }
    }

    fn tick_is_due(&mut self) -> bool {
        let due = self.ticked.elapsed() >= self.tick_every;
        if due {
            self.ticked = Instant::now();
        }
        due
    }

    /// Venues that were read again since the last step.
    fn venues(&mut self, core: &mut Core) {
        let current = self.shared.venues.get();
        if !Arc::ptr_eq(&current, &self.venues) {
            core.set_venues(&current);
            self.venues = current;
        }
    }

    fn step(&mut self, core: &mut Core, requests: Vec<Request>, filings: Vec<Filing>, tick: bool) -> Group {
        let messages = self.batch.len();
        let oldest = self.batch.first().map(|m| m.arrived);
        let mut receipts = Vec::with_capacity(messages);
        let mut room: Option<OwnedSemaphorePermit> = None;
        let bodies = self.batch.drain(..).map(|message| {
            receipts.extend(message.receipt);
            match (&mut room, message.room) {
                (Some(all), Some(more)) => all.merge(more),
                (all, more) => *all = all.take().or(more),
            }
            message.body
        });
        let now = self.shared.clock.now();
        if tick && self.shared.metrics.broker_connected.get() == 0 {
            core.deaf(now);
        }
        let stepped = core.step(Input { batch: bodies, requests, filings, tick, now });
        Group { stepped, receipts, oldest, room }
    }
}
