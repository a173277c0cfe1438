//! Which acks go out now and which wait a moment: at most one a spool in a while, the newest one.
//! A drain commits hundreds of groups a second, and an ack for each spool of each would cost the
//! broker as much as the samples themselves. Pure: the instants come from the caller.

use std::{collections::HashMap, time::Instant};

use wire::{Ack, Id, Source};

/// What was acknowledged lately, by spool.
#[derive(Debug, Default)]
pub(super) struct Acks {
    lately: HashMap<(Source, Id), Held>,
}

#[derive(Debug)]
struct Held {
    until: Instant,
    waiting: Option<Ack>,
}

impl Acks {
    /// Gives the ack back if it may go now; otherwise keeps it in place of an older one. `until`
    /// is when the next of this spool may go.
    pub(super) fn offer(&mut self, source: Source, ack: Ack, now: Instant, until: Instant) -> Option<(Source, Ack)> {
        let key = (source, ack.spool.clone());
        match self.lately.get_mut(&key) {
            Some(held) if held.until > now => {
                held.waiting = Some(ack);
                None
            }
            _ => {
                let source = key.0.clone();
                self.lately.insert(key, Held { until, waiting: None });
                Some((source, ack))
            }
        }
    }

    /// The acks whose time has come. Spools that said nothing since are forgotten.
    pub(super) fn due(&mut self, now: Instant, until: Instant) -> Vec<(Source, Ack)> {
        let mut due = Vec::new();
        self.lately.retain(|(source, _), held| {
            if held.until > now {
                return true;
            }
            held.until = until;
            held.waiting.take().map(|ack| due.push((source.clone(), ack))).is_some()
        });
        due
    }

    /// Whether anything waits, or could soon.
    pub(super) fn is_empty(&self) -> bool {
        self.lately.is_empty()
    }

    /// Everything that waits; the last call.
    pub(super) fn finish(self) -> impl Iterator<Item = (Source, Ack)> {
        self.lately.into_iter().filter_map(|((source, _), held)| Some((source, held.waiting?)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_goes_at_once_and_then_the_newest_of_each_while() {
        let id = |t: &str| Id::parse(t).unwrap();
        let source = Source { venue: id("v"), room: id("r"), agent: id("a") };
        let ack = |upto| Ack { spool: id("s"), upto, time: 0 };
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut acks = Acks::default();
        let sent = |got: Option<(Source, Ack)>| got.map(|(_, a)| a.upto);
        assert_eq!(sent(acks.offer(source.clone(), ack(1), at(0), at(100))), Some(1));
        assert_eq!(sent(acks.offer(source.clone(), ack(2), at(10), at(110))), None);
        assert_eq!(sent(acks.offer(source.clone(), ack(3), at(20), at(120))), None);
        assert_eq!(acks.due(at(99), at(199)), []);
        assert_eq!(acks.due(at(100), at(200)), [(source.clone(), ack(3))]);
        assert_eq!(sent(acks.offer(source.clone(), ack(4), at(150), at(250))), None);
        assert_eq!(acks.due(at(200), at(300)), [(source.clone(), ack(4))]);
        assert_eq!(acks.due(at(300), at(400)), []);
        assert!(acks.is_empty());
        assert_eq!(sent(acks.offer(source.clone(), ack(5), at(310), at(410))), Some(5));
        assert_eq!(sent(acks.offer(source.clone(), ack(6), at(320), at(420))), None);
        assert_eq!(acks.finish().collect::<Vec<_>>(), [(source, ack(6))]);
    }
}
