//! Turns CLOCK_BOOTTIME instants into wall times; never guesses without saying so.
//!
//! An anchor says: from this instant of a boot on, wall time is boot time plus an offset. Samples
//! read before the first anchor of their boot are placed by it as well. Where a sample stands in
//! wall time depends on anchors alone, and anchors are kept beside the samples, so that a sample
//! that is sent twice is the same both times.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use wire::{Clock as Certainty, Id, UnixMs};

use crate::world::Clock;

/// A wall clock that differs less than this from its anchor is left alone: stored times are
/// promised within 2 s, and NTP moves a clock by some milliseconds all day.
pub const STEP_MS_MIN: i64 = 500;
/// An ack that is later than this is none: the collector's clock was wrong and has been put right.
pub const LATE_MS_MAX: i64 = 3_600_000;
/// A time that stands still is called right while it is off by less than this.
const LATE_TRUSTED_MS_MAX: i64 = 1_500;
/// Anchors kept; a boot with a clock that jumps more often than this loses its oldest steps.
const ANCHORS_MAX: usize = 64;
/// How long before the present boot a boot may have begun that never had an anchor, where nothing
/// is known of boots before it.
const UNKNOWN_MS: i64 = 30 * 24 * 3_600_000;

/// One anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The boot it belongs to.
    pub boot: Id,
    /// Samples read from here on are placed by it.
    pub from: Duration,
    /// Wall time minus boot time, in milliseconds.
    pub offset_ms: i64,
}

/// Boots whose order is remembered; samples of an older one are long gone.
const BOOTS_MAX: usize = 64;

/// All that is known about time.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    anchors: VecDeque<Anchor>,
    /// Boots in their order, those without an anchor too.
    boots: VecDeque<Id>,
}

impl Anchors {
    /// Adds what was kept from earlier.
    pub fn restore(&mut self, anchor: Anchor) {
        self.note(&anchor.boot);
        if !self.anchors.contains(&anchor) {
            self.anchors.push_back(anchor);
        }
        while self.anchors.len() > ANCHORS_MAX {
            self.anchors.pop_front();
        }
    }

    /// A boot came after all that were noted before.
    pub fn note(&mut self, boot: &Id) {
        if self.boots.back() == Some(boot) || self.boots.contains(boot) {
            return;
        }
        self.boots.push_back(boot.clone());
        while self.boots.len() > BOOTS_MAX {
            self.boots.pop_front();
        }
    }

    /// The clock is trusted and says that it is `wall` at `boottime`. Gives the new anchor if that
    /// is news.
    pub fn trust(&mut self, boot: &Id, boottime: Duration, wall: UnixMs) -> Option<Anchor> {
        let offset_ms = wall - millis(boottime);
        let last = self.anchors.iter().rfind(|anchor| anchor.boot == *boot);
        if last.is_some_and(|last| (last.offset_ms - offset_ms).abs() < STEP_MS_MIN) {
            return None;
        }
        let from = if last.is_some() { boottime } else { Duration::ZERO };
        let anchor = Anchor { boot: boot.clone(), from, offset_ms };
        self.restore(anchor.clone());
        Some(anchor)
    }

    /// The collector wrote `time` into an ack that arrived at `boottime`. A word can be late and
    /// never early, so one that would set the clock back is taken for late, up to [`LATE_MS_MAX`].
    pub fn hear(&mut self, boot: &Id, boottime: Duration, time: UnixMs) -> Option<Anchor> {
        let offset_ms = time - millis(boottime);
        let last = self.of(boot).next_back().map(|anchor| anchor.offset_ms);
        if last.is_some_and(|last| offset_ms < last && last - offset_ms <= LATE_MS_MAX) {
            return None;
        }
        self.trust(boot, boottime, time)
    }

    /// Whether instants of a boot can be placed.
    #[must_use]
    pub fn knows(&self, boot: &Id) -> bool {
        self.anchors.iter().any(|anchor| anchor.boot == *boot)
    }

    /// The wall time of an instant. A boot that never had an anchor lies between its neighbours that
    /// have one: its instants are put there, in their order, and say how far off that can be.
    #[must_use]
    pub fn place(&self, boot: &Id, read_at: Duration) -> (UnixMs, Certainty) {
        if let Some((at, late_ms)) = self.place_known(boot, read_at) {
            let certainty = match late_ms {
                0..LATE_TRUSTED_MS_MAX => Certainty::Trusted,
                _ => Certainty::Uncertain { uncertainty_ms: late_ms.unsigned_abs() },
            };
            return (at.max(0), certainty);
        }
        let place = self.boots.iter().position(|known| known == boot).unwrap_or(0);
        let (before, after) = (self.boots.range(..place), self.boots.range(place..));
        let latest = after.flat_map(|boot| self.of(boot)).map(|anchor| anchor.offset_ms).next();
        let latest = latest.unwrap_or(i64::MAX / 4);
        let earliest = before.flat_map(|boot| self.of(boot)).map(|a| a.offset_ms + millis(a.from)).max();
        let earliest = earliest.unwrap_or(latest - UNKNOWN_MS).clamp(0, latest.max(0));
        let at = (earliest + millis(read_at)).min(latest).max(0);
        let uncertainty_ms = (latest - at).max(at - earliest).unsigned_abs();
        (at, Certainty::Uncertain { uncertainty_ms })
    }

    /// Where a clock was set back, time stands still until it has caught up: order never reverses.
    /// Gives how far it still has to as well.
    fn place_known(&self, boot: &Id, read_at: Duration) -> Option<(UnixMs, i64)> {
        let mut at: Option<UnixMs> = None;
        let mut late_ms = 0;
        let mut anchors = self.of(boot).peekable();
        while let Some(anchor) = anchors.next() {
            if at.is_some() && anchor.from > read_at {
                break;
            }
            let end = anchors.peek().map_or(read_at, |next| next.from.min(read_at));
            let own = anchor.offset_ms + millis(end);
            at = at.max(Some(own));
            late_ms = at.map_or(0, |at| at - own);
        }
        at.map(|at| (at, late_ms))
    }

    fn of<'a>(&'a self, boot: &'a Id) -> impl DoubleEndedIterator<Item = &'a Anchor> {
        self.anchors.iter().filter(move |anchor| anchor.boot == *boot)
    }

    /// Every anchor, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Whether the kernel believes its wall clock: whoever disciplines it (timesyncd, chrony, ntpd) clears
/// the flag "unsynchronised".
#[must_use]
pub fn is_synchronized() -> bool {
    // SAFETY: all-zero is a valid `timex` (plain numbers), `modes` 0 only reads, and the pointer is
    // to a local that outlives the call.
    #[allow(unsafe_code)]
    let (answer, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    answer >= 0 && answer != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0
}

/// The clocks of this computer.
#[derive(Debug)]
pub struct SystemClock {
    boot: Id,
}

impl SystemClock {
    /// Reads which boot this is.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Sixteen of its 32 hexadecimal digits tell boots apart well enough.
        let short: String = text.chars().filter(char::is_ascii_hexdigit).take(16).collect();
        let boot = Id::parse(&short).unwrap_or_else(|_| Id::parse("unknown").expect("a valid identifier"));
        Arc::new(Self { boot })
    }
}

impl Clock for SystemClock {
    fn boottime(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
    }

    fn wall(&self) -> UnixMs {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
    }

    fn synchronized(&self) -> bool {
        is_synchronized()
    }

    fn boot(&self) -> Id {
        self.boot.clone()
    }
}
