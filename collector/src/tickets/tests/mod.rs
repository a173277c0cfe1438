//! What tickets promise, told as short stories of episodes and people.

use std::{collections::HashMap, sync::Arc};

use wire::{Id, PointName, Source, UnixMs};

use super::{
    tell::{News, news_of},
    *,
};
use crate::episode::{EpisodeKey, Home, Seen, Severity, Subject};

mod property;
mod tell;
mod text;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const START: UnixMs = 1_763_863_200_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn key(rule: &str, agent: &str, point: &str, began_at: UnixMs) -> EpisodeKey {
    let source = Source { venue: id("nanshan"), room: id("k01"), agent: id(agent) };
    EpisodeKey { rule: id(rule), subject: Subject { source, point: PointName::parse(point).ok() }, began_at }
}

fn state() -> State {
    let facts =
        HashMap::from([(id("air-temperature"), Facts { patience_ms: 20 * MINUTE, work_window: WorkWindow::Any })]);
    State::new(Settings::default(), facts, Arc::new(plan::OneDay(20_261_123)))
}

/// A venue with one room, and what came out.
struct Story {
    state: State,
    now: UnixMs,
    out: Vec<Effect>,
    severity: Severity,
    began_at: UnixMs,
}

const TICKET: &str = "nanshan-20261123-001";

impl Story {
    fn new(severity: Severity) -> Self {
        Self { state: state(), now: START, out: Vec::new(), severity, began_at: 0 }
    }

    fn tell(&mut self, event: &Event) {
        step(&mut self.state, event, self.now, &mut self.out);
    }

    fn seen(value: f64) -> Seen {
        Seen { at: START, value: Some(value), limit: Some(22.0) }
    }

    fn begin(&mut self) -> EpisodeKey {
        self.began_at += 1;
        let key = key("air-temperature", "pi-1", "temperature_celsius", START + self.began_at);
        let (severity, team, seen) = (self.severity, id("hvac"), Self::seen(23.5));
        let home = Home::own(&key, None, severity, team);
        self.tell(&Event::Began { key: key.clone(), home, seen });
        key
    }

    fn end(&mut self, key: &EpisodeKey) {
        self.tell(&Event::Ended { key: key.clone(), seen: Self::seen(21.0) });
    }

    fn act(&mut self, action: Action) {
        self.tell(&Event::Person { who: "li".into(), ticket: TICKET.into(), action });
    }

    fn look(&mut self, look: Look) {
        for (ticket, keys) in self.state.questions(self.now) {
            let looks = keys.into_iter().map(|k| (k, look)).collect();
            self.tell(&Event::Looked { ticket, looks });
        }
    }

    fn ticket(&self) -> &Ticket {
        self.state.ticket(TICKET).unwrap()
    }

    /// The moves since the last call: `from>to(note)`, a refusal as its variant.
    fn moves(&mut self) -> String {
        let words: Vec<String> = self
            .out
            .drain(..)
            .filter_map(|e| match e {
                Effect::Moved(m) => Some(format!("{}>{}({})", m.from.map_or("", Stage::as_str), m.to.as_str(), m.note)),
                Effect::Refused { reason, .. } => Some(reason.to_stored()),
                Effect::Stored(_) | Effect::Carried { .. } | Effect::Escalated { .. } | Effect::Done { .. } => None,
            })
            .collect();
        words.join(" ")
    }
}

fn fixed() -> Action {
    Action::Fixed { note: "gas filled".into() }
}

#[test]
fn a_small_ticket_opens_recovers_and_closes_by_data_alone() {
    let mut s = Story::new(Severity::P3);
    let episode = s.begin();
    assert_eq!(s.moves(), ">new(opened)");
    assert_eq!((s.ticket().worst_value, s.ticket().limit), (Some(23.5), Some(22.0)));
    s.tell(&Event::Worse { key: episode.clone(), seen: Story::seen(25.0) });
    assert_eq!(s.ticket().worst_value, Some(25.0));
    s.end(&episode);
    assert_eq!(s.moves(), "new>fixed(recovered) fixed>closed(proved)");
    assert_eq!(s.ticket().proof, Proof::Proved);
}

