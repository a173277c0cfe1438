//! Random lives of many tickets: whatever episodes, people and restarts do, some things always hold.
//! `HALLWATCH_CASES` asks for more cases, `HALLWATCH_SEED` for a certain run.

use std::collections::BTreeMap;

use super::*;

/// Lives in the default run.
const CASES: u64 = 10_000;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

/// What the ledger would hold.
#[derive(Default)]
struct Store {
    tickets: BTreeMap<u64, Ticket>,
    history: BTreeMap<u64, Vec<Transition>>,
    /// Open episodes, each with the ticket that it opened with.
    rows: BTreeMap<EpisodeKey, u64>,
}

impl Store {
    /// Takes what followed from one event, and holds it to what must always hold.
    fn take(&mut self, state: &State, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Stored(ticket) => {
                    if let Some(before) = self.tickets.get(&ticket.id) {
                        assert!(ticket.moves >= before.moves && ticket.reopened_count >= before.reopened_count);
                        assert_eq!((&ticket.number, ticket.opened_at), (&before.number, before.opened_at));
                    }
                    self.tickets.insert(ticket.id, *ticket);
                }
                Effect::Moved(line) => {
                    let lines = self.history.entry(line.ticket).or_default();
                    assert_eq!(line.line as usize, lines.len() + 1, "no line is missing");
                    assert_eq!(line.from, lines.last().map(|l| l.to), "each line begins where the last ended");
                    assert!(is_legal(&line), "{line:?}");
                    told_once(lines, &line);
                    lines.push(line);
                }
                Effect::Carried { key, ticket } => {
                    self.rows.insert(key, ticket);
                }
                Effect::Escalated { .. } | Effect::Done { .. } | Effect::Refused { .. } => {}
            }
        }
        let mut places = Vec::new();
        for (id, ticket) in &self.tickets {
            let lines = &self.history[id];
            assert_eq!((ticket.moves as usize, ticket.stage), (lines.len(), lines.last().unwrap().to));
            assert_eq!(ticket.closed_at.is_some(), ticket.stage.is_ended(), "{ticket:?}");
            assert_eq!(ticket.hold.is_some(), ticket.stage == Stage::OnHold, "{ticket:?}");
            assert!(ticket.hold_reason.is_none() || ticket.hold.is_some(), "{ticket:?}");
            let open = state.episodes.values().filter(|t| *t == id).count();
            assert!(ticket.proof != Proof::Proved || open == 0, "proved means that nothing is wrong: {ticket:?}");
            assert!(ticket.stage != Stage::Verifying || open > 0, "nothing to verify: {ticket:?}");
            if !ticket.stage.is_ended() && ticket.rule.is_some() {
                places.push((ticket.rule.clone(), ticket.room.clone(), ticket.asset.clone()));
            }
        }
        let all = places.len();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), all, "one open ticket for a place");
        let numbers: std::collections::BTreeSet<_> = self.tickets.values().map(|t| &t.number).collect();
        assert_eq!(numbers.len(), self.tickets.len(), "no number twice");
    }
}

/// A limit that ran out is told once between two openings, and each of three rungs once; nobody is chased
/// who has acknowledged.
fn told_once(lines: &[Transition], line: &Transition) {
    if line.who != DATA || !(line.note.starts_with("late_") || line.note.starts_with(note::ESCALATED)) {
        return;
    }
    let ended =
        |l: &&Transition| l.from.is_none_or(|from| from.is_ended() || from == Stage::Fixed || from == Stage::Verifying);
    let reopened = |l: &&Transition| ended(l) && matches!(l.to, Stage::New | Stage::Assigned);
    let stretch: Vec<_> = lines.iter().rev().take_while(|l| !reopened(l)).collect();
    let before = stretch.iter().filter(|l| l.note == line.note && l.who == DATA).count();
    assert!(before < if line.note.starts_with("late_") { 1 } else { 3 }, "{line:?}");
    let acknowledged = stretch.iter().any(|l| l.who != DATA && l.to == Stage::Acknowledged);
    assert!(!acknowledged || line.note != note::LATE_ACKNOWLEDGE, "{line:?}");
    assert!(!line.to.is_ended() && !matches!(line.to, Stage::Fixed | Stage::Verifying), "{line:?}");
}

/// Every way from stage to stage, as a table of its own.
fn is_legal(line: &Transition) -> bool {
    use Stage::{Acknowledged, Assigned, Closed, Duplicate, FalseAlarm, Fixed, InProgress, New, OnHold, Verifying};
    let Some(from) = line.from else { return line.to == New };
    let by_data = line.who == DATA;
    match (from, line.to) {
        (a, b) if a == b => true,
        (New | Assigned | Acknowledged | InProgress | OnHold, Fixed) => true,
        (Fixed, Closed) => true,
        (Verifying, Closed | Fixed | InProgress) | (Fixed, InProgress) => by_data,
        (Fixed | Closed | FalseAlarm, New | Assigned) => true,
        (Duplicate | Verifying, New | Assigned) => !by_data,
        (New | Assigned | Acknowledged | InProgress | OnHold, Assigned | OnHold | Verifying) => !by_data,
        (New | Assigned, Acknowledged) | (New | Assigned | Acknowledged | OnHold, InProgress) => !by_data,
        (New | Assigned | Acknowledged | InProgress | OnHold | Fixed | Verifying, FalseAlarm | Duplicate) => !by_data,
        _ => false,
    }
}

/// A plan by which everything happens soon.
struct Hurry;

impl Plan for Hurry {
    fn business_day(&self, _venue: &Id, _at: UnixMs) -> u32 {
        20_261_123
    }

