//! A restart of the collector alarms nobody: after a pause of seconds, hours or days, agents that went on are
//! not called silent while they deliver what they kept, what was wrong before is not told again, and one
//! that died meanwhile is told once, when it has really been silent for as long as the rule says.

use collector::{
    ledger::TicketFilter,
    tickets::{Stage, Ticket},
};
use wire::{Clock, Entry, Id, PointName, Sample, Source, UnixMs};

use crate::bench::{Agent, Bench, Broker, Held, body};

/// 2026-11-23 20:00 in Shanghai.
const BEGIN: UnixMs = 1_795_435_200_000;
/// World time between two samples.
const PERIOD_MS: i64 = 20_000;
/// The shipped rule calls an agent silent after this long.
const SILENT_MS: i64 = 180_000;
/// A cause is looked for no longer than this before a ticket is opened; generous.
const CAUSE_MS: i64 = 180_000;

/// An agent with its spool.
struct Pi {
    name: &'static str,
    room: &'static str,
    celsius: f64,
    entries: Vec<Entry>,
    sent: usize,
    link: Option<Agent>,
}

fn id(text: &str) -> Id {
    body(text)
}

impl Pi {
    fn new(name: &'static str, room: &'static str, celsius: f64) -> Self {
        Self { name, room, celsius, entries: Vec::new(), sent: 0, link: None }
    }

    async fn connect(&mut self, bench: &Bench) {
        let source = Source { venue: id("nanshan"), room: id(self.room), agent: id(self.name) };
        let mut link = bench.agent_of(source).await;
        let about =
            br#"{"model":"Pi","version":"1","points":{"temperature_celsius":{"unit":"Cel","period_seconds":20}}}"#;
        link.publish("about", about, true).await;
        let online = br#"{"state":"online","boot":"boot-1","spool":"spool-a","version":"1"}"#;
        link.publish("status", online, true).await;
        self.link = Some(link);
    }

    fn read(&mut self, at: UnixMs) {
        self.entries.push(Entry::Sample(Sample {
            at,
            seq: self.entries.len() as u64 + 1,
            spool: id("spool-a"),
            boot: id("boot-1"),
            clock: Clock::Trusted,
            points: vec![(PointName::parse("temperature_celsius").unwrap(), self.celsius)],
            faults: Vec::new(),
        }));
    }

    /// Everything that it has goes, and is acknowledged.
    async fn deliver(&mut self) {
        let link = self.link.as_mut().unwrap();
        while self.sent < self.entries.len() {
            let upto = (self.sent + 100).min(self.entries.len());
            link.send(&self.entries[self.sent..upto]).await;
            link.acked("spool-a", upto as u64).await;
            self.sent = upto;
        }
    }
}

fn tickets(bench: &Bench) -> Vec<Ticket> {
    let mut all = bench.shared().reader.tickets(&TicketFilter::default()).unwrap();
    all.sort_by_key(|ticket| ticket.id);
    all
}

/// What is open, how often it came back, and how many episodes it has. Limits of time that pass while the
/// collector is away are told when it comes back, and are no alarm of the restart.
fn picture(bench: &Bench) -> Vec<(u64, Stage, u32, u32)> {
    tickets(bench).iter().map(|ticket| (ticket.id, ticket.stage, ticket.reopened_count, ticket.episode_count)).collect()
}

async fn restarted_after(pause_ms: i64) {
    let clock = Held::at(BEGIN);
    let mut bench = Bench::start_at(Broker::Mosquitto, clock.clone(), false).await;
    let mut pis = [Pi::new("pi-1", "k01", 20.0), Pi::new("pi-2", "k02", 20.0), Pi::new("pi-3", "k03", 30.0)];
    for pi in &mut pis {
        pi.connect(&bench).await;
    }
    let mut now = BEGIN;
    for _ in 0..75 {
        now += PERIOD_MS;
        clock.set(now);
        for pi in &mut pis {
            pi.read(now - 100);
            pi.deliver().await;
        }
    }
    let before = picture(&bench);
    assert!(!before.is_empty(), "the hot room has its tickets");
    assert!(tickets(&bench).iter().all(|ticket| ticket.room.as_str() == "k03"), "{:?}", tickets(&bench));

    // The collector is away; one agent dies, the others keep what they read.
    bench.halt().await;
    let end = now + pause_ms;
    while now + PERIOD_MS <= end {
        now += PERIOD_MS;
        pis.iter_mut().filter(|pi| pi.name != "pi-2").for_each(|pi| pi.read(now - 100));
    }
    clock.set(now);
    bench.launch().await;
    let restarted = now;
    for pi in pis.iter_mut().filter(|pi| pi.name != "pi-2") {
        pi.connect(&bench).await;
        pi.deliver().await;
        assert_eq!(picture(&bench), before, "while {} delivers", pi.name);
    }
    while now < restarted + SILENT_MS - PERIOD_MS {
        now += PERIOD_MS;
        clock.set(now);
        for pi in pis.iter_mut().filter(|pi| pi.name != "pi-2") {
            pi.read(now - 100);
            pi.deliver().await;
        }
        assert_eq!(picture(&bench), before, "{} s after the start", (now - restarted) / 1_000);
    }
    while now < restarted + SILENT_MS + CAUSE_MS {
        now += PERIOD_MS;
        clock.set(now);
        for pi in pis.iter_mut().filter(|pi| pi.name != "pi-2") {
            pi.read(now - 100);
            pi.deliver().await;
        }
    }
    let after = tickets(&bench);
    let known = |ticket: &&Ticket| before.iter().any(|(id, ..)| *id == ticket.id);
    let new: Vec<&Ticket> = after.iter().filter(|ticket| !known(ticket)).collect();
    assert_eq!(new.len(), 1, "the agent that died has one ticket: {new:#?}");
    assert_eq!((new[0].room.as_str(), new[0].agent.as_ref().map(Id::as_str)), ("k02", Some("pi-2")));
    assert!(
        new[0].opened_at >= restarted + SILENT_MS,
        "told {} ms too early",
        restarted + SILENT_MS - new[0].opened_at
    );
    let old: Vec<_> = picture(&bench).into_iter().filter(|(id, ..)| before.iter().any(|(b, ..)| b == id)).collect();
    assert_eq!(old, before, "what was wrong before goes on as it was");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_seconds_alarms_nobody() {
    restarted_after(PERIOD_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_minutes_alarms_nobody() {
    restarted_after(10 * 60_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_hours_alarms_nobody() {
    restarted_after(3 * 3_600_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_days_alarms_nobody() {
    restarted_after(2 * 86_400_000 + 7_000_000).await;
}
