//! How one contact is to be understood: turns the keys `kind`, `normally`, `active`, `pull`,
//! `debounce` and `hold` into a level, a point and a patience. Shared by lines of the computer and
//! pins of an expander.
//!
//! Every kind fails safe: wired as a loop that is closed while all is well, a cut wire reads like
//! the trouble that the contact is there for, never like good news.

use std::time::Duration;

use super::{
    super::{Level, Pull, Quantity},
    debounce::Debouncer,
};
use crate::config::{Expected, Problem, Table, quantity::print_duration};

/// What a contact is there for, and what follows from that unless the file says otherwise.
#[derive(Debug, PartialEq)]
pub struct Purpose {
    /// Its word after `kind =`.
    pub word: &'static str,
    /// The point.
    point: &'static str,
    /// Whether 1 is trouble (a leak) or all is well (power is on).
    one_is_trouble: bool,
    debounce: Duration,
    hold: Duration,
    /// Pulses count as a level: see [`Debouncer::pulsing`].
    pulsing: bool,
}

const fn purpose(word: &'static str, point: &'static str, debounce_ms: u64) -> Purpose {
    let debounce = Duration::from_millis(debounce_ms);
    Purpose { word, point, one_is_trouble: true, debounce, hold: Duration::ZERO, pulsing: false }
}

/// Times are what the trade uses: a reed bounces for some ms and a slammed door for tens; water that
/// splashes is no leak, and one that was seen is shown long enough to be noticed; a fire panel's
/// relay is sound and its news is urgent; mains voltage has gaps of 10 ms or 20 ms.
const PURPOSES: [Purpose; 8] = [
    purpose("door", "door_open", 50),
    Purpose { hold: Duration::from_secs(5), ..purpose("leak", "leak", 500) },
    purpose("smoke", "smoke", 100),
    purpose("fire-panel", "fire_alarm", 100),
    purpose("tamper", "tamper", 20),
    Purpose { one_is_trouble: false, ..purpose("reed", "present", 50) },
    purpose("gauge", "pressure_low", 500),
    Purpose { one_is_trouble: false, pulsing: true, ..purpose("power", "power_on", 300) },
];
const WORDS: &[&str] = &["door", "leak", "smoke", "fire-panel", "tamper", "reed", "gauge", "power"];
const LEVELS: &[&str] = &["low", "high"];
const PULLS: &[&str] = &["up", "down", "off"];
const STATES: &[&str] = &["closed", "open"];
/// A contact of no kind.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// How a contact is understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    /// What it is there for.
    pub purpose: Option<&'static Purpose>,
    /// The point, for example `power_on`; 1 while active.
    pub point: String,
    /// The level at which the point is 1.
    pub active: Level,
    /// The resistor that holds the line while nothing else does.
    pub pull: Pull,
    /// How long a level must hold before it counts.
    pub debounce: Duration,
    /// How long the point stays 1 at least.
    pub hold: Duration,
}

impl Manner {
    /// A contact of no kind that closes to ground: its point is 1 while it is closed.
    #[must_use]
    pub fn plain(point: &str) -> Self {
        let (active, pull) = (Level::Low, Pull::Up);
        Self { purpose: None, point: point.to_owned(), active, pull, debounce: DEBOUNCE, hold: Duration::ZERO }
    }

    /// A contact of a kind, wired as a loop to ground that is closed while all is well.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        let purpose = PURPOSES.iter().find(|purpose| purpose.word == kind)?;
        let (debounce, hold) = (purpose.debounce, purpose.hold);
        let active = active_level(Some(purpose), None, Pull::Up);
        Some(Self { purpose: Some(purpose), active, debounce, hold, ..Self::plain(purpose.point) })
    }

    /// Reads the keys; none where a mistake was noted. `pulls` are those that the hardware has, the
    /// first is the default.
    pub(super) fn read(table: &Table<'_>, pulls: &'static [&'static str], debounce_max: &'static str) -> Option<Self> {
        let purpose = table.word("kind", WORDS, &PURPOSES.each_ref());
        let point = table.point("point").or(purpose.map(|purpose| purpose.point.to_owned()));
        // A kind that is none was noted already, and would have brought its point.
        let point =
            if purpose.is_none() && table.has("kind") { point } else { table.require("point", Expected::Point, point) };
        let meanings: &[Pull] = &[Pull::Up, Pull::Down, Pull::Off];
        let pull = table.word("pull", pulls, pulls).and_then(|word| PULLS.iter().position(|known| *known == word));
        let pull = pull.map_or(Pull::Up, |index| meanings[index]);
        let closed = table.word("normally", STATES, &[true, false]);
        let active = table.word("active", LEVELS, &[Level::Low, Level::High]);
        if closed.is_some() && active.is_some() {
            table.note("normally", Problem::Either { or: "active".into() });
            return None;
        }
        let active = active.unwrap_or_else(|| active_level(purpose, closed, pull));
        let debounce = table.duration("debounce", "0ms", debounce_max);
        let debounce = debounce.unwrap_or(purpose.map_or(DEBOUNCE, |purpose| purpose.debounce));
        let hold =
            table.duration("hold", "0ms", "1h").unwrap_or(purpose.map_or(Duration::ZERO, |purpose| purpose.hold));
        Some(Self { purpose, point: point?, active, pull, debounce, hold })
    }

    /// Writes the keys as a file would say them.
    pub(super) fn print(&self, table: &mut toml::Table) {
        if let Some(purpose) = self.purpose {
            table.insert("kind".into(), purpose.word.into());
        }
        table.insert("point".into(), self.point.as_str().into());
        table.insert("active".into(), LEVELS[self.active as usize].into());
        table.insert("pull".into(), PULLS[self.pull as usize].into());
        table.insert("debounce".into(), print_duration(self.debounce).into());
        table.insert("hold".into(), print_duration(self.hold).into());
    }

    /// What waits for its levels.
    #[must_use]
    pub fn debouncer(&self) -> Debouncer {
        let active = self.active == Level::High;
        let debouncer = Debouncer::new(self.debounce).staying(active, self.hold);
        if self.purpose.is_some_and(|purpose| purpose.pulsing) { debouncer.pulsing(active) } else { debouncer }
    }

    /// Whether the point is 1 at this level.
    #[must_use]
    pub fn is_active(&self, high: bool) -> bool {
        high == (self.active == Level::High)
    }

    /// The level while all is well; none where nobody knows what is well.
    #[must_use]
    pub fn at_rest(&self) -> Option<bool> {
        let purpose = self.purpose?;
        Some((self.active == Level::High) != purpose.one_is_trouble)
    }

    /// Its point.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        Quantity::flag("").named(self.point.clone())
    }
}

