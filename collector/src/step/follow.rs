//! What follows from new samples, statuses, people's requests and time: episodes, tickets, their
//! history, and who is told. Calls the pure halves of [`crate::rules`] and [`crate::tickets`] in a
//! fixed order and writes down what they say; decides nothing of its own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wire::{About, Clock, Id, PointName, Sample, Source, State, Status, UnixMs};

use super::{
    Filing, OwnSample,
    inspect::{Inspect, Wish, number_in},
    surroundings::{self, Surroundings},
    writer::Writer,
};
use crate::{
    causes,
    episode::{EpisodeKey, Seen, Severity},
    ledger::{EpisodeRow, Loaded, NewMessage, Request},
    rules::{self, Standing},
    tickets::{
        self, Action, Look, Transition,
        tell::{Route, escalate, tell},
    },
    venues::Venues,
};

/// The deciders and who is told, before anything was seen.
pub struct Deciders {
    /// Rules in force, nothing seen.
    pub rules: rules::State,
    /// Nothing known of what hangs on what but what files of venues say.
    pub causes: causes::State,
    /// No ticket.
    pub tickets: tickets::State,
    /// Channels and what they want to hear.
    pub routes: Vec<Route>,
}

/// The deciders and everything they remember.
pub(super) struct Follow {
    rules: rules::State,
    causes: causes::State,
    tickets: tickets::State,
    routes: Vec<Route>,
    /// How bad, by rule.
    severities: HashMap<Id, Severity>,
    /// The asset of each point, as agents say.
    assets: HashMap<Source, HashMap<PointName, Id>>,
    /// Episodes that have not ended, as they are stored.
    open: BTreeMap<EpisodeKey, EpisodeRow>,
    /// Episodes whose rule went away while the collector was down; the first step ends them.
    abandoned: Vec<EpisodeKey>,
    effects: Vec<rules::Effect>,
    /// Scheduled inspections.
    inspect: Inspect,
    /// What rules are told of venues and rooms.
    surroundings: Surroundings,
}

impl Follow {
    /// Goes on from what the ledger holds.
    pub(super) fn restore(deciders: Deciders, loaded: &mut Loaded) -> Self {
        let Deciders { mut rules, causes, mut tickets, routes } = deciders;
        let severities = rules.rules().iter().map(|r| (r.id.clone(), r.severity)).collect();
        let restored = rules.restore(std::mem::take(&mut loaded.tracks));
        for mark in &loaded.watermarks {
            if mark.sample_at != UnixMs::MIN {
                rules.heard(&mark.source, mark.sample_at);
            }
        }
        let live = loaded.episodes.iter().filter(|e| !e.late);
        let carried = live.filter_map(|e| Some((e.key.clone(), e.ticket?)));
        tickets.restore(loaded.ticket_id, std::mem::take(&mut loaded.tickets), carried.collect::<Vec<_>>());
        let mut follow = Self {
            rules,
            causes,
            tickets,
            routes,
            severities,
            assets: HashMap::new(),
            open: std::mem::take(&mut loaded.episodes).into_iter().map(|e| (e.key.clone(), e)).collect(),
            abandoned: restored.abandoned,
            effects: Vec::new(),
            inspect: Inspect::restore(&loaded.records),
            surroundings: Surroundings::default(),
        };
        surroundings::restore(&loaded.records, &mut follow.rules);
        for device in &loaded.devices {
            follow.presence(&device.source, device.status.as_ref().map(|status| status.state));
            if let Some(about) = &device.about {
                follow.learn(&device.source, about);
            }
        }
        follow.causes.restore(follow.kept());
        follow
    }

    /// Live episodes that were open when the collector stopped, and whose rule is still there.
    fn kept(&self) -> Vec<causes::Kept> {
        let live = self.open.values().filter(|row| !row.late && !self.abandoned.contains(&row.key));
        live.map(|row| causes::Kept {
            key: row.key.clone(),
            asset: self.asset_of(&row.key),
            seen: row.seen,
            has_ticket: row.ticket.is_some(),
        })
        .collect()
    }

