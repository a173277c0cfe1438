//! The business day of an instant at a venue, as a number.

use wire::UnixMs;

use super::Calendar;

/// The business day as `20261123`. An instant outside the years that the calendar knows gives day 0.
#[must_use]
pub fn business_day(calendar: &Calendar, at: UnixMs) -> u32 {
    let Some(date) = calendar.business_date(at) else { return 0 };
    let number = i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
    u32::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    #[test]
    fn half_past_one_belongs_to_yesterday() {
        let check = |zone: &str, instant: &str, day| {
            let at = instant.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!(business_day(&Calendar::always(TimeZone::get(zone).unwrap()), at), day, "{zone} {instant}");
        };
        check("Asia/Shanghai", "2026-11-23T01:30:00+08:00", 20_261_122);
        check("Asia/Shanghai", "2026-11-23T05:59:59+08:00", 20_261_122);
        check("Asia/Shanghai", "2026-11-23T06:00:00+08:00", 20_261_123);
        check("Asia/Shanghai", "2027-01-01T02:00:00+08:00", 20_261_231);
    }
}
