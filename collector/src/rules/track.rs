//! What one rule remembers of one subject, and what a value or a sign of life does to it.

use wire::{PointName, Source, UnixMs};

use super::{
    Circumstances, Effect, Expect, Rule, Standing,
    judge::{Past, Reading, judge, looks_back},
    run::{Durations, Phase, Run, Turn, Verdict},
    silent::Silence,
    source::Context,
};
use crate::episode::{EpisodeKey, Seen, Subject};

/// A late track is kept again this often while something is wrong in it, in milliseconds of the data:
/// half of the usual gap. Live ones are kept with every value while something is wrong, so that a
/// restart changes nothing; late data comes a thousand times faster, and pages nobody.
pub const LATE_REFRESH_MS: i64 = 150_000;

/// When an idle silence is kept again: it only dates a silence that begins while the collector is
/// away, and is not worth a write a sample.
pub const IDLE_REFRESH_MS: i64 = 900_000;

/// What kinds that look back remember of live data is kept this often while nothing is wrong, in
/// milliseconds of the collector: half of the usual gap, so that a short restart makes none. A backlog of old
/// data, which comes a thousand times faster, is not kept for it at all.
pub const PAST_REFRESH_MS: i64 = 150_000;

/// What survives a restart.
#[derive(Debug, Clone, PartialEq)]
pub enum Memory {
    /// Of kinds that judge values: one run for live data, one for late.
    Value {
        /// Fed by live data.
        live: Run,
        /// Fed by data older than the live horizon, or out of order; `None` while there is none.
        late: Option<Box<Run>>,
        /// What the kind remembers beside: of live data, of late.
        pasts: Option<Box<(Past, Past)>>,
    },
    /// Of kind `silent`.
    Silent(Silence),
}

impl Memory {
    /// Whether forgetting it changes nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Value { live, late, pasts } => {
                live.phase == Phase::Good
                    && late.as_ref().is_none_or(|late| late.phase == Phase::Good)
                    && pasts.is_none()
            }
            Self::Silent(_) => false,
        }
    }

    /// When the open live episode began, if there is one.
    #[must_use]
    pub fn open_since(&self) -> Option<UnixMs> {
        match self {
            Self::Value { live, .. } => live.is_open().then_some(live.began_at),
            Self::Silent(s) => matches!(s.phase, Phase::Open | Phase::Clearing).then_some(s.began_at),
        }
    }
}

/// One rule watching one subject.
#[derive(Debug)]
pub struct Track {
    /// The rule's place among all.
    pub rule: usize,
    /// What survives.
    pub memory: Memory,
    /// Whether it must be kept.
    pub changed: bool,
    /// Time of the value that was last kept.
    kept_at: UnixMs,
    /// The collector's time when what the kind remembers was last kept, or first there to be kept.
    past_kept_at: Option<UnixMs>,
    /// When the rule was last seen not to matter; a silence counts from there.
    off_at: UnixMs,
    /// Whether the rule matters only sometimes or somewhere.
    is_scheduled: bool,
}

impl Track {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(place: usize, rule: &Rule) -> Self {
        let memory = match rule.expect {
            Expect::Silent { .. } => Memory::Silent(Silence { heard_at: UnixMs::MIN, ..Silence::default() }),
            _ => Memory::Value { live: Run::default(), late: None, pasts: looks_back(&rule.expect).then(Box::default) },
        };
        Self {
            rule: place,
            memory,
            changed: false,
            kept_at: UnixMs::MIN,
            past_kept_at: None,
            off_at: UnixMs::MIN,
            is_scheduled: !rule.matters_always(),
        }
    }

    /// Goes on from what was kept; `false` where the rule is of another kind by now.
    pub fn restore(&mut self, kept: Memory) -> bool {
        match (&mut self.memory, kept) {
            (Memory::Silent(silence), Memory::Silent(kept)) => *silence = kept,
            (Memory::Value { live, late, pasts }, Memory::Value { live: kept_live, late: kept_late, pasts: kept }) => {
                (*live, *late) = (kept_live, kept_late);
                if let (Some(pasts), Some(kept)) = (pasts, kept) {
                    *pasts = kept;
                }
            }
            _ => return false,
        }
        true
    }