    fn asset_of(&self, key: &EpisodeKey) -> Option<Id> {
        self.assets.get(&key.subject.source)?.get(key.subject.point.as_ref()?).cloned()
    }

    /// Whether an agent is there, or stopped on purpose.
    fn presence(&mut self, source: &Source, state: Option<State>) {
        self.causes.heard(source);
        if state == Some(State::Stopped) {
            self.causes.stopped(source);
        }
    }

    /// A device says which point belongs to which asset.
    pub(super) fn learn(&mut self, source: &Source, about: &About) {
        let assets = about.points.iter().filter_map(|(name, p)| Some((name.clone(), p.asset.clone()?))).collect();
        self.assets.insert(source.clone(), assets);
        let silences: Vec<&rules::Rule> =
            self.rules.rules().iter().filter(|r| r.watches_silence_in(&source.room)).collect();
        self.causes.learn(source, about, |point| silences.iter().any(|rule| rule.covers_point(point)));
        self.inspect.learn(source, about);
    }

    /// A new sample, judged by the rules.
    pub(super) fn sample(&mut self, source: &Source, sample: &Sample, now: UnixMs, out: &mut Writer) {
        self.causes.heard(source);
        let event = rules::Event::Sample {
            source,
            at: sample.at,
            placed: sample.clock == Clock::Trusted,
            points: &sample.points,
            faults: &sample.faults,
        };
        rules::step(&mut self.rules, &event, now, &mut self.effects);
        if !self.effects.is_empty() {
            self.episodes(now, out);
        }
        let wishes = self.inspect.sample(source, sample, now);
        self.grant(wishes, now, out);
    }

    /// An agent came or went on purpose.
    pub(super) fn status(&mut self, source: &Source, status: &Status, now: UnixMs, out: &mut Writer) {
        self.presence(source, Some(status.state));
        let online = match status.state {
            State::Online => true,
            State::Stopped => false,
            // The broker lost it: its silence tells, and tells how long.
            State::Lost => return,
        };
        rules::step(&mut self.rules, &rules::Event::Presence { source, online }, now, &mut self.effects);
        self.episodes(now, out);
    }

    /// People's requests, in their order.
    pub(super) fn requests(&mut self, requests: Vec<Request>, now: UnixMs, out: &mut Writer) {
        for request in requests {
            if let Some((wishes, answer)) = self.inspect.request(&request, now) {
                self.grant(wishes, now, out);
                out.commit.answered.push((request.id, answer));
                continue;
            }
            if let Action::Room { venue, room, state } = &request.action {
                let event = rules::Event::RoomState { venue, room, state: *state };
                rules::step(&mut self.rules, &event, now, &mut self.effects);
                self.episodes(now, out);
                out.commit.records.push(surroundings::record(venue, room, *state, &request.who, now));
                out.commit.answered.push((request.id, Ok(String::new())));
                continue;
            }
            if let Some((venue, room)) = self.tickets.place_of(&request.ticket) {
                self.tickets.set_room(&venue, &room, self.rules.room_state(&venue, &room, now));
            }
            let event = tickets::Event::Person { who: request.who, ticket: request.ticket, action: request.action };
            let answer = self.tickets(&event, now, out).into_iter().next_back().unwrap_or(Ok(String::new()));
            out.commit.answered.push((request.id, answer));
        }
    }

    /// Time passes for what rules are told of venues.
    pub(super) fn surround(&mut self, now: UnixMs) {
        self.surroundings.tell(&mut self.rules, now);
    }

    /// What jobs want committed.
    pub(super) fn filings(&mut self, filings: Vec<Filing>, now: UnixMs, out: &mut Writer) {
        for filing in filings {
            out.commit.records.extend(filing.records);
            out.commit.outbox.extend(filing.messages);
            for own in filing.samples {
                self.own_sample(own, now, out);
            }
        }
    }