#[test]
fn a_grave_ticket_that_recovers_waits_for_a_person() {
    let mut s = Story::new(Severity::P1);
    let episode = s.begin();
    s.end(&episode);
    assert_eq!(s.moves(), ">new(opened) new>fixed(recovered)");
    s.act(Action::Close);
    assert_eq!(s.moves(), "fixed>closed()");
}

#[test]
fn a_fix_is_proved_by_the_data() {
    let mut s = Story::new(Severity::P2);
    let episode = s.begin();
    s.act(Action::Acknowledge);
    s.act(Action::Start { anyway: None });
    s.act(fixed());
    s.act(Action::Close);
    assert_eq!(
        s.moves(),
        ">new(opened) new>acknowledged() acknowledged>in_progress() in_progress>verifying(gas filled) \
         {\"refused\":\"verifying\"}"
    );
    s.end(&episode);
    assert_eq!(s.moves(), "verifying>closed(proved)");
}

#[test]
fn a_fix_that_the_data_denies_is_handed_back_with_the_value() {
    let mut s = Story::new(Severity::P3);
    s.begin();
    s.act(fixed());
    s.moves();
    s.now += 20 * MINUTE - 1;
    s.look(Look::Bad(Story::seen(24.0)));
    assert_eq!(s.moves(), "", "asked only after for and clear_for");
    s.now += 1;
    s.look(Look::Clearing(Story::seen(21.0)));
    assert_eq!(s.moves(), "", "on its way to be good");
    s.look(Look::Bad(Story::seen(24.0)));
    let value = s.out.iter().find_map(|e| if let Effect::Moved(m) = e { m.value } else { None });
    assert_eq!(value, Some(24.0));
    assert_eq!(s.moves(), "verifying>in_progress(still_bad)");
    assert_eq!(s.ticket().worst_value, Some(24.0));
}

#[test]
fn a_fix_without_data_is_never_called_proved_and_later_data_has_the_last_word() {
    for (closed_by_hand, good) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut s = Story::new(Severity::P3);
        let episode = s.begin();
        s.act(fixed());
        s.now += 20 * MINUTE;
        s.look(Look::NoData);
        assert_eq!(s.ticket().proof, Proof::Unverified);
        assert_eq!(s.ticket().stage, Stage::Fixed);
        if closed_by_hand {
            s.act(Action::Close);
            assert_eq!(s.ticket().proof, Proof::Unverified);
        }
        s.moves();
        s.now += HOUR;
        if good {
            s.end(&episode);
            let from = if closed_by_hand { "closed" } else { "fixed" };
            assert_eq!(s.moves(), format!("{from}>closed(proved)"));
            assert_eq!(s.ticket().proof, Proof::Proved);
        } else {
            s.look(Look::Bad(Story::seen(24.0)));
            let expected = if closed_by_hand { "closed>assigned(still_bad)" } else { "fixed>in_progress(still_bad)" };
            assert_eq!(s.moves(), expected);
        }
    }
}

#[test]
fn a_relapse_within_a_day_reopens_the_same_ticket_and_counts() {
    let mut s = Story::new(Severity::P3);
    let first = s.begin();
    s.end(&first);
    s.moves();
    s.now += 24 * HOUR;
    let second = s.begin();
    assert_eq!(s.moves(), "closed>new(relapsed)");
    assert_eq!((s.ticket().reopened_count, s.ticket().episode_count), (1, 2));
    s.end(&second);
    s.moves();
    s.now += 24 * HOUR + 1;
    s.tell(&Event::Tick);
    s.begin();
    assert_eq!(s.moves(), ">new(opened)", "a day and a millisecond later it is another ticket");
    assert!(s.state.ticket("nanshan-20261123-002").is_some());
}

