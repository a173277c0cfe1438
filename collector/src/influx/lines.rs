//! Turns samples into lines of the line protocol: measurement `room`, tags venue, room and agent, one field a
//! point, time in milliseconds. The same sample is the same line for ever, so writing it again changes nothing.
//! <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/> Pure.

use std::fmt::Write as _;

use wire::{Clock, Sample, Source};

/// The line of a sample.
#[must_use]
pub fn room(source: &Source, sample: &Sample) -> String {
    // Identifiers and names of points need no escapes: lower-case letters, digits, `-` and `_`.
    let mut line = format!("room,agent={},room={},venue={} ", source.agent, source.room, source.venue);
    for (point, value) in sample.points.iter().filter(|(_, value)| value.is_finite()) {
        let _ = write!(line, "{point}={value:?},");
    }
    for (point, fault) in &sample.faults {
        let _ = write!(line, "{point}_fault=\"{}\",", text(fault.as_str()));
    }
    let uncertain = if sample.clock == Clock::Trusted { "0.0" } else { "1.0" };
    #[expect(clippy::cast_precision_loss, reason = "numbers of samples are far below 2^53")]
    let seq = sample.seq as f64;
    let _ = write!(
        line,
        "sample_clock_uncertain={uncertain},sample_seq={seq:?},sample_spool=\"{}\" {}",
        text(sample.spool.as_str()),
        sample.at
    );
    line
}

/// The inside of a string field.
fn text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use wire::{Fault, Id, PointName};

    use super::*;

    #[test]
    fn a_sample_is_one_line_of_floats_with_a_point() {
        let id = |text: &str| Id::parse(text).unwrap();
        let point = |text: &str| PointName::parse(text).unwrap();
        let source = Source { venue: id("nanshan"), room: id("k03"), agent: id("pi-k03") };
        let sample = Sample {
            at: 1_795_429_441_029,
            seq: 42,
            spool: id("k3f9x0q2"),
            boot: id("b"),
            clock: Clock::Trusted,
            points: vec![(point("amplifier_power_on"), 1.0), (point("temperature_celsius"), 21.25)],
            faults: vec![(point("co2_ppm"), Fault::NoResponse)],
        };
        assert_eq!(
            room(&source, &sample),
            "room,agent=pi-k03,room=k03,venue=nanshan amplifier_power_on=1.0,temperature_celsius=21.25,\
             co2_ppm_fault=\"no_response\",sample_clock_uncertain=0.0,sample_seq=42.0,sample_spool=\"k3f9x0q2\" \
             1795429441029"
        );
    }
}
