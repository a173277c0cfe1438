//! Drives the collector's own step through the month: samples of rooms, people's requests by the plan,
//! reports before openings, days until extinguishers are due; and turns what came of it into lines.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use collector::{
    episode::RoomState,
    ingest::{Decoded, decode::content_hash},
    ledger::{Loaded, Quarantined, Reader, Request, TicketFilter, record_kind},
    live::{self, Live},
    measures::{
        Facts, hour_line, readiness::report_lines, sample_line, silence::day_lines, snapshot, transition_lines,
    },
    packs::Packs,
    readiness::{
        Report,
        gather::{Past, Sources, opening_ahead},
        job::Job,
    },
    register,
    run::deciders_of,
    silence::{Day, Note, judge, note::RoomNote},
    step::{Core, Filing, Input},
    tickets::{Action, HoldReason, Transition, note},
    venues::Venues,
};
use wire::{Clock, Entry, Id, PointName, Sample, UnixMs};

use super::{
    DAY_MS, FROM, HOUR_MS, Incident, MINUTE_MS, PERIOD_MS, ROOMS, SNAPSHOT_MS, TO, What, house, plan::End, room,
    store::Store,
};
use crate::Rng;

/// An incident on its way.
#[derive(Debug)]
struct Running {
    incident: Incident,
    /// Number of its ticket, and when it was opened or opened again.
    ticket: Option<(String, UnixMs)>,
    /// What people still do, in order: when, and what.
    ahead: Vec<(UnixMs, Action)>,
}

impl Running {
    /// When it is mended; not known before its ticket is opened.
    fn mended_at(&self) -> Option<UnixMs> {
        self.ticket.as_ref().map(|(_, opened)| opened + self.incident.end_at * MINUTE_MS)
    }

    fn is_broken(&self, at: UnixMs) -> bool {
        at >= self.incident.from && self.mended_at().is_none_or(|mended| at < mended)
    }
}

/// The month on its way.
pub(super) struct World {
    pub now: UnixMs,
    /// Room, instant and degrees of each sample.
    pub air: Vec<(usize, UnixMs, f64)>,
    core: Core,
    store: Store,
    live: RwLock<Live>,
    packs: Arc<Packs>,
    venues: Arc<Venues>,
    facts: Facts,
    past: Past,
    job: Job,
    filings: Vec<Filing>,
    running: Vec<Running>,
    rngs: Vec<Rng>,
    seqs: Vec<u64>,
    names: Vec<PointName>,
    requests: u64,
    out: String,
}

impl World {
    pub fn new(seed: u64, plan: Vec<Incident>) -> Self {
        let (packs, venues) = (house::packs(), house::venues());
        let mut core = Core::restore(Loaded::default(), deciders_of(&packs, &venues, 600_000, Vec::new()));
        core.set_venues(&venues);
        Self {
            now: FROM,
            air: Vec::new(),
            core,
            store: Store::default(),
            live: RwLock::default(),
            facts: Facts::new(packs.clone(), venues.clone()),
            packs,
            venues,
            past: Past::default(),
            job: Job::new(FROM, Vec::new()),
            filings: Vec::new(),
            running: plan.into_iter().map(|incident| Running { incident, ticket: None, ahead: Vec::new() }).collect(),
            rngs: (0..ROOMS).map(|place| Rng::new(seed ^ (place as u64 + 1) << 32)).collect(),
            seqs: vec![0; ROOMS],
            names: room::names(),
            requests: 0,
            out: String::new(),
        }
    }

    /// One period.
    pub fn step(&mut self) {
        let now = self.now;
        let mut batch: Vec<Result<Decoded, Quarantined>> = Vec::new();
        if now == FROM {
            for place in 0..ROOMS {
                batch.push(Ok(Decoded::Status(house::source(place), house::status(now))));
                batch.push(Ok(Decoded::About(house::source(place), house::about(place))));
            }
        }
        for place in 0..ROOMS {
            batch.extend(self.heard_from(place));
        }
        let requests = self.requests();
        let filings = std::mem::take(&mut self.filings);
        self.take(batch, requests, filings);
        self.jobs();
        self.back_again();
        self.now = now + PERIOD_MS;
    }

    /// A device that has just come back speaks a second time soon: what is silent for five minutes at a time
    /// would count as silent still.
    fn back_again(&mut self) {
        let now = self.now;
        let back = |r: &&Running| r.incident.what == What::Device && r.mended_at() == Some(now);
        let places: Vec<usize> = self.running.iter().filter(back).map(|running| running.incident.room).collect();
        for place in places {
            self.now = now + 2 * MINUTE_MS;
            let batch = self.heard_from(place).into_iter().collect();
            self.take(batch, Vec::new(), Vec::new());
        }
    }

    /// The message of a room now, whose sample becomes a line.
    fn heard_from(&mut self, place: usize) -> Option<Result<Decoded, Quarantined>> {
        let sample = self.sample(place)?;
        sample_line(&mut self.out, &self.facts, &house::source(place), &sample);
        let entry = Entry::Sample(sample);
        let hash = content_hash(&entry);
        Some(Ok(Decoded::Samples(house::source(place), vec![(entry, hash)])))
    }