/// The level at which the point is 1. Kinds are wired normally closed, because a cut wire then reads
/// like trouble; a contact of no kind is 1 while it is closed, as it always was. A closed contact
/// pulls its line to ground, or to 3.3 V where the resistor pulls to ground.
fn active_level(purpose: Option<&Purpose>, normally_closed: Option<bool>, pull: Pull) -> Level {
    let normally_closed = normally_closed.unwrap_or(purpose.is_some());
    let one_is_trouble = purpose.is_none_or(|purpose| purpose.one_is_trouble);
    let one_is_closed = normally_closed != one_is_trouble;
    let closed_is_high = pull == Pull::Down;
    if one_is_closed == closed_is_high { Level::High } else { Level::Low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_one_of_the_words() {
        assert_eq!(PURPOSES.each_ref().map(|purpose| purpose.word), WORDS);
    }

    /// When trouble counts, and when its end does, in ms after each began.
    fn check(kind: &str, trouble_ms: u32, end_ms: u32) {
        const MS: Duration = Duration::from_millis(1);
        let manner = Manner::of(kind).unwrap();
        let well = manner.at_rest().unwrap();
        let mut debouncer = manner.debouncer();
        // At rest for long enough to be sure, for the kind that may pulse.
        debouncer.see(well, 0, Duration::ZERO);
        debouncer.see(well, 0, MS * 1000);
        assert_eq!(debouncer.steady(), Some(well), "{kind}");
        let mut counts = |level: bool, began: u32| {
            debouncer.see(level, 1, MS * began);
            (1..10_000).find(|after| debouncer.see(level, 0, MS * (began + after)).is_some())
        };
        assert_eq!(counts(!well, 2000), Some(trouble_ms), "{kind}: trouble");
        // The end begins as soon as trouble counts, which is what a hold is there for.
        assert_eq!(counts(well, 2000 + trouble_ms), Some(end_ms), "{kind}: its end");
    }

    #[test]
    fn each_kind_has_its_patience() {
        check("door", 50, 50);
        check("leak", 500, 5000);
        check("smoke", 100, 100);
        check("fire-panel", 100, 100);
        check("tamper", 20, 20);
        check("reed", 50, 50);
        check("gauge", 500, 500);
        check("power", 300, 300);
    }

    /// With the resistor to 3.3 V a cut wire is high.
    fn says_trouble_when_cut(word: &str, normally_closed: Option<bool>) -> bool {
        let purpose = PURPOSES.iter().find(|purpose| purpose.word == word).unwrap();
        let one = active_level(Some(purpose), normally_closed, Pull::Up) == Level::High;
        one == purpose.one_is_trouble
    }

    #[test]
    fn a_cut_wire_of_a_closed_loop_reads_as_trouble_for_every_kind() {
        for word in WORDS {
            assert!(says_trouble_when_cut(word, None), "{word}");
            assert!(says_trouble_when_cut(word, Some(true)), "{word}");
            assert!(!says_trouble_when_cut(word, Some(false)), "{word}: an open loop cannot tell");
        }
    }

    #[test]
    fn a_contact_of_no_kind_is_one_while_it_is_closed() {
        assert_eq!(active_level(None, None, Pull::Up), Level::Low);
        assert_eq!(active_level(None, None, Pull::Down), Level::High);
        assert_eq!(active_level(None, Some(true), Pull::Up), Level::High);
        assert_eq!(active_level(None, Some(false), Pull::Off), Level::Low);
    }
}
