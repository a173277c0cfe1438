//! What a ledger promises, tried through its traits alone. A store passes by giving [`Store`].

use std::sync::Arc;

use collector::{
    episode::{EpisodeKey, Seen, Severity, Subject},
    ledger::{
        Commit, EpisodeFilter, EpisodeRow, Inbox, Ledger, NewMessage, Outbox, Quarantined, Reader, Record,
        RecordFilter, TicketFilter, Watermark, store::ROUNDS_MS,
    },
    tickets::{Action, Proof, Stage, Ticket, Transition},
};
use serde_json::json;
use wire::{Clock, Id, Lost, LostReason, PointName, Sample, Source, State, Status};

/// A store under test; opening it again goes on with the same rows.
pub trait Store {
    fn open(&self) -> (Box<dyn Ledger>, Arc<dyn All>);
}

/// Every side of a store.
pub trait All: Reader + Inbox + Outbox {}
impl<T: Reader + Inbox + Outbox> All for T {}

pub const NOW: i64 = 1_763_880_000_000;

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn source(room: &str) -> Source {
    Source { venue: id("nanshan"), room: id(room), agent: id("pi-1") }
}

pub fn ticket(n: u64, stage: Stage) -> Ticket {
    let ended = stage.is_ended().then_some(NOW + 1_000);
    serde_json::from_value(json!({
        "id": n, "number": format!("nanshan-20261123-{n:03}"), "venue": "nanshan", "room": format!("k{n:02}"),
        "asset": null, "rule": "air-temperature", "severity": "P3", "team": "hvac", "stage": stage,
        "assignee": null, "hold_reason": null, "proof": Proof::None, "began_at": NOW, "opened_at": NOW + n as i64,
        "acknowledged_at": null, "fixed_at": null, "closed_at": ended, "reopened_count": 0, "episode_count": 1,
        "open_points": [], "worst_point": null, "worst_value": 25.5, "limit": 22.0, "description": null
    }))
    .unwrap()
}

fn sample(seq: u64) -> Sample {
    Sample {
        at: NOW + seq as i64,
        seq,
        spool: id("spool-a"),
        boot: id("boot-1"),
        clock: Clock::Trusted,
        points: vec![(PointName::parse("temperature_celsius").unwrap(), 20.0)],
        faults: Vec::new(),
    }
}

pub fn message(key: &str, severity: Severity, due_at: i64) -> NewMessage {
    NewMessage {
        channel: "desk".into(),
        key: key.into(),
        ticket: Some(1),
        severity,
        due_at,
        payload: json!({"n": key}),
    }
}

fn episode(began_at: i64) -> EpisodeRow {
    let point = Some(PointName::parse("temperature_celsius").unwrap());
    EpisodeRow {
        key: EpisodeKey { rule: id("air-temperature"), subject: Subject { source: source("k01"), point }, began_at },
        severity: Severity::P3,
        late: false,
        seen: Seen { at: began_at + 5, value: Some(25.5), limit: Some(22.0) },
        ended_at: None,
        ticket: Some(1),
    }
}

pub fn commit(fill: impl FnOnce(&mut Commit)) -> Commit {
    let mut commit = Commit { at: NOW, ..Commit::default() };
    fill(&mut commit);
    commit
}

/// The whole suite.
pub fn run<S: Store>(fresh: impl Fn() -> S) {
    what_is_committed_is_loaded_again(&fresh());
    a_commit_that_is_repeated_changes_nothing(&fresh());
    the_outbox_gives_the_worst_first_and_each_until_it_is_sent(&fresh());
    a_request_waits_until_a_commit_answers_it(&fresh());
    readers_find_what_they_ask_for(&fresh());
    an_episode_keeps_its_end_and_its_ticket(&fresh());
    a_record_replaces_the_one_of_its_key(&fresh());
    the_quarantine_is_bounded(&fresh());
}

