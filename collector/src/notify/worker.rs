//! One channel's sender: takes its due messages from the outbox, worst first, and sends them until
//! each is delivered. A thread of its own, so that a channel that hangs delays no other; one message
//! in flight. What was sent and not yet noted is sent again after a crash, under the same key.

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use tokio::{sync::watch, time::sleep};
use wire::UnixMs;

use super::{
    Sender,
    backoff::wait_ms,
    failure::{Failure, Fault},
    words,
};
use crate::{
    Shared,
    config::Language,
    health::Part,
    ledger::{self, Message},
};

/// Messages taken from the outbox at once: few, so that a P1 that comes meanwhile is soon first.
const TAKEN_MAX: usize = 8;

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
}

impl Worker {
    /// A channel that has not failed yet.
    #[must_use]
    pub fn new(name: String, sender: Sender, language: Language) -> Self {
        Self { name, sender, language, failures: 0, quiet_until: UnixMs::MIN }
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
            let due = shared.outbox.due(&self.name, now, TAKEN_MAX)?;
            if due.is_empty() {
                let next = shared.outbox.next_due(&self.name)?;
                return Ok(next.map_or(LOOK_EVERY, |at| real(shared, at - now)));
            }
            for message in due {
                if *stopped.borrow() {
                    return Ok(Duration::ZERO);
                }
                if self.deliver(shared, troubled, &message).await? == Some(Fault::Channel) {
                    break;
                }
            }
        }
    }

    /// Tries one message; says whose fault it is if it failed.
    async fn deliver(
        &mut self,
        shared: &Shared,
        troubled: &Troubled,
        message: &Message,
    ) -> Result<Option<Fault>, ledger::Error> {
        let delivery = words::render(message, self.language, &shared.config, &shared.packs, &shared.zones);
        let sent = match &delivery {
            Some(delivery) => self.sender.send(delivery, shared.clock.now()).await,
            None => Err(Failure::message("the message was written by another version")),
        };
        let now = shared.clock.now();
        let Err(failure) = sent else {
            shared.outbox.sent(message.id, now)?;
            shared.metrics.notified_total.add(1);
            self.failures = 0;
            troubled.well_again(shared, &self.name);
            return Ok(None);
        };
        shared.metrics.notify_failures_total.add(1);
        let random = getrandom::u64().unwrap_or(0);
        let failures = match failure.fault {
            Fault::Channel => {
                self.failures = self.failures.saturating_add(1);
                self.failures
            }
            Fault::Message => message.attempts.saturating_add(1),
        };
        let due_at = now.saturating_add(wait_ms(failures, random, failure.retry_after_ms));
        if failure.fault == Fault::Channel {
            self.quiet_until = due_at;
            troubled.report(shared, &self.name, &failure.reason, now);
        }
        let attempts = message.attempts + 1;
        tracing::warn!(channel = self.name, attempts, reason = failure.reason, "a message was not delivered");
        shared.outbox.failed(message.id, now, &failure.reason, Some(due_at))?;
        Ok(Some(failure.fault))
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
