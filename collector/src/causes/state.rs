//! The open live episodes with their nodes and homes, and what an event does to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wire::{About, Id, PointName, Source, UnixMs};

use super::{Effect, Event, Fact, Kept, Node, Topology, node_of, window_end};
use crate::episode::{Cause, EpisodeKey, Home, Seen, Severity, VENUE_ROOM};

/// Nodes above a node that are looked at, at most: the longest real chain has five.
const CLIMB_MAX: usize = 64;

/// Where an open episode stands.
#[derive(Debug, Clone, PartialEq)]
enum Placed {
    /// Its window is not over.
    Waiting {
        /// When it is.
        due: UnixMs,
    },
    /// It has a home.
    Under {
        /// The node that is its cause; its own where it hangs on nothing bad.
        cause: Node,
        /// When it is judged anew, because the cause is no longer bad.
        recheck: Option<UnixMs>,
    },
}

#[derive(Debug)]
struct Open {
    node: Node,
    asset: Option<Id>,
    seen: Seen,
    placed: Placed,
}

/// What a cause has.
#[derive(Debug)]
struct Family {
    /// Its ticket's home.
    home: Home,
    /// What is under it.
    members: BTreeSet<EpisodeKey>,
}

/// Everything that is remembered; it is made anew from the open episodes after a restart.
#[derive(Debug)]
pub struct State {
    pub(super) topology: Topology,
    facts: HashMap<Id, Fact>,
    open: BTreeMap<EpisodeKey, Open>,
    /// Open episodes by node.
    at: HashMap<Node, BTreeSet<EpisodeKey>>,
    /// Causes that have something under them.
    families: BTreeMap<Node, Family>,
}

impl State {
    /// Nothing known yet. `facts` by rule.
    #[must_use]
    pub fn new(facts: HashMap<Id, Fact>) -> Self {
        let (open, at, families) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Self { topology: Topology::default(), facts, open, at, families }
    }

    /// An agent is there.
    pub fn heard(&mut self, source: &Source) {
        self.topology.heard(source);
    }

    /// An agent stopped on purpose.
    pub fn stopped(&mut self, source: &Source) {
        self.topology.stopped(source);
    }

    /// A device describes itself; `watched` tells which of its points can be found silent.
    pub fn learn(&mut self, source: &Source, about: &About, watched: impl Fn(&PointName) -> bool) {
        self.topology.learn(source, about, watched);
    }

    /// Which assets depend on which, as files of venues say.
    pub fn depends(&mut self, all: impl IntoIterator<Item = (Id, Id, Vec<Id>)>) {
        self.topology.depends(all);
    }

    /// Goes on with episodes that were open when the collector stopped; devices are learned before.
    pub fn restore(&mut self, kept: impl IntoIterator<Item = Kept>) {
        let mut carried = Vec::new();
        for Kept { key, asset, seen, has_ticket } in kept {
            self.insert(&key, asset.as_ref(), seen, window_end(seen.at));
            if has_ticket {
                carried.push(key);
            }
        }
        for key in carried {
            if let Some(cause) = self.cause_of(&key) {
                self.join(&key, &cause);
            }
        }
    }

    /// Takes an open episode in, waiting until `due`.
    fn insert(&mut self, key: &EpisodeKey, asset: Option<&Id>, seen: Seen, due: UnixMs) {
        let subject = &key.subject;
        let node = node_of(&subject.source, subject.point.as_ref(), asset, seen.value.is_none());
        self.at.entry(node.clone()).or_default().insert(key.clone());
        let placed = Placed::Waiting { due };
        self.open.insert(key.clone(), Open { node, asset: asset.cloned(), seen, placed });
    }

    /// Whether a node that is seen itself is bad.
    fn is_seen_bad(&self, node: &Node) -> bool {
        let breaks = |key: &EpisodeKey| self.facts.get(&key.rule).is_some_and(|f| f.breaks);
        self.at.get(node).is_some_and(|keys| keys.iter().any(breaks))
    }

    /// The views by which an unseen node is judged now: a room that says nothing sees nothing.
    fn views(&self, node: &Node) -> Vec<Node> {
        let mut views = self.topology.children(node);
        if let Node::Shared { venue, .. } = node {
            views.retain(|view| {
                let Node::Asset { room, .. } = view else { return true };
                let mut agents = self.topology.agents_of(venue, room);
                agents.any(|(agent, stopped)| !stopped && !self.is_seen_bad(&Node::Agent(agent.clone())))
            });
        }
        views
    }

    /// Whether a view is bad, seen or by its own views.
    fn is_view_bad(&self, node: &Node) -> bool {
        if self.is_seen_bad(node) {
            return true;
        }
        let views = self.views(node);
        !views.is_empty() && views.iter().all(|view| self.is_view_bad(view))
    }

