//! Short stories: what is cut, what people are told, and what they are told when it is over.

use super::*;

#[test]
fn a_thing_that_hangs_on_nothing_opens_its_ticket_at_once() {
    let mut world = World::lounge(1);
    world.begin("current", &source(0), Some("temperature_celsius"));
    assert_eq!(world.only().room, id("k00"));
}

#[test]
fn a_venue_that_is_cut_off_is_one_ticket_and_its_agents_come_back_one_by_one() {
    let mut world = World::lounge(4);
    let mut keys = Vec::new();
    for room in 0..4 {
        keys.push(world.begin("agent-silent", &source(room), None));
        world.wait(10 * SECOND);
    }
    assert!(world.open().is_empty(), "nobody is told before the window is over");
    world.wait(60 * SECOND);
    let ticket = world.only();
    assert_eq!(ticket.cause, Some(Cause::Uplink { agents: 4 }));
    assert_eq!((ticket.room.as_str(), ticket.episode_count), ("venue", 4));
    // Two come back: the way is free, so the others are down by themselves.
    world.end(&keys[0]);
    world.end(&keys[2]);
    world.wait(61 * SECOND);
    let open: Vec<_> = world.open().iter().map(|t| (t.room.to_string(), t.cause.clone())).collect();
    assert_eq!(open, [("k01".to_owned(), None), ("k03".to_owned(), None)]);
    let uplink = world.all.values().find(|t| t.cause.is_some()).unwrap();
    assert_eq!(uplink.stage, Stage::Fixed, "P2: a person looks and closes it");
    world.end(&keys[1]);
    world.end(&keys[3]);
    assert!(world.open().is_empty());
    assert_eq!(world.ends, 4, "every recovery is passed on");
}

#[test]
fn one_agent_of_many_that_is_silent_is_its_own_ticket() {
    let mut world = World::lounge(4);
    let key = world.begin("agent-silent", &source(2), None);
    world.wait(61 * SECOND);
    assert_eq!((world.only().room.as_str(), &world.only().cause), ("k02", &None));
    world.end(&key);
    assert!(world.open().is_empty());
}

#[test]
fn a_song_server_that_is_gone_takes_the_boxes_of_all_rooms_with_it() {
    let mut world = World::lounge(3);
    let mut own = Vec::new();
    let mut boxes = Vec::new();
    for room in 0..3 {
        boxes.push(world.begin("unreachable", &source(room), Some("song_box_reachable")));
        world.wait(5 * SECOND);
        own.push(world.begin("unreachable", &source(room), Some("song_server_reachable")));
    }
    world.wait(61 * SECOND);
    let ticket = world.only();
    assert_eq!(ticket.cause, Some(Cause::Shared { host: "10.0.0.5:8080".into(), rooms: 3 }));
    assert_eq!((ticket.asset.clone(), ticket.symptom_count), (Some(id("song-server")), 3));
    // The server is back, one box is not: it gets a ticket of its own.
    own.iter().for_each(|key| world.end(key));
    world.end(&boxes[0]);
    world.end(&boxes[1]);
    assert!(world.all.values().next().unwrap().symptoms.iter().filter(|s| s.ended_at.is_some()).count() == 2);
    world.wait(61 * SECOND);
    assert_eq!((world.only().room.as_str(), world.only().asset.clone()), ("k02", Some(id("song-box"))));
    world.end(&boxes[2]);
    assert!(world.open().is_empty());
}

#[test]
fn a_server_that_one_room_alone_cannot_reach_is_the_fault_of_that_room() {
    let mut world = World::lounge(3);
    world.begin("unreachable", &source(1), Some("song_server_reachable"));
    let song_box = world.begin("unreachable", &source(1), Some("song_box_reachable"));
    world.wait(61 * SECOND);
    let ticket = world.only();
    assert_eq!((ticket.room.as_str(), &ticket.cause, ticket.symptom_count), ("k01", &None, 1));
    world.end(&song_box);
    assert_eq!(world.only().symptoms[0].ended_at, Some(world.now));
}

