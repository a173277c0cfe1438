//! Kind `silent`: judges how long an agent, or a point of an agent that does speak, has said nothing.
//!
//! An *agent* is silent when no live sample of it was read for `after + for`, measured against the
//! collector's time, and never counted from before the collector itself began to listen.
//! A *point* is silent when its agent has been speaking without a break for `after + for` and the
//! point had no value all that time: a fault is no value. So an agent that is silent as a whole
//! makes one episode, not one a point, and a point is judged by its agent's samples, never by a tick.
//!
//! An agent that stopped on purpose is silent too, only `STOPPED_GRACE_MS` later: somebody is working
//! on it, and somebody may forget to switch it on again. An agent that was unplugged gets no such grace.

use wire::UnixMs;

use super::run::Phase;
use crate::episode::Seen;

/// How much longer an agent that stopped on purpose may be silent: an hour, the length of a repair.
pub const STOPPED_GRACE_MS: i64 = 3_600_000;

/// What is remembered of the silence of one subject. Empty at first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Silence {
    /// Good, open or clearing; silence has no pending phase, since `for` adds to `after`.
    pub phase: Phase,
    /// When the silence began: the last time something was heard.
    pub began_at: UnixMs,
    /// Since when it speaks again; meaningful while clearing.
    pub good_at: UnixMs,
    /// When it was last heard; before it ever was, when it was first expected.
    pub heard_at: UnixMs,
}

impl Silence {
    /// Judges the silence at `at`, counted from `base` (not before `heard_at`). Tells what was seen
    /// if an episode begins.
    pub fn wait(&mut self, at: UnixMs, base: UnixMs, allowed_ms: i64) -> Option<Seen> {
        if at.saturating_sub(base.max(self.heard_at)) <= allowed_ms {
            return None;
        }
        match self.phase {
            Phase::Open => None,
            Phase::Clearing => {
                self.phase = Phase::Open;
                None
            }
            Phase::Good | Phase::Pending => {
                self.phase = Phase::Open;
                self.began_at = self.heard_at;
                Some(Seen { at, value: None, limit: Some(seconds(allowed_ms)) })
            }
        }
    }

    /// Hears something at `at`. Tells what was seen if an episode ends. What is older than what was
    /// heard already is no news.
    pub fn hear(&mut self, at: UnixMs, value: Option<f64>, after_ms: i64, clear_for_ms: i64) -> Option<Seen> {
        if at < self.heard_at {
            return None;
        }
        let broken = at.saturating_sub(self.heard_at) > after_ms;
        self.heard_at = at;
        match self.phase {
            Phase::Good | Phase::Pending => return None,
            Phase::Open => {
                self.phase = Phase::Clearing;
                self.good_at = at;
            }
            Phase::Clearing if broken => self.good_at = at,
            Phase::Clearing => {}
        }
        if at.saturating_sub(self.good_at) < clear_for_ms {
            return None;
        }
        self.phase = Phase::Good;
        Some(Seen { at, value, limit: Some(seconds(after_ms)) })
    }
}

/// A length of silence as people and `Seen::limit` have it, in seconds.
fn seconds(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a silence is far below 2^52 ms")]
    let seconds = ms as f64 / 1000.0;
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_from_the_last_word_and_ends_after_speaking_for_clear_for() {
        let mut s = Silence { heard_at: 1_000, ..Silence::default() };
        assert_eq!(s.wait(11_000, 0, 10_000), None, "exactly as long as allowed");
        let seen = s.wait(11_001, 0, 10_000).unwrap();
        assert_eq!((seen.value, seen.limit, s.began_at), (None, Some(10.0), 1_000));
        assert_eq!(s.wait(12_000, 0, 10_000), None, "told once");
        assert_eq!(s.hear(20_000, None, 10_000, 5_000), None);
        assert_eq!(s.wait(30_001, 0, 10_000), None, "silent again before it cleared: the same episode");
        assert_eq!(s.hear(31_000, None, 10_000, 5_000), None);
        assert_eq!(s.hear(36_000, None, 10_000, 5_000).map(|s| s.at), Some(36_000));
    }

    #[test]
    fn silence_before_listening_began_is_nobodys_fault() {
        let mut s = Silence::default();
        assert_eq!(s.wait(100_000, 95_000, 10_000), None);
        assert!(s.wait(105_001, 95_000, 10_000).is_some());
    }
}
