//! Sees a batch of lines to its end: written, or each line that the database refuses for good set aside with its
//! reason. Waits while the database is away or asks for time, as long as the collector runs; drops nothing.

use std::time::Duration;

use wire::UnixMs;

use super::client::{Answer, Client};
use crate::ledger::export::RefusedLine;

/// The shortest and the longest wait between two tries, in milliseconds.
const WAIT_MS_MIN: u64 = 500;
const WAIT_MS_MAX: u64 = 60_000;
/// What only a person can mend is tried this often, in milliseconds.
const CONFIGURATION_WAIT_MS: u64 = 30_000;

/// Where batches go.
pub trait Database {
    /// Writes a batch once.
    fn write(&self, lines: &[String]) -> Answer;
}

impl Database for Client {
    fn write(&self, lines: &[String]) -> Answer {
        Self::write(self, lines)
    }
}

/// What surrounds a sender: time, and who wants to know how it stands.
pub trait Surroundings {
    /// The instant.
    fn now(&self) -> UnixMs;
    /// Waits; `false` when it is over.
    fn rest(&mut self, time: Duration) -> bool;
    /// The database does not take lines now, and why.
    fn trouble(&mut self, reason: &str);
    /// It took `lines` of them.
    fn written(&mut self, lines: usize);
    /// A random number, for waits that do not all end at once.
    fn random(&mut self) -> u64;
}

/// What came of a batch in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Lines that were refused for good.
    pub refused: Vec<RefusedLine>,
    /// The collector ends before all was seen to its end.
    pub interrupted: bool,
}

/// Sends `lines`. A batch of which something is refused is halved until the wrong line stands alone: what is
/// written twice by that overwrites itself.
pub fn send(database: &dyn Database, surroundings: &mut dyn Surroundings, lines: &[String]) -> Sent {
    let mut sent = Sent::default();
    let mut parts: Vec<&[String]> = vec![lines];
    let mut failures = 0_u32;
    while let Some(part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let (reason, wait_ms) = match database.write(part) {
            Answer::Written => {
                failures = 0;
                surroundings.written(part.len());
                continue;
            }
            Answer::Refused(reason) => {
                failures = 0;
                halve(part, reason, &mut parts, &mut sent, surroundings.now());
                continue;
            }
            Answer::TooLarge => {
                failures = 0;
                halve(part, "413 too large".into(), &mut parts, &mut sent, surroundings.now());
                continue;
            }
            Answer::Configuration(reason) => (reason, CONFIGURATION_WAIT_MS),
            Answer::Later { reason, retry_after_ms } => {
                let asked = retry_after_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0);
                let ceiling = (WAIT_MS_MIN << failures.min(10)).min(WAIT_MS_MAX);
                (reason, asked.max(WAIT_MS_MIN + surroundings.random() % ceiling))
            }
        };
        failures = failures.saturating_add(1);
        surroundings.trouble(&reason);
        parts.push(part);
        if !surroundings.rest(Duration::from_millis(wait_ms)) {
            sent.interrupted = true;
            return sent;
        }
    }
    sent
}

