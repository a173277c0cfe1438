//! What must happen to a ticket and when, told second by second by somebody with a clock on the wall, a
//! list of opening hours and a stop-watch. Knows nothing of calendars, plans or instants worked out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// When a venue is open, in wall times. Minutes after midnight; a close at or before the open is on the
/// next day.
pub struct Hours {
    pub zone: TimeZone,
    /// Weekdays from Monday, open, close. None at all: always open.
    pub entries: Vec<([bool; 7], i64, i64)>,
    /// Days without any opening.
    pub shut: BTreeSet<Date>,
    /// Days off of the holiday list.
    pub off: BTreeSet<Date>,
    /// Hours of days off, where they differ.
    pub holiday: Option<(i64, i64)>,
}

impl Hours {
    fn openings(&self, date: Date) -> Vec<(DateTime, DateTime)> {
        let day = |(open, close): (i64, i64)| {
            let at = |minute: i64| date.at(0, 0, 0, 0).saturating_add(minute.minutes());
            (at(open), at(if close <= open { close + 1_440 } else { close }))
        };
        if self.shut.contains(&date) {
            return Vec::new();
        }
        if let Some(times) = self.holiday.filter(|_| self.off.contains(&date)) {
            return vec![day(times)];
        }
        let weekday = date.weekday().to_monday_zero_offset() as usize;
        self.entries.iter().filter(|(days, ..)| days[weekday]).map(|(_, open, close)| day((*open, *close))).collect()
    }

    /// Whether each minute from `from` on is open. A business day is open from the first minute that
    /// shows its opening or later to the last that shows its closing; or where none does, less.
    pub fn minutes(&self, from: i64, count: usize) -> Vec<bool> {
        const MARGIN: usize = 3 * 1_440;
        let wall = |minute: usize| {
            let second = from + (minute as i64 - MARGIN as i64) * 60;
            self.zone.to_datetime(Timestamp::from_second(second).unwrap())
        };
        let walls: Vec<DateTime> = (0..count + 2 * MARGIN).map(wall).collect();
        let mut open = vec![self.entries.is_empty(); walls.len()];
        let mut midnight = 0;
        while let Some(found) = walls[midnight..].iter().position(|wall| wall.date() != walls[midnight].date()) {
            midnight += found;
            // An opening ends before the second midnight after it, clocks change by an hour at most.
            let near = &walls[midnight..walls.len().min(midnight + 50 * 60)];
            for (opens, closes) in self.openings(near[0].date()) {
                let first = near.iter().position(|wall| *wall >= opens).unwrap_or(near.len());
                let less = near.iter().rposition(|wall| *wall < closes).map_or(0, |last| last + 1);
                let behind = near.iter().rposition(|wall| *wall == closes).unwrap_or(less);
                (first..behind).for_each(|minute| open[midnight + minute] = true);
            }
        }
        open[MARGIN..MARGIN + count].to_vec()
    }
}

/// What people have agreed on, in seconds.
#[derive(Debug, Clone)]
pub struct Agreed {
    pub acknowledge: i64,
    pub arrive: i64,
    pub fix: i64,
    /// Counted in opening hours only.
    pub open_clock: bool,
    /// `(so many seconds, before the limit)`, each with the team that is told.
    pub chain: Vec<(i64, bool, &'static str)>,
}

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Acknowledge,
    Start,
    /// Whether the clock stands meanwhile.
    Hold(bool),
    Resume,
    Assign,
    Fixed,
    Reopen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    New,
    Acknowledged,
    Working,
    Waits(bool),
    Fixed,
}

/// One stretch of a ticket: from its opening or reopening.
struct Stretch {
    stands: Stands,
    elapsed: i64,
    acknowledged: bool,
    arrived: bool,
    /// Of the three limits and the chain behind them: what was told.
    told: Vec<bool>,
}

impl Stretch {
    fn new() -> Self {
        Self { stands: Stands::New, elapsed: 0, acknowledged: false, arrived: false, told: Vec::new() }
    }

    fn runs(&self) -> bool {
        !matches!(self.stands, Stands::Waits(true))
    }