    /// The collector's step.
    fn take(&mut self, batch: Vec<Result<Decoded, Quarantined>>, requests: Vec<Request>, filings: Vec<Filing>) {
        let now = self.now;
        let stepped = self.core.step(Input { batch, requests, filings, tick: true, now });
        for (request, answer) in &stepped.commit.answered {
            assert!(answer.is_ok(), "request {request} at {now}: {answer:?}");
        }
        self.store.commit(&stepped.commit);
        live::apply(&self.live, &stepped.commit);
        stepped.commit.history.iter().for_each(|moved| self.heard(moved));
    }

    /// What the device of a room reads now; `None` while it is silent.
    fn sample(&mut self, place: usize) -> Option<Sample> {
        let now = self.now;
        let here = self.running.iter().filter(|r| r.incident.room == place && r.is_broken(now));
        let broken: Vec<What> = here.map(|running| running.incident.what).collect();
        let values = room::values(place, now, &broken, &mut self.rngs[place]);
        if broken.contains(&What::Device) {
            return None;
        }
        self.air.push((place, now, values[0]));
        self.seqs[place] += 1;
        let id = |text: &str| Id::parse(text).expect("a name of ours");
        Some(Sample {
            at: now,
            seq: self.seqs[place],
            spool: id("spool-1"),
            boot: id("boot-1"),
            clock: Clock::Trusted,
            points: self.names.iter().cloned().zip(values).collect(),
            faults: Vec::new(),
        })
    }

    /// What people do now.
    fn requests(&mut self) -> Vec<Request> {
        let (now, mut wishes) = (self.now, Vec::new());
        if now == FROM {
            for place in 0..ROOMS {
                let (venue, room) = (house::source(place).venue, house::source(place).room);
                wishes.push((String::new(), Action::Room { venue, room, state: Some(RoomState::Prepared) }));
            }
        }
        for running in &mut self.running {
            let Some((number, _)) = &running.ticket else { continue };
            let due = running.ahead.iter().take_while(|(at, _)| *at <= now).count();
            wishes.extend(running.ahead.drain(..due).map(|(_, action)| (number.clone(), action)));
        }
        let request = |(ticket, action)| {
            self.requests += 1;
            Request { id: self.requests, who: "李雷".into(), ticket, action }
        };
        wishes.into_iter().map(request).collect()
    }

    /// A ticket was opened, or opened again: people begin.
    fn heard(&mut self, moved: &Transition) {
        let opens = moved.from.is_none() || moved.note == note::RELAPSED;
        let kept = self.store.kept();
        let Some(ticket) = kept.tickets.get(&moved.ticket).filter(|_| opens) else { return };
        let is_about = |running: &&mut Running| {
            let place = house::source(running.incident.room);
            running.ticket.is_none()
                && running.incident.from <= moved.at
                && place.room == ticket.room
                && ticket.rule.as_ref().is_some_and(|rule| rule.as_str() == running.incident.what.rule().0)
        };
        if let Some(running) = self.running.iter_mut().find(is_about) {
            running.ticket = Some((ticket.number.clone(), moved.at));
            running.ahead = actions(&running.incident, moved.at);
        } else {
            let known = ticket.rule.as_ref().is_some_and(|rule| rule.as_str() == "extinguisher-service-due");
            assert!(known, "nobody planned {} {:?} in {} at {}", ticket.number, ticket.rule, ticket.room, moved.at);
        }
    }

    /// What jobs beside the step do, and snapshots.
    fn jobs(&mut self) {
        let (now, venues, packs) = (self.now, self.venues.clone(), self.packs.clone());
        let sources = Sources {
            reader: &self.store,
            readings: &self.store,
            packs: &packs,
            venues: &venues,
            live: &self.live,
            past: &self.past,
        };
        self.filings.extend(self.job.look(&sources, &venues, now).expect("maps do not fail"));
        let live = self.live.read().expect("no holder of this lock can panic");
        if (now - FROM) % HOUR_MS == 0 {
            let samples = register::job::samples(&venues, &live, now);
            self.filings.push(Filing { samples, ..Filing::default() });
        }
        if (now - FROM) % SNAPSHOT_MS != 0 {
            return;
        }
        let extinguishers = register::job::of_all(&venues, &live, now);
        let live = live.clone();
        let venue = house::source(0).venue;
        let rooms = sources.rooms(&venue, opening_ahead(venues.calendar(&venue), now), now).expect("maps do not fail");
        let filter = TicketFilter { open: true, ..TicketFilter::default() };
        let tickets = self.store.tickets(&filter).expect("maps do not fail");
        let view = snapshot::View {
            live: Some(&live),
            tickets: &tickets,
            rooms: BTreeMap::from([(venue, rooms)]),
            extinguishers: &extinguishers,
            rounds: BTreeMap::new(),
        };
        snapshot::venue_lines(&mut self.out, &self.facts, &view, now);
        snapshot::open_ticket_lines(&mut self.out, &self.facts, &view, now);
        snapshot::agent_lines(&mut self.out, &view, now);
        if (now - FROM) % snapshot::REGISTER_SLOT_MS == 0 {
            snapshot::extinguisher_lines(&mut self.out, view.extinguishers, now);
        }
        let samples = self.seqs.iter().sum::<u64>() as f64;
        snapshot::own_line(&mut self.out, &own(samples), now);
    }

