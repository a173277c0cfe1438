//! Lengths of time as people write them in packs: `30s`, `15m`, `2h`, `1d`.

/// The longest that makes sense for a rule: four weeks, in milliseconds.
const LONGEST_MS: i64 = 28 * 86_400_000;

/// The longest that somebody can be told of a date before it comes: a year, in milliseconds.
const LONGEST_AHEAD_MS: i64 = 366 * 86_400_000;

/// Milliseconds of `text`; `None` where it is no length or longer than four weeks.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    parse_up_to(text, LONGEST_MS)
}

/// The same for a time before a date: up to a year.
#[must_use]
pub fn parse_ahead(text: &str) -> Option<i64> {
    parse_up_to(text, LONGEST_AHEAD_MS)
}

fn parse_up_to(text: &str, longest_ms: i64) -> Option<i64> {
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(factor).filter(|ms| *ms <= longest_ms)
}

/// The shortest text that [`parse`] reads back.
#[must_use]
pub fn print(ms: i64) -> String {
    match ms {
        0 => "0s".into(),
        _ if ms % 86_400_000 == 0 => format!("{}d", ms / 86_400_000),
        _ if ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        _ if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        _ => format!("{}s", ms / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_back_as_written() {
        for (text, ms) in [("0s", 0), ("30s", 30_000), ("15m", 900_000), ("2h", 7_200_000), ("1d", 86_400_000)] {
            assert_eq!(parse(text), Some(ms));
            assert_eq!(print(ms), text);
        }
        for bad in ["", "s", "15", "15 m", "-5m", "1.5h", "29d", "99999999999999999999s", "5分"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!((parse_ahead("366d"), parse_ahead("367d")), (Some(366 * 86_400_000), None));
    }
}