#[test]
fn a_late_last_room_still_makes_one_cause_of_tickets_that_nobody_has_taken() {
    let mut world = World::lounge(3);
    world.begin("unreachable", &source(0), Some("song_server_reachable"));
    world.begin("unreachable", &source(1), Some("song_server_reachable"));
    world.wait(90 * SECOND);
    assert_eq!(world.open().len(), 2);
    world.begin("unreachable", &source(2), Some("song_server_reachable"));
    world.wait(61 * SECOND);
    assert!(matches!(world.only().cause, Some(Cause::Shared { rooms: 3, .. })));
    let followers: Vec<_> = world.all.values().filter(|t| t.stage == Stage::Duplicate).collect();
    assert_eq!(followers.len(), 2);
    assert!(followers.iter().all(|t| t.duplicate_of.as_deref() == Some(&*world.only().number)));
}

#[test]
fn what_somebody_works_at_stays_his() {
    let mut world = World::lounge(2);
    world.begin("unreachable", &source(0), Some("song_server_reachable"));
    world.wait(61 * SECOND);
    let ticket = world.only().number.clone();
    let person = tickets::Event::Person { who: "li".into(), ticket, action: tickets::Action::Acknowledge };
    tickets::step(&mut world.tickets, &person, world.now, &mut Vec::new());
    world.begin("unreachable", &source(1), Some("song_server_reachable"));
    world.wait(61 * SECOND);
    let rooms: Vec<_> = world.open().iter().map(|t| t.room.to_string()).collect();
    assert_eq!(rooms, ["k00", "venue"]);
}

#[test]
fn a_bus_that_hangs_is_one_ticket_and_a_dead_sensor_names_itself() {
    let mut world = World::lounge(2);
    let all = ["temperature_celsius", "humidity_percent", "illuminance_lux"];
    let keys = all.map(|name| world.begin("sensor-silent", &source(0), Some(name)));
    world.wait(61 * SECOND);
    assert_eq!(world.only().cause, Some(Cause::Bus { agent: id("pi-0"), bus: "i2c-1".into() }));
    keys.iter().for_each(|key| world.end(key));
    assert!(world.open().is_empty());
    world.wait(2 * 24 * 3_600 * SECOND);
    all[..2].iter().for_each(|name| drop(world.begin("sensor-silent", &source(0), Some(name))));
    world.wait(61 * SECOND);
    assert_eq!(world.only().cause, Some(Cause::Sensor { agent: id("pi-0"), sensor: "air".into() }));
}

#[test]
fn power_that_fails_carries_the_amplifier_and_safety_never_waits() {
    let mut world = World::lounge(2);
    world.begin("power", &source(0), Some("amplifier_power_on"));
    world.begin("power", &source(0), Some("mains_power_on"));
    world.begin("missing", &source(0), Some("extinguisher_present"));
    assert_eq!(world.open().len(), 2, "the mains hang on nothing, and P1 is told at once");
    world.wait(61 * SECOND);
    let found: Vec<_> = world.open().iter().map(|t| (t.asset.clone().unwrap().to_string(), t.symptom_count)).collect();
    assert_eq!(found, [("mains".to_owned(), 1), ("extinguisher".to_owned(), 0)]);
}

#[test]
fn what_ends_within_its_window_is_told_to_nobody() {
    let mut world = World::lounge(3);
    let key = world.begin("agent-silent", &source(0), None);
    world.wait(30 * SECOND);
    world.end(&key);
    world.wait(120 * SECOND);
    assert!(world.all.is_empty() && world.ends == 0);
}

#[test]
fn an_agent_that_stopped_on_purpose_says_nothing_of_the_uplink() {
    let mut world = World::lounge(3);
    world.causes.stopped(&source(2));
    (0..2).for_each(|room| drop(world.begin("agent-silent", &source(room), None)));
    world.wait(61 * SECOND);
    assert_eq!(world.only().cause, Some(Cause::Uplink { agents: 2 }));
}

#[test]
fn a_restart_changes_nothing_of_who_belongs_where() {
    let mut world = World::lounge(3);
    let keys: Vec<_> = (0..3).map(|room| world.begin("agent-silent", &source(room), None)).collect();
    world.wait(61 * SECOND);
    assert!(world.only().cause.is_some());
    let mut fresh = World::lounge(3).causes;
    let kept = |key: &EpisodeKey| Kept {
        key: key.clone(),
        asset: None,
        seen: Seen { at: key.began_at, value: None, limit: None },
        has_ticket: true,
    };
    fresh.restore(keys.iter().map(kept));
    world.causes = fresh;
    world.wait(200 * SECOND);
    assert_eq!(world.only().cause, Some(Cause::Uplink { agents: 3 }), "nothing moves");
    keys.iter().for_each(|key| world.end(key));
    assert!(world.open().is_empty());
    assert_eq!(world.ends, 3);
}