    /// Whether a node is a cause now.
    fn is_bad(&self, node: &Node) -> bool {
        if self.is_seen_bad(node) {
            return true;
        }
        let views = self.views(node);
        views.len() > 1 && views.iter().all(|view| self.is_view_bad(view))
    }

    /// The highest node above `node` that `fits`.
    fn above(&self, node: &Node, left: &mut usize, fits: &mut impl FnMut(&Node) -> bool) -> Option<Node> {
        for parent in self.topology.parents(node) {
            if *left == 0 {
                return None;
            }
            *left -= 1;
            if let Some(higher) = self.above(&parent, left, fits) {
                return Some(higher);
            }
            if fits(&parent) {
                return Some(parent);
            }
        }
        None
    }

    /// Whether anything above a node could ever be its cause.
    fn can_hang(&self, node: &Node) -> bool {
        let could = &mut |above: &Node| matches!(above, Node::Asset { .. }) || self.topology.children(above).len() > 1;
        self.above(node, &mut CLIMB_MAX.clone(), could).is_some()
    }

    /// The cause of an open episode: the highest bad node above it, else its own node.
    fn cause_of(&self, key: &EpisodeKey) -> Option<Node> {
        let node = &self.open.get(key)?.node;
        if self.is_urgent(key) {
            return Some(node.clone());
        }
        let highest = self.above(node, &mut CLIMB_MAX.clone(), &mut |above| self.is_bad(above));
        Some(highest.unwrap_or_else(|| node.clone()))
    }

    /// P1 never waits, and never is part of another ticket.
    fn is_urgent(&self, key: &EpisodeKey) -> bool {
        self.facts.get(&key.rule).is_some_and(|f| f.severity == Severity::P1)
    }

    /// The open episodes by which a cause is judged: its own, or those of its views.
    fn own_keys(&self, cause: &Node, out: &mut BTreeSet<EpisodeKey>) {
        out.extend(self.at.get(cause).into_iter().flatten().filter(|key| !self.is_urgent(key)).cloned());
        for view in self.views(cause) {
            self.own_keys(&view, out);
        }
    }

    /// Whether an episode at `node` is what `cause` is judged by, not what follows from it.
    fn is_own(&self, node: &Node, cause: &Node) -> bool {
        node == cause || cause.is_unseen() && self.topology.children(cause).iter().any(|view| self.is_own(node, view))
    }

    /// Puts an episode under `cause`, and gives its home.
    fn join(&mut self, key: &EpisodeKey, cause: &Node) -> Option<(Home, Seen)> {
        let open = self.open.get(key)?;
        let (seen, symptom) = (open.seen, !self.is_own(&open.node, cause));
        let fresh = self.fresh_home(key, open, cause);
        let open = self.open.get_mut(key)?;
        let before = std::mem::replace(&mut open.placed, Placed::Under { cause: cause.clone(), recheck: None });
        if let Placed::Under { cause: before, .. } = before {
            self.leave(key, &before);
        }
        let family = self.families.entry(cause.clone());
        let family = family.or_insert_with(|| Family { home: fresh.clone(), members: BTreeSet::new() });
        family.members.insert(key.clone());
        // What is judged by its own node alone keeps its own rule, whoever was first there.
        let home = if symptom || cause.is_unseen() { family.home.clone() } else { fresh };
        Some((Home { symptom, ..home }, seen))
    }

    fn leave(&mut self, key: &EpisodeKey, cause: &Node) {
        if let Some(family) = self.families.get_mut(cause) {
            family.members.remove(key);
            if family.members.is_empty() {
                self.families.remove(cause);
            }
        }
    }

    /// The home of a ticket that an episode opens under `cause`.
    fn fresh_home(&self, key: &EpisodeKey, open: &Open, cause: &Node) -> Home {
        let (rule, room) = (key.rule.clone(), key.subject.source.room.clone());
        let whole = || Id::parse(VENUE_ROOM).unwrap_or_else(|_| room.clone());
        let (room, asset) = match cause {
            Node::Uplink(_) => (whole(), None),
            Node::Shared { asset, .. } => (whole(), Some(asset.clone())),
            Node::Bus(..) | Node::Sensor(..) => (room, None),
            Node::Agent(_) | Node::Point(..) | Node::Reading(..) | Node::Asset { .. } => (room, open.asset.clone()),
        };
        let fact = self.facts.get(&rule);
        let (severity, team) = fact.map_or_else(|| (Severity::P3, rule.clone()), |f| (f.severity, f.team.clone()));
        Home { rule, room, asset, severity, team, cause: self.words(cause), symptom: false }
    }

