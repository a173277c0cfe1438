//! One channel's sender: takes its due messages from the outbox, worst first, and sends them until
//! each is delivered. A thread of its own, so that a channel that hangs delays no other; one message
//! in flight. What was sent and not yet noted is sent again after a crash, under the same key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use tokio::{sync::watch, time::sleep};
use wire::UnixMs;

use super::{
    Sender,
    backoff::wait_ms,
    bucket::Bucket,
    failure::{Failure, Fault},
    words::{self, Delivery},
};
use crate::{
    Shared,
    config::Language,
    episode::Severity,
    health::Part,
    ledger::{self, Message, NewMessage},
    story::{self, Desk, Story},
};

/// Messages taken from the outbox at once: few, so that a P1 that comes meanwhile is soon first.
const TAKEN_MAX: usize = 8;

/// From so many messages on, those that a channel cannot bear singly become one.
const DIGEST_MESSAGES_MIN: usize = 4;
/// The most messages in one: what waits beyond is the next one's.
const DIGEST_MESSAGES_MAX: usize = 1_000;

/// A message that failed so often is tried alone.
const DIGEST_ATTEMPTS_MAX: u32 = 3;

/// Real time after which the outbox is looked at even if nobody rang.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Channels that do not deliver now, for the one sentence of health.
#[derive(Debug, Default)]
pub struct Troubled(Mutex<BTreeSet<String>>);

/// One channel.
pub struct Worker {
    /// Its name in the configuration.
    pub name: String,
    /// How it sends.
    pub sender: Sender,
    /// In which language.
    pub language: Language,
    /// Failures of the channel in a row.
    failures: u32,
    /// The channel is left alone until then.
    quiet_until: UnixMs,
    /// How many messages it still bears.
    bucket: Bucket,
}

impl Worker {
    /// A channel that has not failed yet.
    #[must_use]
    pub fn new(name: String, sender: Sender, language: Language) -> Self {
        let bucket = sender.bucket();
        Self { name, sender, language, failures: 0, quiet_until: UnixMs::MIN, bucket }
    }

