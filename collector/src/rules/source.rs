//! What the rules remember of one agent: its points, each with a track for every rule that watches
//! it. Patterns are matched once, when a point is first seen; a sample then costs a walk over vectors.

use std::collections::HashMap;

use wire::{Fault, Id, PointName, Source, UnixMs};

use super::{
    Circumstances, Effect, Expect, Place, Rule, Standing, codec,
    judge::Reading,
    room::Room,
    silent::STOPPED_GRACE_MS,
    step::Settings,
    track::{Memory, Track},
};
use crate::episode::{EpisodeKey, OWN_AGENT, Subject};

/// Most points of one agent that are watched: twice what one sample can carry.
pub const POINTS_MAX: usize = 512;

/// An agent whose samples are further apart than this has to speak anew before its points can be
/// found silent.
pub const SPEAKING_GAP_MS: i64 = 300_000;

/// What every decision may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All rules.
    pub rules: &'a [Rule],
    /// What is the same for all of them.
    pub settings: Settings,
    /// The step's time.
    pub now: UnixMs,
    /// Since when the collector listens without a break.
    pub listening_since: UnixMs,
    /// What is known of the source's venue.
    pub place: &'a Place,
    /// What is known of its room.
    pub room: &'a Room,
}

#[derive(Debug)]
struct Point {
    name: PointName,
    tracks: Box<[Track]>,
}

/// One agent.
#[derive(Debug)]
pub struct SourceState {
    source: Source,
    /// The places of what is known of its venue and of its room.
    whereabouts: (usize, usize),
    /// Whether any rule of its room matters only sometimes or somewhere; else nobody asks for hours.
    is_scheduled: bool,
    agent: Box<[Track]>,
    points: Vec<Point>,
    index: HashMap<PointName, usize>,
    /// Time of its last live sample.
    last_at: Option<UnixMs>,
    /// Since when it speaks without a break.
    speaking_since: UnixMs,
    stopped: bool,
    /// Before this, no point can be silent.
    silence_check_at: UnixMs,
    changed: bool,
    dropped: u64,
}

impl SourceState {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(source: Source, whereabouts: (usize, usize), rules: &[Rule]) -> Self {
        let agent: Box<[Track]> = (0..rules.len())
            .filter(|_| source.agent.as_str() != OWN_AGENT)
            .filter(|i| matches!(rules[*i].expect, Expect::Silent { agent: true, .. }))
            .filter(|i| rules[*i].covers_room(&source.room))
            // The collector speaks when it has something to say; it is no device that could fall silent.
            .filter(|_| source.agent.as_str() != OWN_AGENT)
            .map(|rule| Track::new(rule, &rules[rule]))
            .collect();
        Self {
            whereabouts,
            is_scheduled: rules.iter().any(|r| !r.matters_always() && r.covers_room(&source.room)),
            source,
            agent,
            points: Vec::new(),
            index: HashMap::new(),
            last_at: None,
            speaking_since: UnixMs::MIN,
            stopped: false,
            silence_check_at: UnixMs::MIN,
            changed: false,
            dropped: 0,
        }
    }

    /// The places of what is known of its venue and of its room.
    #[must_use]
    pub fn whereabouts(&self) -> (usize, usize) {
        self.whereabouts
    }

