//! What hangs on what, from what devices say of themselves: venue uplink → agent → bus → sensor → point,
//! and one asset on another. Nothing of it is configured; where a file of venues says that an asset
//! depends on another, that counts too. Pure; decides nothing about episodes.

use std::collections::{BTreeMap, BTreeSet};

use wire::{About, Id, PointName, Source};

/// A thing that can be a cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The way from a venue to the collector; seen only through its agents.
    Uplink(Id),
    /// An agent.
    Agent(Source),
    /// A bus of an agent; seen only through its sensors.
    Bus(Source, String),
    /// A sensor of an agent; seen only through its points.
    Sensor(Source, String),
    /// A point of an agent, as far as it has values at all.
    Point(Source, PointName),
    /// What a point of no asset says; it hangs on nothing.
    Reading(Source, PointName),
    /// An asset that several rooms ask under one address; seen only through their views of it.
    Shared {
        /// Its venue.
        venue: Id,
        /// Its identifier.
        asset: Id,
        /// The address.
        host: String,
    },
    /// An asset as one room sees it.
    Asset {
        /// Its venue.
        venue: Id,
        /// The room that sees it.
        room: Id,
        /// Its identifier.
        asset: Id,
    },
}

impl Node {
    /// Whether it is only seen through others.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        matches!(self, Self::Uplink(_) | Self::Bus(..) | Self::Sensor(..) | Self::Shared { .. })
    }
}

/// What an agent's `about` says that matters here.
#[derive(Debug, Clone, Default)]
struct Described {
    /// Of each point that can be found silent: its sensor.
    sensors: BTreeMap<PointName, String>,
    /// Of each sensor with such a point: its bus, where it sits on one.
    buses: BTreeMap<String, String>,
    /// Its assets, each with the address under which it is asked, where it is asked over the network.
    assets: BTreeMap<Id, Option<String>>,
}

/// A venue: its agents, and an index of its assets.
#[derive(Debug, Default)]
struct Place {
    agents: BTreeSet<Source>,
    described: BTreeMap<Source, Described>,
    /// Of each asset: the rooms that have it, each with the address.
    assets: BTreeMap<Id, BTreeMap<Id, Option<String>>>,
    /// Of each asset and address: the rooms that ask it.
    hosts: BTreeMap<(Id, String), BTreeSet<Id>>,
    /// Assets of the file with those that they depend on.
    depends: BTreeMap<Id, Vec<Id>>,
}

/// Assets that cannot work without others, by the beginnings of their identifiers, in the whole venue:
/// the song system of a lounge, and the way to the internet.
const NEEDS: [(&str, &str); 5] = [
    ("song-box", "song-server"),
    ("internet", "gateway"),
    ("name-server", "gateway"),
    ("dns", "gateway"),
    ("wan", "gateway"),
];
/// Assets of a room that feed all others of it.
const FEEDS: [&str; 3] = ["mains", "feed", "power-feed"];

/// Everything known of what hangs on what.
#[derive(Debug, Default)]
pub struct Topology {
    places: BTreeMap<Id, Place>,
    stopped: BTreeSet<Source>,
}

impl Topology {
    /// An agent is there.
    pub fn heard(&mut self, source: &Source) {
        if !self.places.get(&source.venue).is_some_and(|place| place.agents.contains(source)) {
            self.places.entry(source.venue.clone()).or_default().agents.insert(source.clone());
        }
        self.stopped.remove(source);
    }

    /// An agent stopped on purpose: its silence says nothing of the uplink.
    pub fn stopped(&mut self, source: &Source) {
        self.stopped.insert(source.clone());
    }

    /// A device describes itself. `watched` tells which of its points can be found silent.
    pub fn learn(&mut self, source: &Source, about: &About, watched: impl Fn(&PointName) -> bool) {
        let mut described = Described::default();
        let places: BTreeMap<&str, &str> = about.sensors.iter().map(|s| (&*s.name, &*s.place)).collect();
        for (point, about) in &about.points {
            let place = about.sensor.as_ref().and_then(|s| places.get(s.as_str()).copied()).unwrap_or_default();
            if let Some(asset) = &about.asset {
                let host = described.assets.entry(asset.clone()).or_default();
                *host = host.take().or_else(|| is_host(place).then(|| place.into()));
            }
            let Some(sensor) = about.sensor.as_ref().filter(|_| watched(point)) else { continue };
            described.sensors.insert(point.clone(), sensor.clone());
            if let Some((bus, _)) = place.split_once(' ') {
                described.buses.insert(sensor.clone(), bus.into());
            }
        }
        let place = self.places.entry(source.venue.clone()).or_default();
        place.described.insert(source.clone(), described);
        place.index();
    }

    /// What files of venues say: `(venue, asset, assets that it depends on)`; replaces what they said before.
    pub fn depends(&mut self, all: impl IntoIterator<Item = (Id, Id, Vec<Id>)>) {
        self.places.values_mut().for_each(|place| place.depends.clear());
        for (venue, asset, on) in all {
            self.places.entry(venue).or_default().depends.insert(asset, on);
        }
    }