    /// A word of the collector's own, judged by the rules like a sample.
    fn own_sample(&mut self, own: OwnSample, now: UnixMs, out: &mut Writer) {
        self.assets.entry(own.source.clone()).or_default().extend(own.assets);
        let (source, at) = (&own.source, own.at);
        let event = rules::Event::Sample { source, at, placed: true, points: &own.points, faults: &[] };
        rules::step(&mut self.rules, &event, now, &mut self.effects);
        self.episodes(now, out);
    }

    /// Other venues are in force.
    pub(super) fn set_venues(&mut self, venues: &Arc<Venues>) {
        self.inspect.set_venues(venues);
        self.surroundings.set_venues(venues, &mut self.rules);
        self.causes.depends(venues.dependencies());
        self.tickets.set_plan(venues.clone());
    }

    /// The broker is away: nobody can be heard.
    pub(super) fn deaf(&mut self, now: UnixMs) {
        rules::step(&mut self.rules, &rules::Event::Deaf, now, &mut self.effects);
    }

    /// Time passed: silences, and fixes whose time has come.
    pub(super) fn tick(&mut self, now: UnixMs, out: &mut Writer) {
        for key in std::mem::take(&mut self.abandoned) {
            self.ended(&key, now, out);
        }
        rules::step(&mut self.rules, &rules::Event::Tick, now, &mut self.effects);
        self.episodes(now, out);
        self.causes(causes::Event::Tick, now, out);
        for (ticket, keys) in self.tickets.questions(now) {
            let looks = keys.into_iter().map(|key| {
                let look = match self.rules.look(&key, now) {
                    Standing::Bad(seen) => Look::Bad(seen),
                    Standing::Clearing(seen) => Look::Clearing(seen),
                    Standing::NoData => Look::NoData,
                };
                (key, look)
            });
            let event = tickets::Event::Looked { ticket, looks: looks.collect() };
            self.tickets(&event, now, out);
        }
        self.tickets(&tickets::Event::Tick, now, out);
        let wishes = self.inspect.tick(now);
        self.grant(wishes, now, out);
    }

    /// What rounds want of tickets.
    fn grant(&mut self, wishes: Vec<Wish>, now: UnixMs, out: &mut Writer) {
        for Wish { event, instead, tell } in wishes {
            let mut answer = self.tickets(&event, now, out).into_iter().next_back();
            if let (Some(Err(_)), Some(event)) = (&answer, instead) {
                answer = self.tickets(&event, now, out).into_iter().next_back();
            }
            if let (Some((round, item)), Some(Ok(answer))) = (tell, answer)
                && let Some(ticket) = number_in(&answer)
            {
                self.inspect.opened(round, item, ticket, now);
            }
        }
    }

    /// Rule state that must survive; the last call of a step.
    pub(super) fn finish(&mut self, out: &mut Writer) {
        out.commit.tracks = self.rules.take_changed();
        out.commit.records.extend(self.inspect.take_written());
    }