fn what_is_committed_is_loaded_again(store: &impl Store) {
    let (mut ledger, _) = store.open();
    let loaded = ledger.load(NOW).unwrap();
    assert_eq!((loaded.commit_number, loaded.ticket_id, loaded.samples.len()), (0, 0, 0));
    let status = Status {
        state: State::Online,
        boot: id("boot-1"),
        spool: id("spool-a"),
        since: Some(NOW),
        version: "0.1.0".into(),
    };
    let mark = Watermark { source: source("k01"), spool: id("spool-a"), upto: 2, sample_at: NOW + 2 };
    let first = commit(|c| {
        c.samples = vec![(source("k01"), sample(1)), (source("k01"), sample(2))];
        c.watermarks = vec![mark.clone()];
        c.tracks = vec![(b"a".to_vec(), Some(b"1".to_vec())), (b"b".to_vec(), Some(b"2".to_vec()))];
        c.statuses = vec![(source("k01"), status.clone())];
        c.tickets = vec![ticket(1, Stage::New), ticket(2, Stage::Closed)];
        c.episodes = vec![episode(NOW)];
    });
    ledger.commit(1, &first).unwrap();
    let mark = Watermark { upto: 3, sample_at: NOW + 3, ..mark };
    let second = commit(|c| {
        c.samples = vec![(source("k01"), sample(3))];
        c.watermarks = vec![mark.clone()];
        c.tracks = vec![(b"a".to_vec(), None), (b"b".to_vec(), Some(b"3".to_vec()))];
    });
    ledger.commit(2, &second).unwrap();
    drop(ledger);
    let (mut ledger, _) = store.open();
    let loaded = ledger.load(NOW + 3_600_000).unwrap();
    assert_eq!((loaded.commit_number, loaded.ticket_id), (2, 2));
    assert_eq!(loaded.watermarks, [mark]);
    assert_eq!(loaded.tracks, [(b"b".to_vec(), b"3".to_vec())]);
    assert_eq!(loaded.tickets, [ticket(1, Stage::New), ticket(2, Stage::Closed)]);
    assert_eq!(loaded.episodes, [episode(NOW)]);
    assert_eq!(loaded.samples.iter().map(|(_, s)| s.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(loaded.devices.len(), 1);
    assert_eq!(loaded.devices[0].status, Some(status));
    let later = ledger.load(NOW + 72 * 3_600_000).unwrap();
    assert_eq!(later.tickets, [ticket(1, Stage::New)], "what ended long ago is history");
    assert_eq!(later.ticket_id, 2, "and its id is never given again");
}

fn a_commit_that_is_repeated_changes_nothing(store: &impl Store) {
    let (mut ledger, all) = store.open();
    let lost = Lost { spool: id("spool-a"), seq: 1, upto: 9, reason: LostReason::Evicted };
    let first = commit(|c| {
        c.lost = vec![(source("k01"), lost.clone())];
        c.history = vec![transition(1)];
        c.outbox = vec![message("m1", Severity::P3, NOW)];
    });
    for _ in 0..3 {
        ledger.commit(1, &first).unwrap();
    }
    assert_eq!(all.lost(10).unwrap().into_iter().map(|r| r.lost).collect::<Vec<_>>(), [lost]);
    assert_eq!(all.history(1).unwrap(), [transition(1)]);
    assert_eq!(all.messages(None, 10).unwrap().len(), 1);
    ledger.commit(2, &commit(|c| c.history = vec![transition(1)])).unwrap();
    assert_eq!(all.history(1).unwrap().len(), 2);
}

fn transition(ticket: u64) -> Transition {
    Transition {
        ticket,
        at: NOW,
        who: "data".into(),
        from: None,
        to: Stage::New,
        note: "opened".into(),
        value: Some(25.5),
        limit: None,
        point: None,
        line: 1,
    }
}

fn the_outbox_gives_the_worst_first_and_each_until_it_is_sent(store: &impl Store) {
    let (mut ledger, all) = store.open();
    let fill = commit(|c| {
        c.outbox = vec![
            message("mild", Severity::P3, NOW),
            message("grave", Severity::P1, NOW),
            message("later", Severity::P1, NOW + 500),
            message("mild", Severity::P1, NOW),
        ];
    });
    ledger.commit(1, &fill).unwrap();
    let keys = |now| all.due("desk", now, 10).unwrap().into_iter().map(|m| m.message.key).collect::<Vec<_>>();
    assert_eq!(keys(NOW), ["grave", "mild"], "a key is given once, and nobody is told before the time");
    assert_eq!(all.due("other", NOW, 10).unwrap(), []);
    let grave = all.due("desk", NOW, 1).unwrap().remove(0);
    assert_eq!((grave.attempts, &grave.message.payload), (0, &json!({"n": "grave"})));
    all.failed(grave.id, NOW, "refused", Some(NOW + 1_000)).unwrap();
    assert_eq!(keys(NOW), ["mild"]);
    assert_eq!(keys(NOW + 1_000), ["grave", "later", "mild"]);
    assert_eq!(all.due("desk", NOW + 1_000, 1).unwrap()[0].attempts, 1);
    all.sent(grave.id, NOW + 1_001).unwrap();
    let mild = all.due("desk", NOW, 1).unwrap().remove(0);
    all.failed(mild.id, NOW, "gone", None).unwrap();
    assert_eq!(keys(NOW + 9_999), ["later"]);
    assert_eq!(all.next_due("desk").unwrap(), Some(NOW + 500));
    let rows = all.messages(Some(1), 10).unwrap();
    let find = |key: &str| rows.iter().find(|r| r.message.key == key).unwrap();
    assert_eq!((find("grave").sent_at, find("grave").attempts), (Some(NOW + 1_001), 2));
    assert_eq!((find("mild").dead_at, find("mild").error.as_deref()), (Some(NOW), Some("gone")));
    assert_eq!(all.size().unwrap().outbox, 1);
}

fn a_request_waits_until_a_commit_answers_it(store: &impl Store) {
    let (mut ledger, all) = store.open();
    let action = Action::Assign { to: "wang".into() };
    let one = all.put_request(NOW, "li", "nanshan-20261123-001", &action).unwrap();
    let two = all.put_request(NOW, "li", "nanshan-20261123-002", &Action::Acknowledge).unwrap();
    assert_eq!(all.pending(10).unwrap().iter().map(|r| r.id).collect::<Vec<_>>(), [one, two]);
    assert_eq!(all.pending(1).unwrap()[0].action, action);
    assert_eq!(all.answer(one).unwrap(), None);
    ledger.commit(1, &commit(|c| c.answered = vec![(one, Ok("done".into())), (two, Err("no".into()))])).unwrap();
    assert_eq!(all.pending(10).unwrap(), []);
    assert_eq!(all.answer(one).unwrap(), Some(Ok("done".into())));
    assert_eq!(all.answer(two).unwrap(), Some(Err("no".into())));
    assert_eq!(all.answer(999).unwrap(), None);
}

fn readers_find_what_they_ask_for(store: &impl Store) {
    let (mut ledger, all) = store.open();
    let stages = [Stage::New, Stage::Closed, Stage::OnHold];
    let tickets: Vec<_> = stages.into_iter().zip(1..).map(|(stage, n)| ticket(n, stage)).collect();
    ledger.commit(1, &commit(|c| c.tickets = tickets)).unwrap();
    let check = |filter: TicketFilter, expected: &[u64]| {
        let found: Vec<_> = all.tickets(&filter).unwrap().iter().map(|t| t.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    };
    let any = TicketFilter::default;
    check(any(), &[3, 2, 1]);
    check(TicketFilter { open: true, ..any() }, &[3, 1]);
    check(TicketFilter { stages: vec![Stage::Closed, Stage::OnHold], ..any() }, &[3, 2]);
    check(TicketFilter { room: Some(id("k02")), ..any() }, &[2]);
    check(TicketFilter { venue: Some(id("elsewhere")), ..any() }, &[]);
    check(TicketFilter { since: Some(NOW + 2), limit: 1, ..any() }, &[3]);
    check(TicketFilter { team: Some(id("hvac")), rule: Some(id("air-temperature")), ..any() }, &[3, 2, 1]);
    assert_eq!(all.ticket("nanshan-20261123-003").unwrap(), Some(ticket(3, Stage::OnHold)));
    assert_eq!(all.ticket("nanshan-20261123-004").unwrap(), None);
    ledger.commit(2, &commit(|c| c.tickets = vec![ticket(1, Stage::Closed)])).unwrap();
    check(TicketFilter { open: true, ..any() }, &[3]);
}

fn an_episode_keeps_its_end_and_its_ticket(store: &impl Store) {
    let (mut ledger, all) = store.open();
    ledger.commit(1, &commit(|c| c.episodes = vec![episode(NOW), episode(NOW + 100)])).unwrap();
    let ended = EpisodeRow { ended_at: Some(NOW + 50), ..episode(NOW) };
    ledger.commit(2, &commit(|c| c.episodes = vec![ended.clone()])).unwrap();
    let repeated = EpisodeRow { ticket: None, ..episode(NOW) };
    ledger.commit(3, &commit(|c| c.episodes = vec![repeated])).unwrap();
    assert_eq!(all.episodes(&EpisodeFilter::default()).unwrap(), [episode(NOW + 100), ended]);
    let since = EpisodeFilter { since: Some(NOW + 51), ..EpisodeFilter::default() };
    assert_eq!(all.episodes(&since).unwrap(), [episode(NOW + 100)]);
    assert_eq!(ledger.load(NOW).unwrap().episodes, [episode(NOW + 100)]);
}

fn a_record_replaces_the_one_of_its_key(store: &impl Store) {
    let (mut ledger, all) = store.open();
    let record = |kind: &str, key: &str, n: i64| Record {
        kind: kind.into(),
        venue: id("nanshan"),
        key: key.into(),
        at: NOW + n,
        body: serde_json::json!({ "n": n }),
    };
    let (first, new) = (record("readiness", "2026-11-22", 1), record("readiness", "2026-11-23", 2));
    let (round, past) =
        (record("round", "2026-11-23/fire", 3), Record { at: NOW - ROUNDS_MS - 1, ..record("round", "a", 4) });
    let locked = record("room_state", "k01", 5);
    let all_five = vec![first, new.clone(), round.clone(), past, locked.clone()];
    ledger.commit(1, &commit(|c| c.records = all_five)).unwrap();
    let changed = record("readiness", "2026-11-22", 9);
    ledger.commit(2, &commit(|c| c.records = vec![changed.clone()])).unwrap();
    let of = |filter: RecordFilter| all.records(&RecordFilter { kind: "readiness".into(), ..filter }).unwrap();
    assert_eq!(of(RecordFilter::default()), [new.clone(), changed.clone()]);
    assert_eq!(of(RecordFilter { limit: 1, ..RecordFilter::default() }).first(), Some(&new));
    assert_eq!(of(RecordFilter { to: Some("2026-11-22".into()), ..RecordFilter::default() }), [changed]);
    assert_eq!(of(RecordFilter { from: Some("2026-11-23".into()), ..RecordFilter::default() }), [new]);
    assert_eq!(of(RecordFilter { venue: Some(id("elsewhere")), ..RecordFilter::default() }), []);
    let mut loaded = ledger.load(NOW).unwrap().records;
    loaded.sort_by(|a, b| a.kind.cmp(&b.kind));
    assert_eq!(loaded, [locked, round], "states of rooms, and rounds of late");
}

fn the_quarantine_is_bounded(store: &impl Store) {
    let (mut ledger, all) = store.open();
    for n in 0..30u8 {
        let row = Quarantined {
            at: NOW,
            topic: "hallwatch/v1/a/b/c/samples".into(),
            reason: "undecodable",
            detail: String::new(),
            body: vec![n],
        };
        ledger.commit(u64::from(n) + 1, &commit(|c| c.quarantine = vec![row])).unwrap();
    }
    let kept: Vec<u8> = all.quarantine(100).unwrap().iter().map(|q| q.body[0]).collect();
    assert_eq!(kept, (20..30).rev().collect::<Vec<_>>(), "stores are opened with room for ten");
}
