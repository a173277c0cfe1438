//! Turns what people write for a stretch of time (`24h`, `2025-11-23 18:00`) into instants.
//! Reads no clock.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use wire::UnixMs;

/// A length of time in milliseconds: a number and `s`, `m`, `h`, `d` or `w`.
pub fn length(text: &str) -> Result<i64, String> {
    let refused = || "a number and s, m, h, d or w, such as 90m or 7d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(refused)?;
    let unit_ms: i64 = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(refused()),
    };
    let ms = number.parse::<u32>().ok().map(|n| i64::from(n).saturating_mul(unit_ms));
    ms.filter(|ms| *ms > 0).ok_or_else(refused)
}

/// An instant as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written {
    /// With its own offset.
    Instant(UnixMs),
    /// As the clock on the wall of the venue shows it.
    Wall(DateTime),
}

/// RFC 3339, `2025-11-23 18:00`, `2025-11-23` or milliseconds since 1970.
pub fn instant(text: &str) -> Result<Written, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Written::Instant(at.as_millisecond()));
    }
    if let Ok(wall) = text.parse::<DateTime>() {
        return Ok(Written::Wall(wall));
    }
    // Ten digits and more: a year is never meant.
    let number = text.parse::<UnixMs>().ok().filter(|_| text.len() > 9).map(Written::Instant);
    number.ok_or_else(|| "a time such as `2025-11-23 18:00`, 2025-11-23 or 2025-11-23T18:00:00+08:00".to_owned())
}

impl Written {
    /// When that is in `zone`.
    pub fn at(self, zone: &TimeZone) -> UnixMs {
        match self {
            Self::Instant(at) => at,
            Self::Wall(wall) => {
                let zoned = wall.to_zoned(zone.clone());
                zoned.map_or(if wall.year() < 1970 { UnixMs::MIN } else { UnixMs::MAX }, |z| {
                    z.timestamp().as_millisecond()
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_numbers_with_a_unit() {
        assert_eq!(length("90m"), Ok(5_400_000));
        assert_eq!(length("24h"), Ok(86_400_000));
        for bad in ["", "h", "24", "-1h", "0d", "1y", "一天"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_on_the_wall_are_those_of_the_venue() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let same = ["2025-11-23T18:00:00+08:00", "2025-11-23 18:00", "2025-11-23T10:00:00Z", "1763892000000"];
        for text in same {
            assert_eq!(instant(text).unwrap().at(&shanghai), 1_763_892_000_000, "{text}");
        }
        assert_eq!(instant("2025-11-23").unwrap().at(&shanghai), 1_763_827_200_000);
        for bad in ["", "18:00", "tomorrow", "2025"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }
}