    /// Everything as lines.
    pub fn lines(mut self) -> String {
        for running in &self.running {
            assert!(running.ticket.is_some(), "no ticket was opened: {:?}", running.incident);
            assert!(running.ahead.is_empty(), "the month was too short: {:?}", running.incident);
        }
        let kept = self.store.kept();
        for (id, history) in &kept.history {
            transition_lines(&mut self.out, &self.facts, &kept.tickets[id], history, 1);
        }
        for record in kept.records.values().filter(|record| record.kind == record_kind::READINESS) {
            report_lines(&mut self.out, &self.facts, &Report::of(record).expect("a report reads back"));
        }
        for (source, samples) in &kept.samples {
            for hour in samples.chunk_by(|a, b| a.at / HOUR_MS == b.at / HOUR_MS) {
                hour_line(&mut self.out, &self.facts, source, hour[0].at / HOUR_MS * HOUR_MS, hour);
            }
            let key = (
                record_kind::SILENCE_NOTE.to_owned(),
                source.venue.clone(),
                format!("{}/{}", source.room, source.agent),
            );
            let note: Note = serde_json::from_value(kept.records[&key].body.clone()).expect("a note reads back");
            for day in silent(&note, samples) {
                day_lines(&mut self.out, &self.facts, source, &day);
            }
        }
        drop(kept);
        self.out
    }
}

/// The accounts of an agent's days.
fn silent(note: &Note, samples: &[Sample]) -> Vec<Day> {
    let periods_ms = room::names().into_iter().map(|name| (name, PERIOD_MS)).collect();
    let agent = judge::Agent { note, room: &RoomNote::default(), periods_ms: &periods_ms };
    // Business days begin at six.
    let begin = |day: i64| FROM + 6 * HOUR_MS + (day - 1) * DAY_MS;
    let days = (0..=super::DAYS).map(|day| (format!("{day:02}"), Day::new(begin(day), begin(day + 1)))).collect();
    let mut lend = |from: UnixMs, to: UnixMs| {
        let (first, end) = (samples.partition_point(|s| s.at < from), samples.partition_point(|s| s.at < to));
        Ok::<_, std::convert::Infallible>(samples[first..end].to_vec())
    };
    let walked = agent.walk(None, days, TO, &mut lend).unwrap_or_else(|never| match never {});
    walked.into_iter().map(|(_, day)| day).collect()
}

/// What people do after a ticket was opened at `opened`.
fn actions(incident: &Incident, opened: UnixMs) -> Vec<(UnixMs, Action)> {
    let mut all = vec![(incident.acknowledge, Action::Acknowledge), (incident.arrive, Action::Start { anyway: None })];
    if let Some((from, length)) = incident.hold {
        all.push((from, Action::Hold { why: HoldReason::Parts, reason: "等配件".into() }));
        all.push((from + length, Action::Resume));
    }
    let fixed = |words: &str| Action::Fixed { note: words.into() };
    match incident.end {
        End::Mended => all.push((incident.end_at, fixed("修好了"))),
        End::RefusedFirst(first) => all.extend([(first, fixed("应该好了")), (incident.end_at, fixed("修好了"))]),
        End::FalseAlarm => all.push((incident.end_at, Action::FalseAlarm { note: "门没关".into() })),
    }
    all.into_iter().map(|(minutes, action)| (opened + minutes * MINUTE_MS, action)).collect()
}

/// The collector's own figures; those that need a running one are made up.
fn own(samples: f64) -> [(&'static str, f64); 15] {
    use collector::measures::names::field as f;
    [
        (f::COMMIT_AGE_MS, 4.2),
        (f::WAITING_MESSAGES, 0.0),
        (f::SAMPLES, samples),
        (f::READINGS, samples * room::POINTS.len() as f64),
        (f::DUPLICATES, 0.0),
        (f::QUARANTINED, 0.0),
        (f::COMMIT_FAILURES, 0.0),
        (f::OUTBOX_WAITING, 0.0),
        (f::NOTIFY_FAILURES, 0.0),
        (f::BLOBS_WAITING, 3.0),
        (f::BROKER_CONNECTED, 1.0),
        (f::TROUBLES, 0.0),
        (f::WRITER_LAG_SECONDS, 1.5),
        (f::WRITER_QUARANTINED, 0.0),
        (f::LEDGER_BYTES, 4e6 + samples * 12.0),
    ]
}
