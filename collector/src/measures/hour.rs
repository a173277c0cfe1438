//! An hour of a device as a line: mean, least, greatest and count of each point, and the share of its
//! judged readings that were in band. Time is the beginning of the hour. The same samples give the same line, so
//! an hour into which late data came is simply written again.

use std::collections::BTreeMap;

use wire::{PointName, Sample, Source, UnixMs};

use super::{
    Facts, Line,
    names::{ROOM_1H, field, of_point, tag},
};

/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

/// The beginning of the hour of an instant; UTC, as every zone of whole hours has it.
#[must_use]
pub fn hour_of(at: UnixMs) -> UnixMs {
    at.div_euclid(HOUR_MS) * HOUR_MS
}

#[derive(Debug, Default)]
struct Sums {
    sum: f64,
    min: f64,
    max: f64,
    count: u32,
    judged: u32,
    in_band: u32,
}

impl Sums {
    fn take(&mut self, value: f64, in_band: Option<bool>) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.sum += value;
        self.count += 1;
        self.judged += u32::from(in_band.is_some());
        self.in_band += u32::from(in_band == Some(true));
    }
}

/// Adds the line of the hour that begins at `from`; `samples` are those of the device in any order, others than
/// of that hour are left out. No line where none has a value.
pub fn hour_line(out: &mut String, facts: &Facts, source: &Source, from: UnixMs, samples: &[Sample]) {
    let to = from.saturating_add(HOUR_MS);
    let mut points: BTreeMap<&PointName, Sums> = BTreeMap::new();
    let state_point = facts.state_point(&source.venue, &source.room);
    for sample in samples.iter().filter(|sample| (from..to).contains(&sample.at)) {
        let occupied = state_point.and_then(|point| sample.points.iter().find(|(name, _)| name == point));
        let moment = facts.moment(&source.venue, sample.at, occupied.map(|(_, value)| *value >= 0.5));
        for (name, value) in sample.points.iter().filter(|(_, value)| value.is_finite()) {
            let in_band = facts.in_band(&source.venue, &source.room, name, *value, &moment);
            points.entry(name).or_default().take(*value, in_band);
        }
    }
    if points.is_empty() {
        return;
    }
    let mut line = Line::begin(out, ROOM_1H);
    line.tag(tag::VENUE, source.venue.as_str()).tag(tag::ROOM, source.room.as_str());
    line.tag(tag::AGENT, source.agent.as_str());
    for (name, sums) in &points {
        let (name, count) = (name.as_str(), f64::from(sums.count));
        line.number_of(name, of_point::MEAN, sums.sum / count).number_of(name, of_point::MIN, sums.min);
        line.number_of(name, of_point::MAX, sums.max).number_of(name, of_point::COUNT, count);
        if sums.judged > 0 {
            let share = f64::from(sums.in_band) / f64::from(sums.judged);
            line.number_of(name, of_point::IN_BAND_SHARE, share);
        }
    }
    line.known(field::OPEN_SECONDS, facts.open_seconds(&source.venue, from, to));
    line.end(from, 0);
}
