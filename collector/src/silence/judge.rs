//! Brings the accounts of one agent up to date: which of its days and hours are to be judged, again
//! or for the first time, and the judging itself, over whatever lends samples. Pure but for that loan;
//! what is judged twice by the same notes and samples gives the same account, so that a kill at
//! any point costs work and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use wire::{PointName, Sample, UnixMs};

use super::{
    day::Day,
    hour::{Evidence, divide, look_back_ms},
    note::{Note, RoomNote},
    spans::Span,
};

/// What an agent's accounts are made from.
pub struct Agent<'a> {
    /// Its note.
    pub note: &'a Note,
    /// That of its room.
    pub room: &'a RoomNote,
    /// Periods of its points, as it says, in milliseconds.
    pub periods_ms: &'a BTreeMap<PointName, i64>,
}

/// What is carried from day to day, oldest first.
#[derive(Debug, Clone, Copy)]
struct Walk {
    /// When the newest sample was read that any of the days was judged by.
    heard: UnixMs,
    /// A point began to count that had not before: hours after it must know.
    renewed: bool,
}

/// Lends samples of the agent read in [from, to), in order of time.
pub type Lend<'a, E> = &'a mut dyn FnMut(UnixMs, UnixMs) -> Result<Vec<Sample>, E>;

impl Agent<'_> {
    fn look_back_ms(&self) -> i64 {
        look_back_ms(self.periods_ms.values().copied())
    }

    /// Stretches of time for which a day was judged by less than is known now. `heard` is when the
    /// newest sample was read that any day was judged by.
    fn news(&self, day: &Day, heard: UnixMs) -> Vec<Span> {
        let (note, back) = (self.note, self.look_back_ms());
        // Samples of one that lasts come in order, so only what follows the newest is new. When it
        // has ended, all of it is judged once more.
        let late = note.late.iter().filter_map(|s| match s.to {
            None => Some((s.from.max(heard), UnixMs::MAX)),
            Some(to) if s.revision > day.revision => Some((s.from, to.saturating_add(back))),
            Some(_) => None,
        });
        let off = note.lost.iter().map(|run| &run.stretch).chain(&note.stopped);
        let off = off.filter(|s| s.revision > day.revision);
        let locked = self.room.locked.iter().filter(|s| s.revision > day.room_revision);
        // One that ended was without end when it was judged: all from its beginning on.
        late.chain(off.chain(locked).map(|s| (s.from, UnixMs::MAX))).collect()
    }

    /// The first instant that may have to be judged, given what the newest day was judged by: later
    /// days need not even be read. `None` where nothing lies before `upto`.
    #[must_use]
    pub fn first_news(&self, newest: &Day) -> Option<UnixMs> {
        self.news(newest, UnixMs::MIN).into_iter().map(|(from, _)| from).filter(|from| *from < newest.upto).min()
    }

    /// Judges what of `days`, which follow each other, lies before `upto` and is not judged yet, or is
    /// by other notes than these; gives the days that were. `eve` is the day before them.
    ///
    /// # Errors
    /// Those of `lend`; nothing is then to be stored.
    pub fn walk<E>(
        &self,
        eve: Option<Day>,
        days: Vec<(String, Day)>,
        upto: UnixMs,
        lend: Lend<'_, E>,
    ) -> Result<Vec<(String, Day)>, E> {
        let known = eve.iter().chain(days.iter().map(|(_, day)| day));
        let heard = known.map(|day| day.heard).max().unwrap_or(UnixMs::MIN);
        let mut walk = Walk { heard, renewed: false };
        let (mut before, mut judged) = (eve, Vec::new());
        for (name, mut day) in days {
            if self.judge(&mut day, before.as_ref(), &mut walk, upto, lend)? {
                judged.push((name, day.clone()));
            }
            before = Some(day);
        }
        Ok(judged)
    }

    /// Judges one day; says whether anything of it was judged.
    fn judge<E>(
        &self,
        day: &mut Day,
        before: Option<&Day>,
        walk: &mut Walk,
        upto: UnixMs,
        lend: Lend<'_, E>,
    ) -> Result<bool, E> {
        let upto = upto.min(day.to);
        let news = self.news(day, walk.heard);
        let mut done = false;
        for index in 0..day.hours() {
            let (from, end) = day.hour(index);
            let to = end.min(upto);
            if from >= to {
                break;
            }
            let stale = news.iter().any(|span| span.0 < to && from < span.1);
            if !stale && !walk.renewed && end <= day.upto && day.upto > day.from {
                continue;
            }
            let earlier = day.counted_in(index);
            let mut known: BTreeSet<PointName> = day.counted_before(index).cloned().collect();
            known.extend(before.into_iter().flat_map(|before| before.counted_before(usize::MAX)).cloned());
            let samples = lend(from.saturating_sub(self.look_back_ms()), to)?;
            day.heard = samples.last().map_or(day.heard, |newest| day.heard.max(newest.at));
            let evidence = Evidence {
                samples: &samples,
                note: self.note,
                locked: &self.room.locked,
                period_ms: &|name| self.periods_ms.get(name).copied(),
                known: &known,
                day_from: day.from,
            };
            day.put(index, divide(&evidence, from, to));
            // A point that counts from now on was known in every later hour too.
            walk.renewed = day.counted_in(index).difference(&earlier).next().is_some() && end <= day.upto;
            done = true;
        }
        if done {
            day.upto = day.upto.max(upto);
            walk.heard = walk.heard.max(day.heard);
            (day.revision, day.room_revision) = (self.note.revision, self.room.revision);
        }
        Ok(done)
    }
}
