//! Durations (`10s`, `500ms`, `1h`) and sizes (`64MiB`) as the configuration writes them: parsed and
//! printed side by side.

use std::time::Duration;

/// Units of time, largest first, in milliseconds.
const TIMES: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Units of size, largest first, in bytes.
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// `10s` as a duration; none where it is not a whole number and a unit.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    parse(text, &TIMES).map(Duration::from_millis)
}

/// A duration in its largest unit that needs no fraction.
#[must_use]
pub fn print_duration(duration: Duration) -> String {
    print(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &TIMES)
}

/// `64MiB` as bytes.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    parse(text, &SIZES)
}

/// Bytes in their largest unit that needs no fraction.
#[must_use]
pub fn print_bytes(bytes: u64) -> String {
    print(bytes, &SIZES)
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn print(number: u64, units: &[(&str, u64)]) -> String {
    let fits = |factor: u64| number != 0 && number.is_multiple_of(factor);
    let (unit, factor) =
        units.iter().find(|(_, factor)| fits(*factor)).unwrap_or(units.last().expect("there are units"));
    format!("{}{unit}", number / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_printed() {
        for text in ["1ms", "500ms", "1s", "90s", "2m", "1h", "3d", "0ms"] {
            assert_eq!(print_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes_read_back_as_printed() {
        for text in ["1B", "4KiB", "64MiB", "1GiB"] {
            assert_eq!(print_bytes(parse_bytes(text).unwrap()), text);
        }
    }

    #[test]
    fn what_has_no_unit_or_is_too_large_is_none() {
        for text in ["", "s", "10", "-1s", "1.5s", "1 week", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