#[test]
fn episodes_of_one_rule_and_place_share_a_ticket_until_the_last_ends() {
    let mut s = Story::new(Severity::P3);
    let first = s.begin();
    let second = key("air-temperature", "pi-2", "temperature_celsius", START);
    let began = |asset| Event::Began {
        key: second.clone(),
        home: Home::own(&second, asset, Severity::P3, id("hvac")),
        seen: Story::seen(24.0),
    };
    s.tell(&began(None));
    assert_eq!(s.moves(), ">new(opened)");
    s.end(&first);
    assert_eq!(s.moves(), "");
    s.end(&second);
    assert_eq!(s.moves(), "new>fixed(recovered) fixed>closed(proved)");
    s.tell(&began(Some(id("ac-1"))));
    assert_eq!(s.moves(), ">new(opened)", "another asset is another ticket");
}

#[test]
fn a_duplicate_gives_its_episodes_to_the_other_ticket() {
    let mut s = Story::new(Severity::P3);
    let first = s.begin();
    let open = Action::Open {
        venue: id("nanshan"),
        room: id("k01"),
        asset: None,
        severity: Severity::P3,
        team: id("hvac"),
        description: "too warm".into(),
        origin: crate::tickets::Origin::Person,
    };
    s.tell(&Event::Person { who: "chen".into(), ticket: String::new(), action: open });
    let other = "nanshan-20261123-002";
    s.act(Action::Duplicate { of: other.into() });
    assert_eq!(s.moves(), ">new(opened) >new(too warm) new>duplicate(nanshan-20261123-002) new>new(merged)");
    let second = s.begin();
    assert_eq!(s.state.ticket_of(&second), Some(2));
    s.end(&first);
    s.end(&second);
    assert_eq!(s.moves(), "new>fixed(recovered) fixed>closed(proved)");
    for of in [TICKET, other, "nanshan-20261123-009"] {
        s.act(Action::Duplicate { of: of.into() });
    }
    assert_eq!(s.state.ticket(other).unwrap().stage, Stage::Closed);
}

#[test]
fn a_ticket_opened_by_hand_needs_a_person_to_end_it() {
    let mut s = Story::new(Severity::P3);
    let action = Action::Open {
        venue: id("nanshan"),
        room: id("k01"),
        asset: None,
        severity: Severity::P4,
        team: id("av"),
        description: "microphone hums".into(),
        origin: crate::tickets::Origin::Person,
    };
    s.tell(&Event::Person { who: "chen".into(), ticket: String::new(), action });
    s.act(Action::Close);
    s.act(fixed());
    assert_eq!(s.ticket().proof, Proof::Unverified);
    s.act(Action::Close);
    assert_eq!(
        s.moves(),
        ">new(microphone hums) {\"refused\":\"not_fixed\",\"stage\":\"new\"} new>fixed(gas filled) fixed>closed()"
    );
}

#[test]
fn a_restart_changes_nothing_that_follows() {
    let mut s = Story::new(Severity::P3);
    let episode = s.begin();
    s.act(fixed());
    s.moves();
    let mut after = state();
    after.restore(1, s.state.tickets.values().cloned(), [(episode.clone(), 1)]);
    s.state = after;
    s.now += 20 * MINUTE;
    s.look(Look::Bad(Story::seen(24.0)));
    s.end(&episode);
    s.begin();
    assert_eq!(
        s.moves(),
        "verifying>in_progress(still_bad) in_progress>fixed(recovered) fixed>closed(proved) closed>assigned(relapsed)"
    );
}

#[test]
fn people_are_told_what_they_must_know_and_no_more() {
    let mut s = Story::new(Severity::P2);
    let episode = s.begin();
    s.act(Action::Assign { to: "wang".into() });
    s.act(Action::Acknowledge);
    s.act(Action::Comment { text: "on my way".into() });
    s.act(fixed());
    s.now += 20 * MINUTE;
    s.look(Look::Bad(Story::seen(24.0)));
    s.end(&episode);
    s.begin();
    s.act(Action::FalseAlarm { note: "door was open".into() });
    let news: Vec<_> = s
        .out
        .iter()
        .filter_map(|e| if let Effect::Moved(m) = e { news_of(s.state.ticket(TICKET)?, m) } else { None })
        .collect();
    use News::{Assigned, Closed, Opened, Recovered, Reopened, StillBad};
    assert_eq!(news, [Opened, Assigned, StillBad, Recovered, Reopened, Closed]);
}
