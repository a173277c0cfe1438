//! The business day of an instant in a venue's time zone. The one place of tickets that knows zones.

use jiff::{Timestamp, tz::TimeZone};
use wire::UnixMs;

/// What happens before this hour of the local morning belongs to the day before: karaoke rooms
/// close at 2 and are cleaned until dawn.
pub const CUT_OFF_HOUR: i8 = 6;

/// The business day as `20261123`. An instant outside the calendar of `jiff` gives day 0.
#[must_use]
pub fn business_day(zone: &TimeZone, at: UnixMs) -> u32 {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return 0 };
    let local = zone.to_datetime(instant);
    let date = if local.hour() < CUT_OFF_HOUR { local.date().yesterday() } else { Ok(local.date()) };
    let Ok(date) = date else { return 0 };
    let number = i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
    u32::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_past_one_belongs_to_yesterday() {
        let check = |zone: &str, instant: &str, day| {
            let at = instant.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!(business_day(&TimeZone::get(zone).unwrap(), at), day, "{zone} {instant}");
        };
        check("Asia/Shanghai", "2026-11-23T01:30:00+08:00", 20_261_122);
        check("Asia/Shanghai", "2026-11-23T05:59:59+08:00", 20_261_122);
        check("Asia/Shanghai", "2026-11-23T06:00:00+08:00", 20_261_123);
        check("Asia/Shanghai", "2027-01-01T02:00:00+08:00", 20_261_231);
    }
}
