//! A day's account of silence as lines, one an hour of a device: which shares of its points' time were
//! measured, came later, are lost or were off on purpose, together 1; and the lost share of each point that lost any.
//! By device and not by point, or each point of each room would be a series of its own.

use wire::Source;

use super::{
    Facts, Line,
    names::{SILENCE, field, of_point, tag},
};
use crate::silence::{Account, Day};

/// What [`Account::shares_ppm`] adds up to.
const MILLION: f64 = 1_000_000.0;

/// Adds the lines of the hours of a day that are accounted for.
#[expect(clippy::cast_precision_loss, reason = "a million is far below 2^52")]
pub fn day_lines(out: &mut String, _facts: &Facts, source: &Source, day: &Day) {
    for index in 0..day.hours() {
        let (from, to) = day.hour(index);
        if to > day.upto {
            break;
        }
        let mut whole = Account::default();
        let hours = day.points.iter().filter_map(|(name, hours)| Some((name, hours.get(index)?)));
        let counted: Vec<_> = hours.filter(|(_, account)| account.counted_ms() > 0).collect();
        counted.iter().for_each(|(_, account)| whole.add(account));
        if counted.is_empty() {
            continue;
        }
        let shares = whole.shares_ppm();
        let mut line = Line::begin(out, SILENCE);
        line.tag(tag::VENUE, source.venue.as_str()).tag(tag::ROOM, source.room.as_str());
        line.tag(tag::AGENT, source.agent.as_str());
        line.count(field::POINTS, counted.len());
        for (name, ppm) in [
            (field::MEASURED, shares.measured_ppm),
            (field::BACKFILLED, shares.backfilled_ppm),
            (field::LOST, shares.lost_ppm),
            (field::PLANNED_OFF, shares.planned_off_ppm),
        ] {
            line.number(name, ppm as f64 / MILLION);
        }
        for (name, account) in counted.iter().filter(|(_, account)| account.lost_ms() > 0) {
            let lost = account.shares_ppm().lost_ppm as f64 / MILLION;
            line.number_of(name.as_str(), of_point::LOST, lost);
        }
        line.end(from, 0);
    }
}
