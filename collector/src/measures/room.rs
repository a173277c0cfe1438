//! A sample as a line: a field for each point, its faults as words, whether each value is in its band, and
//! what is needed to read the whole sample back. A name is never written twice in a line: where a point has
//! the name of a derived field, the point's own value stands.

use wire::{Clock, Sample, Source};

use super::{
    Facts, Line,
    names::{ROOM, field, of_point, tag},
};

/// Adds the line of a sample; one without values and faults still says its number, so that no sample is lost.
pub fn sample_line(out: &mut String, facts: &Facts, source: &Source, sample: &Sample) {
    let state_point = facts.state_point(&source.venue, &source.room);
    let occupied = state_point.and_then(|point| sample.points.iter().find(|(name, _)| name == point));
    let occupied = occupied.map(|(_, value)| *value >= 0.5);
    let moment = facts.moment(&source.venue, sample.at, occupied);
    let mut line = Line::begin(out, ROOM);
    line.tag(tag::VENUE, source.venue.as_str()).tag(tag::ROOM, source.room.as_str());
    line.tag(tag::AGENT, source.agent.as_str());
    for (name, value) in &sample.points {
        line.number(name.as_str(), *value);
    }
    let has = |base: &str, end: &str| {
        let is = |name: &str| name.strip_suffix(end).is_some_and(|rest| rest == base);
        sample.points.iter().any(|(name, _)| is(name.as_str()))
    };
    for (name, value) in &sample.points {
        let in_band = facts.in_band(&source.venue, &source.room, name, *value, &moment);
        if let Some(in_band) = in_band.filter(|_| !has(name.as_str(), of_point::IN_BAND)) {
            line.number_of(name.as_str(), of_point::IN_BAND, f64::from(u8::from(in_band)));
        }
    }
    for (name, fault) in &sample.faults {
        if !has(name.as_str(), of_point::FAULT) {
            line.text_of(name.as_str(), of_point::FAULT, fault.as_str());
        }
    }
    for (name, known) in
        [(field::VENUE_OPEN, facts.is_open(&source.venue, sample.at)), (field::ROOM_OCCUPIED, occupied)]
    {
        if !has(name, "") {
            line.known_flag(name, known);
        }
    }
    whole(&mut line, sample, &has);
    line.end(sample.at, 0);
}

/// What makes the sample whole when it is read back.
fn whole(line: &mut Line<'_>, sample: &Sample, has: &impl Fn(&str, &str) -> bool) {
    if !has(field::SAMPLE_SEQ, "") {
        line.count(field::SAMPLE_SEQ, sample.seq);
    }
    for (name, id) in [(field::SAMPLE_SPOOL, &sample.spool), (field::SAMPLE_BOOT, &sample.boot)] {
        if !has(name, "") {
            line.text(name, id.as_str());
        }
    }
    if let Clock::Uncertain { uncertainty_ms } = sample.clock
        && !has(field::SAMPLE_CLOCK_UNCERTAIN, "")
        && !has(field::SAMPLE_UNCERTAINTY_MS, "")
    {
        line.flag(field::SAMPLE_CLOCK_UNCERTAIN, true).count(field::SAMPLE_UNCERTAINTY_MS, uncertainty_ms);
    }
}