    /// How the live episode that began at `began_at` stands.
    #[must_use]
    pub fn look(&self, rule: &Rule, began_at: UnixMs, now: UnixMs) -> Standing {
        let (phase, began, seen, stale) = match &self.memory {
            Memory::Value { live, .. } => {
                let Some((at, value)) = live.last else { return Standing::NoData };
                let seen = Seen { at, value: Some(value), limit: live.worst.limit };
                (live.phase, live.began_at, seen, now.saturating_sub(at) > rule.gap_ms)
            }
            // Silence needs no data to be seen.
            Memory::Silent(s) => (s.phase, s.began_at, Seen { at: s.heard_at, value: None, limit: None }, false),
        };
        match phase {
            _ if stale || began != began_at => Standing::NoData,
            Phase::Open => Standing::Bad(seen),
            Phase::Clearing => Standing::Clearing(seen),
            Phase::Good | Phase::Pending => Standing::NoData,
        }
    }

    /// From `at` on something is expected of the subject, if nothing was before.
    pub fn expect_from(&mut self, at: UnixMs) {
        if let Memory::Silent(silence) = &mut self.memory
            && silence.heard_at == UnixMs::MIN
        {
            silence.heard_at = at;
            self.keep(at);
        }
    }

    /// The subject is heard, live. Tells whether its silence was more than idle before.
    pub fn hear(
        &mut self,
        context: &Context<'_>,
        subject: (&Source, Option<&PointName>),
        at: UnixMs,
        value: Option<f64>,
        out: &mut Vec<Effect>,
    ) -> bool {
        let rule = &context.rules[self.rule];
        let (Memory::Silent(silence), Expect::Silent { after_ms, .. }) = (&mut self.memory, &rule.expect) else {
            return false;
        };
        let before = (silence.phase, silence.good_at);
        let ended = silence.hear(at, value, *after_ms, rule.clear_for_ms);
        let (after, began_at) = ((silence.phase, silence.good_at), silence.began_at);
        if let Some(seen) = ended {
            out.push(Effect::Ended { key: key(rule, subject, began_at), seen, late: false });
        }
        if after != before || at.saturating_sub(self.kept_at) >= IDLE_REFRESH_MS {
            self.keep(at);
        }
        before.0 != Phase::Good
    }

    /// The subject has been waited for until `at`, from `base` at the earliest.
    pub fn wait(
        &mut self,
        context: &Context<'_>,
        subject: (&Source, Option<&PointName>),
        (at, base): (UnixMs, UnixMs),
        extra_ms: i64,
        now: &Circumstances<'_>,
        out: &mut Vec<Effect>,
    ) {
        let rule = &context.rules[self.rule];
        let (Memory::Silent(silence), Expect::Silent { after_ms, .. }) = (&mut self.memory, &rule.expect) else {
            return;
        };
        if self.is_scheduled && !rule.matters(now) {
            self.off_at = at;
            return;
        }
        let before = silence.phase;
        if let Some(seen) = silence.wait(at, base.max(self.off_at), after_ms + rule.for_ms + extra_ms) {
            out.push(Effect::Began { key: key(rule, subject, silence.began_at), seen, late: false });
        }
        self.changed |= silence.phase != before;
    }

    /// The earliest time at which [`Track::wait`] could find anything; `None` where it cannot.
    pub fn silent_after(&self, rules: &[Rule], base: UnixMs) -> Option<UnixMs> {
        let base = base.max(self.off_at);
        match (&self.memory, &rules[self.rule]) {
            // Whether it matters is not known ahead.
            (Memory::Silent(_), rule) if !rule.when.is_always() => Some(UnixMs::MIN),
            (Memory::Silent(silence), Rule { expect: Expect::Silent { after_ms, .. }, for_ms, .. })
                if silence.phase != Phase::Open =>
            {
                Some(base.max(silence.heard_at).saturating_add(after_ms + for_ms))
            }
            _ => None,
        }
    }

