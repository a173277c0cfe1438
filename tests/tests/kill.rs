//! P1 and P6 with real processes: agents, mosquitto and the collector are killed at random while
//! samples flow. Every sample that an outsider saw acknowledged is stored exactly once, every number
//! without a sample has a reason, and the one fault that was planted has one ticket.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![allow(clippy::print_stdout, reason = "the seed and the counts are what a person reads")]

use std::{
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use tests::{
    Agent, Broker, Collector, House, Process, Receiver, Rng,
    agent::{self, Watched},
    audit::{Books, Evidence, audit},
    collector, wait,
};

/// Agents; each gives a sample a second, so that together they give some twenty.
const AGENTS: usize = 20;

/// Kills in an ordinary run; `HALLWATCH_KILLS` makes it longer.
const KILLS_DEFAULT: usize = 105;

/// How long everything may take to be delivered once the killing has stopped.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);

/// The one rule: the song server must answer.
const PACK: &str = include_str!("pack/song-server.toml");

/// Everything that can be killed, and what outsiders see of it.
struct Scene {
    broker: Broker,
    listener: Process,
    listened: usize,
    collector: Collector,
    agents: Vec<Agent>,
    evidence: Evidence,
    killed: [usize; 3],
    /// Last, since it goes last and counts who is left.
    house: House,
}

impl Scene {
    fn start(receiver: &Receiver, watched: &Watched) -> Self {
        let house = House::new("kill");
        let broker = Broker::start(&house);
        let listener = broker.subscriber(&house, "heard", "hallwatch/#");
        let channel =
            format!("[notify.channel.av]\nkind = \"webhook\"\nurl = \"{}/hook\"\nallow_local = true\n", receiver.url());
        let wanted = collector::Wanted {
            broker: Some(broker.port()),
            pack: Some(PACK.into()),
            more: channel,
            ..collector::Wanted::default()
        };
        let collector = Collector::start(&house, &wanted);
        let agents = (0..AGENTS)
            .map(|number| {
                let mut wanted = agent::Wanted::new(&format!("k{number:02}"), broker.port());
                // The soonest that can be configured, so that kills find spools at work on the disk.
                wanted.spool = "sync_after = \"100ms\"".into();
                if number == 0 {
                    wanted.more = watched.sensor("song-server");
                }
                Agent::start(&house, &wanted)
            })
            .collect();
        let evidence = Evidence::default();
        Self { house, broker, listener, listened: 0, collector, agents, evidence, killed: [0; 3] }
    }

    /// Kills one of the three kinds at random, and starts it again a little later.
    fn kill_one(&mut self, rng: &mut Rng) {
        // Mostly a moment; at times long enough for spools to grow and connections to be given up.
        let down_ms_max = *rng.pick(&[400, 400, 400, 400, 400, 3_000]);
        let down = Duration::from_millis(rng.below(down_ms_max) as u64);
        let kind = *rng.pick(&[0, 0, 1, 2]);
        self.killed[kind] += 1;
        match kind {
            0 => {
                let index = rng.below(self.agents.len());
                self.agents[index].kill();
                self.keep(index);
                thread::sleep(down);
                self.agents[index].relaunch(&self.house);
            }
            1 => {
                self.broker.kill();
                self.listen();
                thread::sleep(down);
                self.broker.restart(&self.house);
                self.listener.kill();
                self.listener = self.broker.subscriber(&self.house, "heard", "hallwatch/#");
                self.listened = 0;
            }
            _ => {
                self.collector.kill();
                thread::sleep(down);
                self.collector.relaunch(&self.house);
            }
        }
    }

    /// Takes what a dead agent has on disk into evidence.
    fn keep(&mut self, index: usize) {
        let agent = &mut self.agents[index];
        for (spool, upto) in agent.promises() {
            self.evidence.promise(&agent.source(), &spool, upto);
        }
        self.evidence.keep(&agent.source(), agent.spooled());
    }

    /// Takes what went over the broker into evidence.
    fn listen(&mut self) {
        let output = self.listener.output();
        let whole = output.rfind('\n').map_or(0, |at| at + 1);
        output[self.listened.min(whole)..whole].lines().for_each(|line| self.evidence.hear(line));
        self.listened = whole;
    }

    fn books(&self) -> Books {
        Books::read(&self.collector.ledger()).unwrap()
    }

    /// The ledger as any program could read it.
    fn count(&self, question: &str) -> i64 {
        let ledger = Connection::open_with_flags(self.collector.ledger(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        ledger.query_row(question, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn the_books_balance_after_a_hundred_kills() {
    let kills = std::env::var("HALLWATCH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS_DEFAULT);
    let seed = Rng::seed_from_env();
    println!("HALLWATCH_SEED={seed}");
    let mut rng = Rng::new(seed);
    let receiver = Receiver::start();
    let mut watched = Watched::open();
    let mut scene = Scene::start(&receiver, &watched);
    wait::until("every agent's samples are stored", SETTLE_WITHIN, || {
        (scene.count("SELECT count(*) FROM watermark WHERE upto > 0") >= AGENTS as i64).then_some(())
    });

    let started = Instant::now();
    for kill in 0..kills {
        if kill == kills / 3 {
            watched.break_it();
        }
        // The very experiment: a kill at any moment, whatever is going on.
        thread::sleep(Duration::from_millis(100 + rng.below(1_400) as u64));
        scene.kill_one(&mut rng);
        scene.listen();
    }
    println!("{kills} kills (agents, broker, collector: {:?}) in {:.0?}", scene.killed, started.elapsed());
    assert!(scene.killed.iter().all(|count| *count * 8 >= kills), "spread over the three: {:?}", scene.killed);

    scene.collector.ready();
    wait::until("the planted fault has its ticket", SETTLE_WITHIN, || {
        (scene.count("SELECT count(*) FROM ticket") > 0).then_some(())
    });
    watched.mend();
    wait::until("the ticket is closed by the data", SETTLE_WITHIN, || {
        (scene.count("SELECT count(*) FROM ticket WHERE closed_at IS NOT NULL") > 0).then_some(())
    });
    settle(&mut scene);

    let books = scene.books();
    let findings = audit(&scene.evidence, &books);
    let (published, kept) = scene.evidence.counts();
    println!(
        "{published} samples heard, {kept} seen on disk, {} promised, {} acknowledged; {} stored, {} runs explained",
        scene.evidence.promised(),
        scene.evidence.acked(),
        books.stored.len(),
        books.lost.len()
    );
    assert!(
        findings.is_empty(),
        "HALLWATCH_SEED={seed}: {} findings: {:#?}",
        findings.len(),
        &findings[..findings.len().min(20)]
    );
    assert!(books.stored.len() as u64 > 5 * started.elapsed().as_secs(), "samples flowed: {}", books.stored.len());
    assert!(kept > 0, "no spool was ever found with samples on disk");

    assert_eq!(scene.count("SELECT count(*) FROM ticket"), 1, "one ticket for the one fault");
    assert_eq!(scene.count("SELECT count(*) FROM episode WHERE NOT late"), 1, "and one episode");
    assert_eq!(scene.count("SELECT count(*) FROM quarantine"), 0, "nothing was refused");
    wait::until("every message is delivered", SETTLE_WITHIN, || {
        (scene.count("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0).then_some(())
    });
    assert!(!receiver.requests().is_empty(), "somebody was told");
}

/// Ends the agents in order, and waits until the collector has all that they had.
fn settle(scene: &mut Scene) {
    for agent in &mut scene.agents {
        agent.process().terminate(SETTLE_WITHIN);
    }
    for index in 0..scene.agents.len() {
        scene.keep(index);
    }
    scene.listen();
    // What is still missing afterwards is named by the audit itself.
    let _ = wait::try_until(SETTLE_WITHIN, || audit(&scene.evidence, &scene.books()).is_empty().then_some(()));
}