    fn limits(&self, _venue: &Id, severity: Severity) -> plan::Limits {
        let factor = if severity == Severity::P2 { 1 } else { 4 };
        let ms = |minutes: i64| Some(minutes * factor * MINUTE);
        plan::Limits { acknowledge_ms: ms(5), arrive_ms: ms(15), fix_ms: ms(90), ..plan::Limits::default() }
    }

    fn rungs(&self, _venue: &Id, _severity: Severity) -> Vec<plan::Rung> {
        let moments =
            [plan::Moment::After(5 * MINUTE), plan::Moment::After(HOUR), plan::Moment::BeforeLimit(30 * MINUTE)];
        moments.map(|moment| plan::Rung { moment, team: None, channels: Vec::new() }).into()
    }
}

fn hurried() -> State {
    let mut state = super::state();
    state.set_plan(Arc::new(Hurry));
    state
}

fn action(random: &mut Random, numbers: &[String]) -> Action {
    let note = || "note".to_owned();
    match random.below(11) {
        0 => Action::Assign { to: "wang".into() },
        1 => Action::Acknowledge,
        2 => Action::Start { anyway: None },
        3 => Action::Hold { why: random.pick(&HoldReason::ALL), reason: note() },
        4 => Action::Resume,
        5 | 6 => Action::Fixed { note: note() },
        7 => Action::Close,
        8 => Action::FalseAlarm { note: note() },
        9 => Action::Duplicate { of: random.pick(numbers) },
        _ => Action::Reopen { note: note() },
    }
}

/// One event that can happen now.
fn event(random: &mut Random, open: &mut Vec<EpisodeKey>, numbers: &[String], state: &State, now: UnixMs) -> Event {
    let seen = Seen { at: now, value: Some(20.0 + random.below(8) as f64), limit: Some(22.0) };
    match random.below(10) {
        0..=2 => {
            let rule = random.pick(&["air-temperature", "amplifier-power"]);
            let agent = random.pick(&["pi-1", "pi-2"]);
            let key = key(rule, agent, random.pick(&["temperature_celsius", "co2_ppm"]), now);
            // As the rules do: one open episode of a rule and a subject.
            if open.iter().any(|k| (&k.rule, &k.subject) == (&key.rule, &key.subject)) {
                return Event::Tick;
            }
            open.push(key.clone());
            let severity = if rule == "amplifier-power" { Severity::P2 } else { Severity::P3 };
            Event::Began { home: Home::own(&key, None, severity, id("hvac")), key, seen }
        }
        3 | 4 if !open.is_empty() => {
            let key = open.remove(random.below(open.len() as u64) as usize);
            Event::Ended { key, seen }
        }
        5 if !open.is_empty() => Event::Worse { key: random.pick(open), seen },
        6 => {
            let questions = state.questions(now);
            let Some((ticket, keys)) = questions.into_iter().next() else { return Event::Tick };
            let looks =
                keys.into_iter().map(|k| (k, random.pick(&[Look::Bad(seen), Look::Clearing(seen), Look::NoData])));
            Event::Looked { ticket, looks: looks.collect() }
        }
        _ if !numbers.is_empty() => {
            let action = action(random, numbers);
            Event::Person { who: "li".into(), ticket: random.pick(numbers), action }
        }
        _ => Event::Tick,
    }
}

fn live(random: &mut Random, restarting: bool) -> Vec<String> {
    let (mut state, mut store, mut now) = (hurried(), Store::default(), START);
    let (mut open, mut told) = (Vec::new(), Vec::new());
    for _ in 0..random.below(60) {
        now += random.pick(&[1_000, 30_000, 10 * MINUTE, HOUR, 25 * HOUR]);
        let numbers: Vec<String> = store.tickets.values().map(|t| t.number.clone()).collect();
        let event = event(random, &mut open, &numbers, &state, now);
        let mut effects = Vec::new();
        step(&mut state, &event, now, &mut effects);
        told.push(format!("{effects:?}"));
        store.take(&state, effects);
        match &event {
            Event::Began { key, .. } => {
                store.rows.insert(key.clone(), state.ticket_of(key).expect("a ticket carries it"));
            }
            Event::Ended { key, .. } => {
                store.rows.remove(key);
            }
            _ => {}
        }
        let restart = random.below(6) == 0;
        if restart && restarting {
            state = hurried();
            let last_id = store.tickets.keys().max().copied().unwrap_or(0);
            state.restore(last_id, store.tickets.values().cloned(), store.rows.clone());
        }
        if restart {
            // What the running one would have forgotten by now.
            let mut effects = Vec::new();
            step(&mut state, &Event::Tick, now, &mut effects);
            told.push(format!("{effects:?}"));
            store.take(&state, effects);
        }
    }
    told
}

#[test]
fn whatever_happens_the_books_of_tickets_balance_and_a_restart_changes_nothing() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("HALLWATCH_CASES").unwrap_or(CASES), number("HALLWATCH_SEED").unwrap_or(1));
    let mut chased = 0;
    for seed in first..first + cases {
        let run = || {
            let told = live(&mut Random(seed), true);
            assert_eq!(told, live(&mut Random(seed), false));
            told.iter().filter(|effects| effects.contains("Escalated {")).count() as u64
        };
        match std::panic::catch_unwind(run) {
            Ok(count) => chased += count,
            Err(panic) => {
                eprintln!("HALLWATCH_SEED={seed} HALLWATCH_CASES=1 runs this case alone");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(cases < CASES || chased > cases, "people were chased {chased} times in {cases} lives");
}