    fn words(&self, cause: &Node) -> Option<Cause> {
        Some(match cause {
            Node::Uplink(_) => Cause::Uplink { agents: self.views(cause).len() },
            Node::Bus(source, bus) => Cause::Bus { agent: source.agent.clone(), bus: bus.clone() },
            Node::Sensor(source, sensor) => Cause::Sensor { agent: source.agent.clone(), sensor: sensor.clone() },
            Node::Shared { host, .. } => Cause::Shared { host: host.clone(), rooms: self.views(cause).len() },
            Node::Agent(_) | Node::Point(..) | Node::Reading(..) | Node::Asset { .. } => return None,
        })
    }

    /// Gives an episode its home under `cause`. Those by which the cause is judged go first, wherever
    /// they were before: its ticket is theirs.
    fn place(&mut self, key: &EpisodeKey, cause: &Node, out: &mut Vec<Effect>) {
        let mut keys = BTreeSet::new();
        if self.open.get(key).is_some_and(|open| open.node != *cause) {
            self.own_keys(cause, &mut keys);
        }
        keys.remove(key);
        for key in keys.into_iter().chain([key.clone()]) {
            let there = |open: &Open| matches!(&open.placed, Placed::Under { cause: c, .. } if c == cause);
            if self.open.get(&key).is_some_and(there) {
                continue;
            }
            if let Some((home, seen)) = self.join(&key, cause) {
                out.push(Effect::Placed { key, home, seen });
            }
        }
    }

    fn began(&mut self, key: &EpisodeKey, asset: Option<&Id>, seen: Seen, now: UnixMs, out: &mut Vec<Effect>) {
        self.insert(key, asset, seen, window_end(now));
        let Some(node) = self.open.get(key).map(|open| open.node.clone()) else { return };
        if self.is_urgent(key) || !self.can_hang(&node) {
            self.place(key, &node, out);
            return;
        }
        // A cause that people know of already takes it at once.
        if let Some(cause) = self.cause_of(key).filter(|cause| self.families.contains_key(cause)) {
            self.place(key, &cause, out);
        }
    }

    fn ended(&mut self, key: &EpisodeKey, seen: Seen, now: UnixMs, out: &mut Vec<Effect>) {
        let Some(open) = self.open.remove(key) else { return };
        if let Some(keys) = self.at.get_mut(&open.node) {
            keys.remove(key);
            if keys.is_empty() {
                self.at.remove(&open.node);
            }
        }
        if let Placed::Under { cause, .. } = &open.placed {
            self.leave(key, cause);
            out.push(Effect::Ended { key: key.clone(), seen });
        }
        let mut touched = vec![open.node.clone()];
        self.above(&open.node, &mut CLIMB_MAX.clone(), &mut |above| {
            touched.push(above.clone());
            false
        });
        touched.retain(|cause| self.families.contains_key(cause) && !self.is_bad(cause));
        for cause in &touched {
            self.recheck(cause, now);
        }
    }

    /// What is under a cause that is no longer bad is judged anew one window later.
    fn recheck(&mut self, cause: &Node, now: UnixMs) {
        for key in self.families.get(cause).into_iter().flat_map(|family| &family.members) {
            let Some(open) = self.open.get_mut(key).filter(|open| open.node != *cause) else { continue };
            if let Placed::Under { recheck, .. } = &mut open.placed {
                recheck.get_or_insert(window_end(now));
            }
        }
    }

    fn tick(&mut self, now: UnixMs, out: &mut Vec<Effect>) {
        let is_due = |open: &Open| match &open.placed {
            Placed::Waiting { due } => *due <= now,
            Placed::Under { recheck, .. } => recheck.is_some_and(|at| at <= now),
        };
        let due: Vec<EpisodeKey> = self.open.iter().filter(|(_, o)| is_due(o)).map(|(key, _)| key.clone()).collect();
        for key in due {
            // An earlier one of this tick may have taken it along.
            let Some(cause) = self.open.get(&key).filter(|open| is_due(open)).and_then(|_| self.cause_of(&key)) else {
                continue;
            };
            if let Some(Open { placed: Placed::Under { recheck, .. }, .. }) = self.open.get_mut(&key) {
                *recheck = None;
            }
            self.place(&key, &cause, out);
        }
    }
}

/// Takes one event at `now`, and appends to `out` what follows.
pub fn step(state: &mut State, event: Event<'_>, now: UnixMs, out: &mut Vec<Effect>) {
    match event {
        Event::Began { key, asset, seen } => state.began(key, asset, seen, now, out),
        Event::Worse { key, seen } => {
            let Some(open) = state.open.get_mut(key) else { return };
            open.seen = seen;
            if matches!(open.placed, Placed::Under { .. }) {
                out.push(Effect::Worse { key: key.clone(), seen });
            }
        }
        Event::Ended { key, seen } => state.ended(key, seen, now, out),
        Event::Tick => state.tick(now, out),
    }
}