    /// How things stand at `at`, where any rule asks. How the room stood when old data was read, nobody
    /// knows.
    fn circumstances<'a>(&self, context: &Context<'a>, at: UnixMs, live: bool) -> Circumstances<'a> {
        if !self.is_scheduled {
            return Circumstances::default();
        }
        context.place.at(at, live.then(|| context.room.state(context.now)).flatten())
    }

    /// Whether something must be kept.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// How many points were turned away since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Goes on from a kept track, if a rule still wants it.
    pub fn restore(&mut self, rules: &[Rule], rule: &Id, point: Option<&PointName>, memory: Memory) -> bool {
        let tracks = match point {
            None => &mut self.agent,
            Some(name) => match self.point(rules, name, 0) {
                Some(i) => &mut self.points[i].tracks,
                None => return false,
            },
        };
        let Some(track) = tracks.iter_mut().find(|t| rules[t.rule].id == *rule) else { return false };
        track.restore(memory)
    }

    /// How a live episode stands.
    #[must_use]
    pub fn look(&self, rules: &[Rule], key: &EpisodeKey, now: UnixMs) -> Standing {
        let tracks = match &key.subject.point {
            None => Some(&self.agent),
            Some(name) => self.index.get(name).map(|i| &self.points[*i].tracks),
        };
        let track = tracks.and_then(|all| all.iter().find(|t| rules[t.rule].id == key.rule));
        track.map_or(Standing::NoData, |t| t.look(&rules[t.rule], key.began_at, now))
    }

    /// The agent was heard at `at`, before a restart.
    pub fn heard(&mut self, at: UnixMs) {
        for track in &mut self.agent {
            if let Memory::Silent(silence) = &mut track.memory {
                silence.heard_at = silence.heard_at.max(at);
            }
        }
    }

    /// Hands out what must be kept.
    pub fn take_changed(&mut self, rules: &[Rule], out: &mut Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        self.changed = false;
        let mut take = |point: Option<&PointName>, tracks: &mut [Track]| {
            for track in tracks.iter_mut().filter(|t| t.changed) {
                track.changed = false;
                let subject = Subject { source: self.source.clone(), point: point.cloned() };
                let bytes = (!track.memory.is_idle()).then(|| codec::print(&track.memory));
                out.push((codec::key(&rules[track.rule].id, &subject), bytes));
            }
        };
        take(None, &mut self.agent);
        for point in &mut self.points {
            take(Some(&point.name), &mut point.tracks);
        }
    }

    /// The agent said that it is there, or that it stops on purpose.
    pub fn presence(&mut self, context: &Context<'_>, online: bool) {
        self.stopped = !online;
        self.expect_agent(context.now);
    }

    /// Judges the silence of the agent itself.
    pub fn tick(&mut self, context: &Context<'_>, out: &mut Vec<Effect>) {
        if self.agent.is_empty() {
            return;
        }
        let grace_ms = if self.stopped { STOPPED_GRACE_MS } else { 0 };
        let now = self.circumstances(context, context.now, true);
        for track in &mut self.agent {
            track.wait(context, (&self.source, None), (context.now, context.listening_since), grace_ms, &now, out);
            self.changed |= track.changed;
        }
    }

    /// Judges a sample.
    pub fn sample(
        &mut self,
        context: &Context<'_>,
        at: UnixMs,
        placed: bool,
        points: &[(PointName, f64)],
        faults: &[(PointName, Fault)],
        out: &mut Vec<Effect>,
    ) {
        let live = context.settings.is_live(at, placed, context.now);
        self.expect_agent(if live { at } else { context.now });
        if at > context.now.saturating_add(context.settings.future_ms) {
            return;
        }
        if live {
            self.hear_agent(context, at, out);
        }
        let then = self.circumstances(context, at, live);
        let mut hint = 0;
        for (name, value) in points {
            let Some(i) = self.point(context.rules, name, hint) else { continue };
            hint = i + 1;
            self.value(context, i, Reading { name, at, value: *value, sample: points }, live, &then, out);
        }
        for (name, _) in faults {
            if let Some(i) = self.point(context.rules, name, hint) {
                hint = i + 1;
                for track in &mut self.points[i].tracks {
                    track.expect_from(at.min(context.now));
                    self.changed |= track.changed;
                }
            }
        }
        if live && at > self.silence_check_at {
            self.check_silent_points(context, at, out);
        }
    }

    /// From now on something is expected of the agent.
    fn expect_agent(&mut self, at: UnixMs) {
        for track in &mut self.agent {
            track.expect_from(at);
            self.changed |= track.changed;
        }
    }

    fn hear_agent(&mut self, context: &Context<'_>, at: UnixMs, out: &mut Vec<Effect>) {
        self.stopped = false;
        match self.last_at {
            Some(last) if at <= last => {}
            Some(last) if at - last <= SPEAKING_GAP_MS => self.last_at = Some(at),
            _ => {
                self.last_at = Some(at);
                self.speaking_since = at;
            }
        }
        for track in &mut self.agent {
            track.hear(context, (&self.source, None), at, None, out);
            self.changed |= track.changed;
        }
    }

    fn value(
        &mut self,
        context: &Context<'_>,
        i: usize,
        reading: Reading<'_>,
        live: bool,
        then: &Circumstances<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Point { name, tracks } = &mut self.points[i];
        let subject = (&self.source, Some(&*name));
        let Reading { at, value, .. } = reading;
        for track in tracks {
            track.value(context, subject, reading, live, then, out);
            track.expect_from(at.min(context.now));
            if live && track.hear(context, subject, at, Some(value), out) {
                // A silence that ends must be watched again.
                self.silence_check_at = UnixMs::MIN;
            }
            self.changed |= track.changed;
        }
    }

    /// Finds points whose agent speaks and that do not.
    fn check_silent_points(&mut self, context: &Context<'_>, at: UnixMs, out: &mut Vec<Effect>) {
        let base = self.speaking_since.max(context.listening_since);
        self.silence_check_at = UnixMs::MAX;
        let now = self.circumstances(context, at, true);
        for Point { name, tracks } in &mut self.points {
            for track in tracks {
                track.wait(context, (&self.source, Some(name)), (at, base), 0, &now, out);
                self.changed |= track.changed;
                if let Some(next) = track.silent_after(context.rules, base) {
                    self.silence_check_at = self.silence_check_at.min(next);
                }
            }
        }
    }

    /// The place of a point, which is made on first sight. `hint` is where it stood last time.
    fn point(&mut self, rules: &[Rule], name: &PointName, hint: usize) -> Option<usize> {
        if self.points.get(hint).is_some_and(|p| p.name == *name) {
            return Some(hint);
        }
        if let Some(i) = self.index.get(name) {
            return Some(*i);
        }
        if self.points.len() >= POINTS_MAX {
            self.dropped += 1;
            return None;
        }
        let wants = |r: &Rule| {
            !matches!(r.expect, Expect::Silent { agent: true, .. })
                && r.covers_room(&self.source.room)
                && r.covers_point(name)
        };
        let tracks: Box<[Track]> =
            (0..rules.len()).filter(|i| wants(&rules[*i])).map(|i| Track::new(i, &rules[i])).collect();
        self.points.push(Point { name: name.clone(), tracks });
        self.index.insert(name.clone(), self.points.len() - 1);
        self.silence_check_at = UnixMs::MIN;
        Some(self.points.len() - 1)
    }
}
