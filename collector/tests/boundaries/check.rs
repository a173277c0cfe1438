//! Reads the rows of a ledger and finds what must never be: a transition without its message, a message
//! of what did not happen, two open tickets for one thing, two tickets for one episode, a ticket that its
//! history does not lead to, a wish of a person that was carried out twice.

use std::collections::{BTreeMap, BTreeSet};

use collector::{
    ledger::{EpisodeFilter, Reader, TicketFilter, sqlite::Sqlite},
    tickets::{
        DATA, Ticket, Transition,
        plan::OneDay,
        tell::{news_of, tell},
    },
};

use crate::world::routes;

/// What was there to be checked.
#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    pub tickets: usize,
    pub news: usize,
    pub by_people: usize,
}

/// Panics with what is wrong.
pub fn check(folder: tempfile::TempDir) -> Seen {
    let store = Sqlite::beside(&folder.path().join("hallwatch.db")).unwrap();
    let tickets = store.tickets(&TicketFilter::default()).unwrap();
    let mut seen = Seen { tickets: tickets.len(), ..Seen::default() };
    let messages = store.messages(None, 0).unwrap();
    let told: BTreeSet<(String, String)> =
        messages.iter().map(|row| (row.message.channel.clone(), row.message.key.clone())).collect();
    let mut wanted = BTreeSet::new();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in &tickets {
        let history = store.history(ticket.id).unwrap();
        leads_to(ticket, &history);
        for line in &history {
            seen.news += usize::from(news_of(ticket, line).is_some());
            for telling in tell(ticket, line, &routes(), &OneDay(20_261_123)) {
                let key = (telling.channel, telling.key);
                if !told.contains(&key) {
                    panic!("no message `{}` by `{}` of {line:?}", key.1, key.0);
                }
                wanted.insert(key);
            }
            if line.who != DATA {
                seen.by_people += 1;
                if line.note.starts_with("word ") {
                    *said.entry(line.note.clone()).or_default() += 1;
                }
            }
        }
    }
    // Reminders have keys of another shape: they tell of time, not of a line.
    let of_line = |key: &str| key.rsplit_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok());
    let made_up: Vec<_> = told.difference(&wanted).filter(|(_, key)| of_line(key)).collect();
    assert!(made_up.is_empty(), "messages of what is in no history: {made_up:?}");
    for (words, times) in said {
        // A fix that the data refuses keeps the person's words in its own lines; a wish has one line.
        assert!(times < 2, "`{words}` was carried out twice");
    }
    one_each(&tickets);
    one_opening(messages.iter().map(|row| &row.message.payload));
    carried(&store, &tickets);
    seen
}

/// Lines are numbered without a hole, each begins where the last ended, and the ticket stands at the end.
fn leads_to(ticket: &Ticket, history: &[Transition]) {
    let mut at = None;
    for (number, line) in (1..).zip(history) {
        if line.line != number || line.from != at {
            panic!("{}: line {number} does not follow: {line:?}", ticket.number);
        }
        at = Some(line.to);
    }
    if at != Some(ticket.stage) || ticket.moves as usize != history.len() {
        panic!("{} stands at {:?}, and its history leads to {at:?}", ticket.number, ticket.stage);
    }
}

/// One open ticket a rule, room and asset; one ticket at all for each beginning.
fn one_each(tickets: &[Ticket]) {
    let mut open = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for ticket in tickets {
        assert!(numbers.insert(&ticket.number), "the number {} twice", ticket.number);
        let Some(rule) = &ticket.rule else { continue };
        let place = (rule, &ticket.room, &ticket.asset, ticket.cause.is_some());
        if ticket.closed_at.is_none()
            && let Some(other) = open.insert(place, &ticket.number)
        {
            panic!("two open tickets for {place:?}: {other} and {}", ticket.number);
        }
    }
}

/// As it was told when they were opened: no two tickets began with the same episode.
fn one_opening<'a>(payloads: impl Iterator<Item = &'a serde_json::Value>) {
    let mut began: BTreeMap<String, &serde_json::Value> = BTreeMap::new();
    for payload in payloads.filter(|payload| payload["news"] == "opened") {
        let ticket = &payload["ticket"];
        if ticket["rule"].is_null() {
            continue;
        }
        let episode =
            ["rule", "venue", "room", "asset", "agent", "worst_point", "began_at"].map(|key| ticket[key].to_string());
        let other = began.insert(episode.join(" "), &ticket["number"]);
        if other.is_some_and(|other| *other != ticket["number"]) {
            panic!("two tickets for one episode: {other:?} and {ticket}");
        }
    }
}

/// Each open episode that a ticket carries is carried by one that there is.
fn carried(store: &Sqlite, tickets: &[Ticket]) {
    let mut opened: BTreeMap<(String, String, i64), BTreeSet<u64>> = BTreeMap::new();
    for row in store.episodes(&EpisodeFilter::default()).unwrap() {
        if let Some(id) = row.ticket {
            assert!(tickets.iter().any(|ticket| ticket.id == id), "{row:?} is carried by no ticket");
            let subject = format!("{:?}", row.key.subject);
            opened.entry((row.key.rule.to_string(), subject, row.key.began_at)).or_default().insert(id);
        }
        assert!(!row.late || row.ticket.is_none(), "old data opened a ticket: {row:?}");
    }
    for (episode, ids) in opened {
        assert_eq!(ids.len(), 1, "{episode:?} has several tickets");
    }
}
