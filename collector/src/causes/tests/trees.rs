//! Generated venues with any node cut: one ticket, the right cause, every recovery passed on. What is
//! expected is worked out from the venue as it was generated, not from the topology under test.
//! `HALLWATCH_CASES` asks for more cases, `HALLWATCH_SEED` for a certain run.

use super::*;

/// Venues in the default run.
const CASES: u64 = 3_000;

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// A generated room: on each bus so many sensors, each with so many points.
struct Room {
    source: Source,
    buses: Vec<Vec<usize>>,
    asks_server: bool,
}

/// What is cut, and what is seen of it.
struct Cut {
    name: &'static str,
    /// Rule, agent, point: what the cause is judged by.
    own: Vec<(&'static str, Source, Option<String>)>,
    /// What follows from it.
    symptoms: Vec<(&'static str, Source, Option<String>)>,
    cause: Option<Cause>,
    room: String,
}

fn point_name(bus: usize, sensor: usize, n: usize) -> String {
    format!("b{bus}_s{sensor}_p{n}_celsius")
}

/// Name, place, and points with their assets.
type Sensor = (String, String, Vec<(String, Option<&'static str>)>);

fn generate(random: &mut Random) -> (World, Vec<Room>) {
    let mut world = World::new();
    let rooms: Vec<Room> = (0..1 + random.below(5))
        .map(|n| {
            let bus = |random: &mut Random| (0..1 + random.below(3)).map(|_| 1 + random.below(3)).collect();
            let buses = (0..1 + random.below(2)).map(|_| bus(random)).collect();
            Room { source: source(n), buses, asks_server: random.below(4) > 0 }
        })
        .collect();
    for room in &rooms {
        let mut sensors: Vec<Sensor> = Vec::new();
        for (b, bus) in room.buses.iter().enumerate() {
            for (s, points) in bus.iter().enumerate() {
                let points = (0..*points).map(|p| (point_name(b, s, p), None)).collect();
                sensors.push((format!("b{b}-s{s}"), format!("i2c-{b} 0x{s:02x}"), points));
            }
        }
        if room.asks_server {
            let server = vec![("song_server_reachable".to_owned(), Some("song-server"))];
            sensors.push(("server".into(), "server.lan:80".into(), server));
            let own_box = format!("{}.lan:80", room.source.room);
            sensors.push(("box".into(), own_box, vec![("song_box_reachable".into(), Some("song-box"))]));
        }
        let points: Vec<Vec<(&str, Option<&str>)>> =
            sensors.iter().map(|(_, _, all)| all.iter().map(|(p, asset)| (p.as_str(), *asset)).collect()).collect();
        let wiring: Vec<_> =
            sensors.iter().zip(&points).map(|((name, place, _), p)| (name.as_str(), place.as_str(), &p[..])).collect();
        world.learn(&room.source, &wiring);
    }
    (world, rooms)
}

/// Any node of the venue, with what is seen when it is cut.
fn cut(random: &mut Random, rooms: &[Room]) -> Cut {
    let any = random.below(rooms.len());
    let room = &rooms[any];
    let room_name = room.source.room.to_string();
    let agent = room.source.agent.clone();
    let b = random.below(room.buses.len());
    let s = random.below(room.buses[b].len());
    let silent = |b: usize, s: usize, p: usize| ("sensor-silent", room.source.clone(), Some(point_name(b, s, p)));
    let of_sensor = |s: usize| (0..room.buses[b][s]).map(move |p| (s, p));
    let askers: Vec<&Room> = rooms.iter().filter(|r| r.asks_server).collect();
    let none = Vec::new;
    match random.below(5) {
        0 if rooms.len() > 1 => Cut {
            name: "uplink",
            own: rooms.iter().map(|r| ("agent-silent", r.source.clone(), None)).collect(),
            symptoms: none(),
            cause: Some(Cause::Uplink { agents: rooms.len() }),
            room: "venue".into(),
        },
        1 if room.buses[b].len() > 1 => Cut {
            name: "bus",
            own: (0..room.buses[b].len()).flat_map(of_sensor).map(|(s, p)| silent(b, s, p)).collect(),
            symptoms: none(),
            cause: Some(Cause::Bus { agent, bus: format!("i2c-{b}") }),
            room: room_name,
        },
        2 if room.buses[b][s] > 1 && room.buses[b].len() > 1 => Cut {
            name: "sensor",
            own: of_sensor(s).map(|(s, p)| silent(b, s, p)).collect(),
            symptoms: none(),
            cause: Some(Cause::Sensor { agent, sensor: format!("b{b}-s{s}") }),
            room: room_name,
        },
        3 if askers.len() > 1 => Cut {
            name: "server",
            own: askers
                .iter()
                .map(|r| ("unreachable", r.source.clone(), Some("song_server_reachable".into())))
                .collect(),
            symptoms: askers
                .iter()
                .filter(|_| random.below(3) > 0)
                .map(|r| ("unreachable", r.source.clone(), Some("song_box_reachable".into())))
                .collect(),
            cause: Some(Cause::Shared { host: "server.lan:80".into(), rooms: askers.len() }),
            room: "venue".into(),
        },
        _ => Cut {
            name: "agent",
            own: vec![("agent-silent", room.source.clone(), None)],
            symptoms: none(),
            cause: None,
            room: room_name,
        },
    }
}

fn shuffled<T>(random: &mut Random, mut all: Vec<T>) -> Vec<T> {
    for i in (1..all.len()).rev() {
        all.swap(i, random.below(i + 1));
    }
    all
}

fn run(seed: u64) -> &'static str {
    let mut random = Random(seed);
    let (mut world, rooms) = generate(&mut random);
    let cut = cut(&mut random, &rooms);
    let what = format!("seed {seed}: {}", cut.name);
    // Everything is found within one window, in any order.
    let found: Vec<_> = cut.own.iter().chain(&cut.symptoms).cloned().collect();
    let step_ms = (WINDOW_MS - 2 * SECOND) / found.len() as i64 / SECOND * SECOND;
    let mut keys = Vec::new();
    for (rule, source, name) in shuffled(&mut random, found) {
        keys.push(world.begin(rule, &source, name.as_deref()));
        if random.below(3) > 0 {
            world.wait(step_ms.max(0));
        }
    }
    world.wait(WINDOW_MS + SECOND);
    let ticket = world.only().clone();
    assert_eq!((&ticket.cause, ticket.room.as_str()), (&cut.cause, &*cut.room), "{what}");
    assert_eq!(ticket.episode_count as usize, cut.own.len(), "{what}");
    assert_eq!(ticket.symptom_count as usize, cut.symptoms.len(), "{what}");
    assert_eq!(world.all.len(), 1, "{what}: and no other ticket was ever opened");
    if random.below(2) == 0 {
        restart(&mut world, &keys);
    }
    // Some come back at once, the others only after they were judged anew.
    let split = random.below(keys.len() + 1);
    let order = shuffled(&mut random, keys);
    let (first, last) = order.split_at(split);
    first.iter().for_each(|key| world.end(key));
    world.wait(2 * WINDOW_MS);
    let carried: Vec<_> = last.iter().map(|key| world.tickets.ticket_of(key)).collect();
    assert!(carried.iter().all(Option::is_some), "{what}: what is still wrong has a ticket");
    let open: Vec<u64> = world.open().iter().map(|t| t.id).collect();
    assert!(carried.iter().flatten().all(|id| open.contains(id)), "{what}: and it is open");
    last.iter().for_each(|key| world.end(key));
    assert!(world.open().is_empty(), "{what}: {:#?}", world.open());
    assert_eq!(world.ends, order.len(), "{what}: every recovery is passed on once");
    cut.name
}

/// The collector goes down and comes back with what its ledger holds.
fn restart(world: &mut World, keys: &[EpisodeKey]) {
    let mut fresh = State::new(facts());
    std::mem::swap(&mut fresh.topology, &mut world.causes.topology);
    let kept = keys.iter().map(|key| Kept {
        key: key.clone(),
        asset: key
            .subject
            .point
            .as_ref()
            .and_then(|p| world.assets.get(&(key.subject.source.clone(), p.clone())).cloned()),
        seen: Seen { at: key.began_at, value: (!key.rule.as_str().ends_with("silent")).then_some(0.0), limit: None },
        has_ticket: world.tickets.ticket_of(key).is_some(),
    });
    fresh.restore(kept.collect::<Vec<_>>());
    world.causes = fresh;
}

#[test]
fn any_node_of_any_venue_that_is_cut_is_one_ticket_with_the_right_cause() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = number("HALLWATCH_CASES").unwrap_or(CASES);
    let first = number("HALLWATCH_SEED").unwrap_or(1);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in first..first + cases {
        *seen.entry(run(seed)).or_default() += 1;
    }
    if cases >= CASES {
        assert_eq!(seen.len(), 5, "every kind of node was cut: {seen:?}");
    }
}