    fn episodes(&mut self, now: UnixMs, out: &mut Writer) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                rules::Effect::Began { key, seen, late } => self.began(key, seen, late, now, out),
                rules::Effect::Worse { key, seen, late } => {
                    if let Some(row) = self.open.get_mut(&key) {
                        row.seen = seen;
                        out.episode(row.clone());
                    }
                    if !late {
                        self.causes(causes::Event::Worse { key: &key, seen }, now, out);
                    }
                }
                rules::Effect::Ended { key, seen, late } => {
                    self.ended(&key, seen.at, out);
                    if !late {
                        self.causes(causes::Event::Ended { key: &key, seen }, now, out);
                    }
                }
            }
        }
        self.effects = effects;
    }

    fn began(&mut self, key: EpisodeKey, seen: Seen, late: bool, now: UnixMs, out: &mut Writer) {
        let Some(severity) = self.severities.get(&key.rule).copied() else { return };
        let row = EpisodeRow { key: key.clone(), severity, late, seen, ended_at: None, ticket: None };
        self.open.insert(key.clone(), row.clone());
        out.episode(row);
        if !late {
            let asset = self.asset_of(&key);
            self.causes(causes::Event::Began { key: &key, asset: asset.as_ref(), seen }, now, out);
        }
    }

    /// Lets causes act, and tickets after them.
    fn causes(&mut self, event: causes::Event<'_>, now: UnixMs, out: &mut Writer) {
        let mut effects = Vec::new();
        causes::step(&mut self.causes, event, now, &mut effects);
        for effect in effects {
            match effect {
                causes::Effect::Placed { key, home, seen } => {
                    self.tickets(&tickets::Event::Began { key: key.clone(), home, seen }, now, out);
                    let ticket = self.tickets.ticket_of(&key);
                    if let Some(row) = self.open.get_mut(&key).filter(|row| row.ticket != ticket) {
                        row.ticket = ticket;
                        out.episode(row.clone());
                    }
                }
                causes::Effect::Worse { key, seen } => {
                    self.tickets(&tickets::Event::Worse { key, seen }, now, out);
                }
                causes::Effect::Ended { key, seen } => {
                    self.tickets(&tickets::Event::Ended { key, seen }, now, out);
                }
            }
        }
    }

    fn ended(&mut self, key: &EpisodeKey, at: UnixMs, out: &mut Writer) {
        // The row keeps the worst that was seen; the value that ended it is in the history.
        if let Some(mut row) = self.open.remove(key) {
            row.ended_at = Some(at);
            out.episode(row);
        }
    }

    /// Lets tickets act, writes down what follows, and gives the answers to a person, if any.
    fn tickets(&mut self, event: &tickets::Event, now: UnixMs, out: &mut Writer) -> Vec<Result<String, String>> {
        let mut effects = Vec::new();
        tickets::step(&mut self.tickets, event, now, &mut effects);
        let (mut answers, mut moved, mut rungs) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                tickets::Effect::Stored(ticket) => {
                    if ticket.stage.is_ended() {
                        self.inspect.ended(&ticket.venue, &ticket.number, now);
                    }
                    out.ticket(*ticket);
                }
                tickets::Effect::Moved(line) => moved.push(line),
                tickets::Effect::Carried { key, ticket } => {
                    if let Some(row) = self.open.get_mut(&key) {
                        row.ticket = Some(ticket);
                        out.episode(row.clone());
                    }
                }
                tickets::Effect::Done { ticket, stage } => {
                    answers.push(Ok(serde_json::json!({ "ticket": ticket, "stage": stage.as_str() }).to_string()));
                }
                tickets::Effect::Escalated { ticket, team, channels, line } => {
                    rungs.push((ticket, team, channels, line))
                }
                tickets::Effect::Refused { reason, .. } => answers.push(Err(reason.to_stored())),
            }
        }
        for line in moved {
            let rung = rungs.iter().find(|(ticket, _, _, at)| (*ticket, *at) == (line.ticket, line.line));
            self.tell(line, rung.map(|(_, team, channels, _)| (team, &channels[..])), out);
        }
        answers
    }

    fn tell(&self, line: Transition, rung: Option<(&Id, &[String])>, out: &mut Writer) {
        if let Some(ticket) = out.tickets.get(&line.ticket) {
            let plan = self.tickets.plan();
            let tellings = match rung {
                Some(rung) => escalate(ticket, &line, rung, &self.routes, plan),
                None => tell(ticket, &line, &self.routes, plan),
            };
            for telling in tellings {
                let payload = serde_json::json!({ "news": telling.news, "ticket": ticket, "moved": line });
                out.commit.outbox.push(NewMessage {
                    channel: telling.channel,
                    key: telling.key,
                    ticket: Some(ticket.id),
                    severity: ticket.severity,
                    due_at: telling.due_at,
                    payload,
                });
            }
        }
        out.commit.history.push(line);
    }
}