    /// Sends until told to stop.
    pub async fn run(mut self, shared: &Shared, troubled: &Troubled, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let wait = match self.send_due(shared, troubled, &stopped).await {
                Ok(wait) => wait,
                Err(e) => {
                    tracing::error!(channel = self.name, error = %e, "the outbox cannot be read");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = shared.messages.wait() => {}
                () = sleep(wait) => {}
                changed = stopped.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Sends what is due; says how long there is nothing to do, in real time.
    async fn send_due(
        &mut self,
        shared: &Shared,
        troubled: &Troubled,
        stopped: &watch::Receiver<bool>,
    ) -> Result<Duration, ledger::Error> {
        loop {
            let now = shared.clock.now();
            if now < self.quiet_until {
                return Ok(real(shared, self.quiet_until - now));
            }
            let full = self.bucket.wait_ms(now);
            if full > 0 {
                return Ok(real(shared, full));
            }
            let taken_max = self.taken_max(now);
            let due = shared.outbox.due(&self.name, now, taken_max)?;
            if due.is_empty() {
                let next = shared.outbox.next_due(&self.name)?;
                return Ok(next.map_or(LOOK_EVERY, |at| real(shared, at - now)));
            }
            for letter in self.letters(due, now) {
                if *stopped.borrow() {
                    return Ok(Duration::ZERO);
                }
                if self.bucket.wait_ms(shared.clock.now()) > 0
                    || self.deliver(shared, troubled, &letter).await? == Some(Fault::Channel)
                {
                    break;
                }
            }
        }
    }

    /// A channel that bears few messages looks at all that wait, so that it can put them into one.
    fn taken_max(&mut self, now: UnixMs) -> usize {
        if self.bucket.left(now).is_some() { DIGEST_MESSAGES_MAX } else { TAKEN_MAX }
    }

    /// What is sent at once: each message alone, or where more wait than the channel bears, all but P1
    /// of one team in one.
    fn letters(&mut self, due: Vec<Message>, now: UnixMs) -> Vec<Vec<Message>> {
        let crowded = self.bucket.left(now).is_some_and(|left| due.len() > usize::try_from(left / 3).unwrap_or(0));
        if !crowded || due.len() < DIGEST_MESSAGES_MIN {
            return due.into_iter().map(|message| vec![message]).collect();
        }
        // One that the receiver refuses must not take others down with it for ever, and a report is a
        // digest itself.
        let alone = |message: &Message| {
            let NewMessage { severity, payload, .. } = &message.message;
            *severity == Severity::P1 || message.attempts >= DIGEST_ATTEMPTS_MAX || payload.get("report").is_some()
        };
        let (single, others): (Vec<Message>, Vec<Message>) = due.into_iter().partition(alone);
        let mut letters: Vec<Vec<Message>> = single.into_iter().map(|message| vec![message]).collect();
        let mut teams: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in others {
            let team = message.message.payload["ticket"]["team"].as_str().unwrap_or_default().to_owned();
            teams.entry(team).or_default().push(message);
        }
        letters.extend(teams.into_values());
        letters
    }

    /// Tries one letter of one or more messages; says whose fault it is if it failed.
    async fn deliver(
        &mut self,
        shared: &Shared,
        troubled: &Troubled,
        letter: &[Message],
    ) -> Result<Option<Fault>, ledger::Error> {
        self.bucket.spend(shared.clock.now());
        let venues = shared.venues.get();
        // A digest names its messages in a line each: what surrounds them is not asked for.
        let story = |message| if letter.len() == 1 { story(shared, message) } else { None };
        let render = |message| words::render(message, self.language, &shared.packs, &venues, story(message).as_ref());
        let deliveries: Vec<Delivery> = letter.iter().filter_map(render).collect();
        let delivery = match &deliveries[..] {
            [] => None,
            [one] => Some(one.clone()),
            many => words::digest(many, self.language),
        };
        let sent = match &delivery {
            Some(delivery) => self.sender.send(delivery, shared.clock.now()).await,
            None => Err(Failure::message("the message was written by another version")),
        };
        let now = shared.clock.now();
        let Err(failure) = sent else {
            for message in letter {
                shared.outbox.sent(message.id, now)?;
                shared.metrics.notified_total.add(1);
            }
            self.failures = 0;
            troubled.well_again(shared, &self.name);
            return Ok(None);
        };
        shared.metrics.notify_failures_total.add(1);
        self.put_off(shared, letter, &failure, now)?;
        if failure.fault == Fault::Channel {
            troubled.report(shared, &self.name, &failure.reason, now);
        }
        Ok(Some(failure.fault))
    }

    /// Notes when each message of a letter that failed is tried again.
    fn put_off(
        &mut self,
        shared: &Shared,
        letter: &[Message],
        failure: &Failure,
        now: UnixMs,
    ) -> Result<(), ledger::Error> {
        if failure.fault == Fault::Channel {
            self.failures = self.failures.saturating_add(1);
        }
        for message in letter {
            let failures = match failure.fault {
                Fault::Channel => self.failures,
                Fault::Message => message.attempts.saturating_add(1),
            };
            let random = getrandom::u64().unwrap_or(0);
            let due_at = now.saturating_add(wait_ms(failures, random, failure.retry_after_ms));
            if failure.fault == Fault::Channel {
                self.quiet_until = due_at;
            }
            shared.outbox.failed(message.id, now, &failure.reason, Some(due_at))?;
        }
        let attempts = letter.first().map_or(0, |message| message.attempts + 1);
        let messages = letter.len();
        tracing::warn!(channel = self.name, attempts, messages, reason = failure.reason, "a message was not delivered");
        Ok(())
    }
}

/// What surrounds the ticket that `message` tells of. People are told without it where it cannot be read.
fn story(shared: &Shared, message: &Message) -> Option<Story> {
    let (ticket, at) = words::told(message)?;
    let live = shared.live.read().expect("no holder of this lock can panic");
    let agents = live.agents_of(&ticket.venue, &ticket.room);
    drop(live);
    let desk = Desk { reader: &*shared.reader, readings: &*shared.readings, packs: &shared.packs };
    match story::gather(&ticket, &agents, at, desk) {
        Ok(story) => Some(story),
        Err(error) => {
            tracing::error!(%error, "a message goes without what surrounds its ticket");
            None
        }
    }
}

impl Troubled {
    fn report(&self, shared: &Shared, name: &str, reason: &str, now: UnixMs) {
        let mut all = self.0.lock().expect("no holder of this lock can panic");
        all.insert(name.to_owned());
        let names: Vec<_> = all.iter().map(|n| format!("`{n}`")).collect();
        shared.health.report(Part::Notify, now, format!("channel {} does not deliver: {reason}", names.join(", ")));
    }

    fn well_again(&self, shared: &Shared, name: &str) {
        let mut all = self.0.lock().expect("no holder of this lock can panic");
        if all.remove(name) && all.is_empty() {
            shared.health.withdraw(Part::Notify);
        }
    }
}

/// The real time that `ms` of the world take, never long enough to oversleep a message.
fn real(shared: &Shared, ms: i64) -> Duration {
    let world = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    shared.clock.real(world).clamp(Duration::from_millis(1), LOOK_EVERY)
}