fn halve<'a>(part: &'a [String], reason: String, parts: &mut Vec<&'a [String]>, sent: &mut Sent, at: UnixMs) {
    if let [line] = part {
        sent.refused.push(RefusedLine { at, line: line.clone(), reason });
        return;
    }
    let (first, second) = part.split_at(part.len() / 2);
    parts.push(second);
    parts.push(first);
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    /// Takes at most so many lines, refuses those with `bad`, and answers as planned first.
    struct Strict {
        lines_max: usize,
        plan: RefCell<Vec<Answer>>,
        kept: RefCell<BTreeSet<String>>,
        partly: bool,
        asked: RefCell<usize>,
    }

    impl Database for Strict {
        fn write(&self, lines: &[String]) -> Answer {
            *self.asked.borrow_mut() += 1;
            if let Some(answer) = self.plan.borrow_mut().pop() {
                return answer;
            }
            if lines.len() > self.lines_max {
                return Answer::TooLarge;
            }
            let good = |line: &&String| !line.contains("bad");
            let all_good = lines.iter().all(|line| good(&line));
            if all_good || self.partly {
                self.kept.borrow_mut().extend(lines.iter().filter(good).cloned());
            }
            if all_good { Answer::Written } else { Answer::Refused("400 cannot parse".into()) }
        }
    }

    #[derive(Default)]
    struct Still {
        waits: Vec<Duration>,
        written: usize,
        ends_after: Option<usize>,
        troubles: Vec<String>,
    }

    impl Surroundings for Still {
        fn now(&self) -> UnixMs {
            7
        }
        fn rest(&mut self, time: Duration) -> bool {
            self.waits.push(time);
            self.ends_after.is_none_or(|most| self.waits.len() < most)
        }
        fn trouble(&mut self, reason: &str) {
            self.troubles.push(reason.into());
        }
        fn written(&mut self, lines: usize) {
            self.written += lines;
        }
        fn random(&mut self) -> u64 {
            u64::MAX
        }
    }

    fn strict(plan: Vec<Answer>, partly: bool) -> Strict {
        let (kept, asked) = (RefCell::default(), RefCell::default());
        Strict { lines_max: 64, plan: RefCell::new(plan), kept, partly, asked }
    }

    fn batch(bad: &[usize]) -> Vec<String> {
        (0..200).map(|n| if bad.contains(&n) { format!("bad{n}") } else { format!("good{n}") }).collect()
    }

    #[test]
    fn only_wrong_lines_are_set_aside_whether_the_rest_is_written_with_them_or_not() {
        for partly in [false, true] {
            for bad in [&[][..], &[0], &[199], &[3, 4, 150]] {
                let (database, mut still) = (strict(Vec::new(), partly), Still::default());
                let sent = send(&database, &mut still, &batch(bad));
                let refused: Vec<&str> = sent.refused.iter().map(|r| r.line.as_str()).collect();
                assert_eq!(refused, bad.iter().map(|n| format!("bad{n}")).collect::<Vec<_>>());
                assert!(sent.refused.iter().all(|r| r.reason == "400 cannot parse" && r.at == 7));
                assert_eq!(database.kept.borrow().len(), 200 - bad.len());
                assert!(still.waits.is_empty() && !sent.interrupted);
                assert!(*database.asked.borrow() < 80, "{} requests", database.asked.borrow());
            }
        }
    }

    #[test]
    fn a_database_that_is_away_is_waited_for_ever_longer_and_as_it_asks() {
        let later = |ms| Answer::Later { reason: "503".into(), retry_after_ms: ms };
        let mut plan = vec![later(Some(120_000)), Answer::Configuration("401".into())];
        plan.extend((0..9).map(|_| later(None)));
        let (database, mut still) = (strict(plan, false), Still::default());
        let sent = send(&database, &mut still, &batch(&[])[..10]);
        assert_eq!((sent.refused.len(), sent.interrupted, still.written), (0, false, 10));
        assert!(still.waits[..9].windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", still.waits);
        assert!(still.waits[8] <= Duration::from_secs(61));
        assert_eq!(still.waits[9], Duration::from_secs(30), "a wrong token");
        assert_eq!(still.waits[10], Duration::from_secs(120), "what it asks for");
        assert_eq!(still.troubles.len(), 11);
    }

    #[test]
    fn an_end_while_waiting_is_told() {
        let plan = vec![Answer::Later { reason: "503".into(), retry_after_ms: None }; 9];
        let (database, mut still) = (strict(plan, false), Still { ends_after: Some(3), ..Still::default() });
        let sent = send(&database, &mut still, &batch(&[]));
        assert!(sent.interrupted && sent.refused.is_empty() && still.written == 0);
    }
}