    /// A value was read. `live` says whether the sample is; a value older than the last live one is not.
    pub fn value(
        &mut self,
        context: &Context<'_>,
        subject: (&Source, Option<&PointName>),
        reading: Reading<'_>,
        live: bool,
        now: &Circumstances<'_>,
        out: &mut Vec<Effect>,
    ) {
        let rule = &context.rules[self.rule];
        let Memory::Value { live: live_run, late: late_run, pasts } = &mut self.memory else { return };
        if self.is_scheduled && !rule.matters(now) {
            return;
        }
        let at = reading.at;
        let late = !live || live_run.last.is_some_and(|(last, _)| at < last);
        let mut changed = false;
        // A late run ends where live data begins, and where late data steps back in time.
        if let Some(over) = late_run.take_if(|run| run.last.is_some_and(|(last, _)| !late || at < last)) {
            changed = over.phase != Phase::Good;
            out.extend(cut_short(rule, subject, &over));
            if let Some(pasts) = pasts {
                pasts.1 = Past::default();
            }
        }
        let run = if late { &mut **late_run.get_or_insert_default() } else { live_run };
        let looks_back = pasts.is_some();
        let past = pasts.as_mut().map(|pasts| if late { &mut pasts.1 } else { &mut pasts.0 });
        let fresh = run.last.is_none_or(|(last, _)| at.saturating_sub(last) > rule.gap_ms);
        let before = (run.phase, run.told_excess);
        match judge(rule, reading, past, fresh) {
            // What is well and was well is by far the most common, and moves no mark.
            Some((value, Verdict::Good | Verdict::Between)) if run.phase == Phase::Good => run.last = Some((at, value)),
            Some((value, verdict)) => {
                let turn = run.advance(at, value, verdict, durations(rule));
                out.extend(turn.map(|turn| effect(turn, key(rule, subject, run.began_at), late)));
            }
            // Nothing can be said of it; a pause ends here all the same.
            None => run.pass(at, reading.value, rule.gap_ms),
        }
        changed |= (run.phase, run.told_excess) != before;
        changed |= run.phase != Phase::Good && (!late || at.saturating_sub(self.kept_at) >= LATE_REFRESH_MS);
        changed |= looks_back
            && !late
            && context.now.saturating_sub(*self.past_kept_at.get_or_insert(context.now)) >= PAST_REFRESH_MS;
        if changed {
            self.past_kept_at = Some(context.now);
            self.keep(at);
        }
    }

    fn keep(&mut self, at: UnixMs) {
        self.changed = true;
        self.kept_at = at;
    }
}

fn durations(rule: &Rule) -> Durations {
    Durations { for_ms: rule.for_ms, clear_for_ms: rule.clear_for_ms, gap_ms: rule.gap_ms }
}

fn cut_short(rule: &Rule, subject: (&Source, Option<&PointName>), run: &Run) -> Option<Effect> {
    let (at, value) = run.last.filter(|_| run.is_open())?;
    let seen = Seen { at, value: Some(value), limit: run.worst.limit };
    Some(Effect::Ended { key: key(rule, subject, run.began_at), seen, late: true })
}

fn effect(turn: Turn, key: EpisodeKey, late: bool) -> Effect {
    match turn {
        Turn::Began(seen) => Effect::Began { key, seen, late },
        Turn::Worse(seen) => Effect::Worse { key, seen, late },
        Turn::Ended(seen) => Effect::Ended { key, seen, late },
    }
}

fn key(rule: &Rule, (source, point): (&Source, Option<&PointName>), began_at: UnixMs) -> EpisodeKey {
    let subject = Subject { source: source.clone(), point: point.cloned() };
    EpisodeKey { rule: rule.id.clone(), subject, began_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::share::{PARTS, Shares};

    /// 1,000 rooms with 50 tracks each are 8 MB, and some 20 MB with the names around them. Kinds that look
    /// back need 160 bytes more, a share its parts: twice 544 where there is late data too.
    #[test]
    fn a_track_stays_small() {
        assert!(size_of::<Track>() <= 160, "{}", size_of::<Track>());
        assert!(size_of::<Past>() <= 80, "{}", size_of::<Past>());
        assert!(size_of::<Shares>() + PARTS * size_of::<(u32, u32)>() <= 544);
    }
}