    /// What is due now and was not told yet.
    fn due(&mut self, agreed: &Agreed) -> Vec<String> {
        if self.stands == Stands::Fixed || !self.runs() {
            return Vec::new();
        }
        self.told.resize(3 + agreed.chain.len(), false);
        let mut due = Vec::new();
        for place in 0..self.told.len() {
            if !self.told[place] && self.is_due(place, agreed) {
                self.told[place] = true;
                due.push(match place {
                    0 => "late_acknowledge".to_owned(),
                    1 => "late_arrive".to_owned(),
                    2 => "late_fix".to_owned(),
                    _ => format!("c{}>{}", place - 3, agreed.chain[place - 3].2),
                });
            }
        }
        due
    }

    fn is_due(&self, place: usize, agreed: &Agreed) -> bool {
        match place {
            0 => !self.acknowledged && self.elapsed >= agreed.acknowledge,
            1 => !self.arrived && self.elapsed >= agreed.arrive,
            2 => self.elapsed >= agreed.fix,
            _ => match agreed.chain[place - 3] {
                (seconds, true, _) => self.elapsed >= agreed.fix - seconds,
                (seconds, false, _) => self.stands == Stands::New && !self.acknowledged && self.elapsed >= seconds,
            },
        }
    }

    /// Does it if it may be done now.
    fn act(&mut self, deed: Deed) -> bool {
        use Stands::{Acknowledged, Fixed, New, Waits, Working};
        self.stands = match (deed, self.stands) {
            (Deed::Acknowledge, New) => Acknowledged,
            (Deed::Start, New | Acknowledged) | (Deed::Resume, Waits(_)) => Working,
            (Deed::Hold(stops), New | Acknowledged | Working) => Waits(stops),
            // Given to somebody: it waits to be acknowledged by him, as far as it was not before.
            (Deed::Assign, New | Acknowledged | Working | Waits(_)) => New,
            (Deed::Fixed, New | Acknowledged | Working | Waits(_)) => Fixed,
            (Deed::Reopen, Fixed) => {
                *self = Self::new();
                New
            }
            _ => return false,
        };
        self.acknowledged |= !matches!(deed, Deed::Assign | Deed::Reopen);
        self.arrived |= self.stands == Working;
        true
    }
}

/// What a walk saw.
#[derive(Default)]
pub struct Seen {
    /// What was due, by second.
    pub due: BTreeMap<i64, BTreeSet<String>>,
    /// Deeds that could be done.
    pub done: BTreeSet<i64>,
    /// After each deed: the second at which the limit for mending would run out; `None` where it has, or
    /// its clock stands.
    pub fix_by: BTreeMap<i64, Option<i64>>,
}

/// Walks from `begin` to `end`, second by second. `open` has a place for each minute from the minute of
/// `begin`, and some more.
pub fn walk(open: &[bool], agreed: &Agreed, deeds: &BTreeMap<i64, Deed>, (begin, end): (i64, i64)) -> Seen {
    let is_open = |second: i64| open[((second - begin.div_euclid(60) * 60) / 60) as usize];
    let ticks = |second: i64| !agreed.open_clock || is_open(second);
    let (mut seen, mut stretch) = (Seen::default(), Stretch::new());
    for second in begin..=end {
        if second > begin && stretch.runs() && ticks(second - 1) {
            stretch.elapsed += 1;
        }
        let mut due = stretch.due(agreed);
        if deeds.get(&second).is_some_and(|deed| stretch.act(*deed)) {
            seen.done.insert(second);
            due.extend(stretch.due(agreed));
        }
        if seen.done.contains(&second) || second == begin {
            let left = agreed.fix - stretch.elapsed;
            let stands = !stretch.runs() || stretch.stands == Stands::Fixed;
            let last = begin.div_euclid(60) * 60 + open.len() as i64 * 60;
            let by = (second..last).filter(|s| ticks(*s)).nth((left - 1).max(0) as usize).map(|s| s + 1);
            seen.fix_by.insert(second, by.filter(|_| left > 0 && !stands));
        }
        if !due.is_empty() {
            seen.due.entry(second).or_default().extend(due);
        }
    }
    seen
}