    /// What `node` hangs on directly.
    #[must_use]
    pub fn parents(&self, node: &Node) -> Vec<Node> {
        let described = |source: &Source| self.places.get(&source.venue).and_then(|p| p.described.get(source));
        let agent = |source: &Source| Node::Agent(source.clone());
        match node {
            Node::Uplink(_) | Node::Reading(..) => Vec::new(),
            Node::Agent(source) => vec![Node::Uplink(source.venue.clone())],
            Node::Bus(source, _) => vec![agent(source)],
            Node::Sensor(source, sensor) => {
                let bus = described(source).and_then(|d| d.buses.get(sensor));
                vec![bus.map_or_else(|| agent(source), |bus| Node::Bus(source.clone(), bus.clone()))]
            }
            Node::Point(source, point) => {
                let sensor = described(source).and_then(|d| d.sensors.get(point));
                vec![sensor.map_or_else(|| agent(source), |s| Node::Sensor(source.clone(), s.clone()))]
            }
            Node::Shared { venue, asset, .. } => {
                self.places.get(venue).map_or_else(Vec::new, |place| place.needs(venue, None, asset))
            }
            Node::Asset { venue, room, asset } => {
                let Some(place) = self.places.get(venue) else { return Vec::new() };
                let mut parents = place.needs(venue, Some(room), asset);
                parents.extend(place.shared(venue, room, asset));
                parents
            }
        }
    }

    /// The views of which an unseen node is judged; empty where it is seen itself.
    #[must_use]
    pub fn children(&self, node: &Node) -> Vec<Node> {
        let described = |source: &Source| self.places.get(&source.venue).and_then(|p| p.described.get(source));
        match node {
            Node::Uplink(venue) => {
                let agents = self.places.get(venue).into_iter().flat_map(|place| &place.agents);
                agents.filter(|a| !self.stopped.contains(*a)).map(|a| Node::Agent(a.clone())).collect()
            }
            Node::Bus(source, bus) => {
                let buses = described(source).into_iter().flat_map(|d| &d.buses);
                buses.filter(|(_, b)| *b == bus).map(|(s, _)| Node::Sensor(source.clone(), s.clone())).collect()
            }
            Node::Sensor(source, sensor) => {
                let points = described(source).into_iter().flat_map(|d| &d.sensors);
                points.filter(|(_, s)| *s == sensor).map(|(p, _)| Node::Point(source.clone(), p.clone())).collect()
            }
            Node::Shared { venue, asset, host } => {
                let key = (asset.clone(), host.clone());
                let rooms = self.places.get(venue).and_then(|place| place.hosts.get(&key)).into_iter().flatten();
                let view = |room: &Id| Node::Asset { venue: venue.clone(), room: room.clone(), asset: asset.clone() };
                rooms.map(view).collect()
            }
            Node::Agent(_) | Node::Point(..) | Node::Reading(..) | Node::Asset { .. } => Vec::new(),
        }
    }

    /// Agents of a room, and whether each stopped on purpose.
    pub fn agents_of(&self, venue: &Id, room: &Id) -> impl Iterator<Item = (&Source, bool)> {
        let agents = self.places.get(venue).into_iter().flat_map(|place| &place.agents);
        agents.filter(move |source| source.room == *room).map(|source| (source, self.stopped.contains(source)))
    }
}

impl Place {
    /// Makes the index of assets anew.
    fn index(&mut self) {
        self.assets.clear();
        self.hosts.clear();
        for (source, described) in &self.described {
            for (asset, host) in &described.assets {
                let rooms = self.assets.entry(asset.clone()).or_default();
                let known = rooms.entry(source.room.clone()).or_default();
                *known = known.take().or_else(|| host.clone());
                if let Some(host) = host {
                    self.hosts.entry((asset.clone(), host.clone())).or_default().insert(source.room.clone());
                }
            }
        }
    }

    /// The shared asset that `room` sees as `asset`, where more than one room asks the same address.
    fn shared(&self, venue: &Id, room: &Id, asset: &Id) -> Option<Node> {
        let host = self.assets.get(asset)?.get(room)?.as_ref()?;
        let rooms = self.hosts.get(&(asset.clone(), host.clone()))?;
        let node = || Node::Shared { venue: venue.clone(), asset: asset.clone(), host: host.clone() };
        (rooms.len() > 1).then(node)
    }

    /// The assets without which `asset` cannot work: as `room` sees them, or in the venue.
    fn needs(&self, venue: &Id, room: Option<&Id>, asset: &Id) -> Vec<Node> {
        let named = self.depends.get(asset);
        let needed = |other: &Id| {
            other != asset
                && (named.is_some_and(|all| all.contains(other))
                    || NEEDS.iter().any(|(one, on)| asset.as_str().starts_with(one) && other.as_str().starts_with(on)))
        };
        let mut nodes = BTreeSet::new();
        for (other, rooms) in &self.assets {
            let view = |room: &Id| Node::Asset { venue: venue.clone(), room: room.clone(), asset: other.clone() };
            let here = room.filter(|room| rooms.contains_key(*room));
            if is_feed(other) && !is_feed(asset) {
                nodes.extend(here.map(view));
            }
            if !needed(other) {
                continue;
            }
            // What the room itself sees counts even if the others see it otherwise.
            nodes.extend(here.map(view));
            for (seen_from, host) in rooms {
                match self.shared(venue, seen_from, other) {
                    Some(shared) => drop(nodes.insert(shared)),
                    // Only one room asks it: what that room sees is all that is known.
                    None if host.is_some() => drop(nodes.insert(view(seen_from))),
                    None => {}
                }
            }
        }
        nodes.into_iter().collect()
    }
}

fn is_feed(asset: &Id) -> bool {
    FEEDS.contains(&asset.as_str())
}

/// Whether a sensor's place is an address of the network: no bus before it, and a dot or a colon in it.
fn is_host(place: &str) -> bool {
    !place.contains(' ') && place.contains(['.', ':'])
}
