//! When an extinguisher is due: turns what the venue's file says of it into the day of its next
//! service and the day it is scrapped, each with what it rests on. A date in the file stands above
//! the arithmetic. Knows no present; asks nobody.

use jiff::{ToSpan, civil::Date};

use super::filling::Filling;
use crate::venues::file::Asset;

/// What a date rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It stands in the venue's file.
    Written,
    /// The years of the kind after its last service.
    AfterService,
    /// The years of the kind after its manufacture.
    AfterManufacture,
    /// It stands on the tag, and no file says anything.
    Tag,
}

/// A day and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The day: by then it must be done.
    pub date: Date,
    /// What it rests on.
    pub basis: Basis,
}

/// Both days, as far as they can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// Its next service.
    pub service: Option<Day>,
    /// The end of its life.
    pub scrap: Option<Day>,
}

/// The days of `asset`. Without a type nothing is derived, only what is written counts.
#[must_use]
pub fn days(asset: &Asset) -> Days {
    let date = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Date>().ok());
    let filling = asset.filling.as_deref().and_then(Filling::parse);
    let (made, serviced) = (date(&asset.made), date(&asset.serviced));
    let written = |text| Some(Day { date: date(text)?, basis: Basis::Written });
    Days {
        service: written(&asset.due).or_else(|| service(filling?, made, serviced)),
        scrap: written(&asset.scrap).or_else(|| {
            Some(Day { date: after(made?, filling?.terms().scrap_years)?, basis: Basis::AfterManufacture })
        }),
    }
}

fn service(filling: Filling, made: Option<Date>, serviced: Option<Date>) -> Option<Day> {
    let terms = filling.terms();
    Some(match (serviced, made) {
        (Some(last), _) => Day { date: after(last, terms.then_years)?, basis: Basis::AfterService },
        (None, Some(made)) => Day { date: after(made, terms.first_years)?, basis: Basis::AfterManufacture },
        (None, None) => return None,
    })
}

/// The same day some years later; the 28th where that year has no 29 February.
fn after(date: Date, years: i16) -> Option<Date> {
    date.checked_add(years.years()).ok()
}

/// Days from `today` until `date`: 0 on the day itself, negative when it is past.
#[must_use]
pub fn days_left(today: Date, date: Date) -> i32 {
    today.until(date).map_or(0, |span| span.get_days())
}

/// The last day of a tag's month, written yyyymm.
#[must_use]
pub fn end_of_month(yyyymm: f64) -> Option<Date> {
    let number = (yyyymm.fract() == 0.0 && (100_001.0..=999_912.0).contains(&yyyymm)).then_some(yyyymm as i32)?;
    let (year, month) = (i16::try_from(number / 100).ok()?, i8::try_from(number % 100).ok()?);
    Some(Date::new(year, month, 1).ok()?.last_of_month())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn asset(filling: &str, made: &str, serviced: &str, due: &str, scrap: &str) -> Asset {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Asset {
            filling: some(filling),
            made: some(made),
            serviced: some(serviced),
            due: some(due),
            scrap: some(scrap),
            ..Asset::default()
        }
    }

    fn check(asset: &Asset, service: &str, scrap: &str) {
        let said = |day: Option<Day>| day.map_or(String::new(), |day| format!("{} {:?}", day.date, day.basis));
        let days = days(asset);
        assert_eq!((said(days.service).as_str(), said(days.scrap).as_str()), (service, scrap), "{asset:?}");
    }

    #[test]
    fn each_kind_has_its_years() {
        let (made, served) = ("2020-03-01", "2024-05-20");
        for (kind, first, next, scrap) in [
            ("water", "2023-03-01", "2025-05-20", "2026-03-01"),
            ("foam", "2023-03-01", "2025-05-20", "2026-03-01"),
            ("powder", "2025-03-01", "2026-05-20", "2030-03-01"),
            ("clean-gas", "2025-03-01", "2026-05-20", "2030-03-01"),
            ("co2", "2025-03-01", "2026-05-20", "2032-03-01"),
        ] {
            let scrap = format!("{scrap} AfterManufacture");
            check(&asset(kind, made, "", "", ""), &format!("{first} AfterManufacture"), &scrap);
            check(&asset(kind, made, served, "", ""), &format!("{next} AfterService"), &scrap);
        }
    }

    #[test]
    fn a_written_date_stands_above_the_arithmetic() {
        let written = asset("powder", "2020-03-01", "2024-05-20", "2026-01-31", "2029-12-31");
        check(&written, "2026-01-31 Written", "2029-12-31 Written");
        check(&asset("", "", "", "2026-01-31", ""), "2026-01-31 Written", "");
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        check(&asset("", "2020-03-01", "2024-05-20", "", ""), "", "");
        check(&asset("powder", "", "", "", ""), "", "");
        check(&asset("powder", "", "2024-05-20", "", ""), "2026-05-20 AfterService", "");
        check(&asset("halon", "2020-03-01", "", "", ""), "", "");
    }

    #[test]
    fn a_leap_day_ends_on_the_28th() {
        check(&asset("powder", "2024-02-29", "", "", ""), "2029-02-28 AfterManufacture", "2034-02-28 AfterManufacture");
    }

    #[test]
    fn days_left_are_nought_on_the_day_and_negative_after_it() {
        let today = date(2026, 11, 23);
        for (day, left) in [
            (date(2026, 11, 23), 0),
            (date(2026, 12, 23), 30),
            (date(2026, 11, 22), -1),
            (date(2027, 11, 23), 365),
            (date(2016, 11, 23), -3652),
        ] {
            assert_eq!(days_left(today, day), left, "{day}");
        }
    }

    #[test]
    fn a_month_on_a_tag_ends_with_its_last_day() {
        assert_eq!(end_of_month(202_602.0), Some(date(2026, 2, 28)));
        assert_eq!(end_of_month(202_812.0), Some(date(2028, 12, 31)));
        for bad in [202_613.0, 202_600.0, 0.0, -202_601.0, 202_601.5, f64::NAN, f64::INFINITY] {
            assert_eq!(end_of_month(bad), None, "{bad}");
        }
    }
}
