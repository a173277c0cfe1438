//! Body of the `samples` channel: one sample, or an array of samples and lost runs in the order
//! of their numbers. [`parse`] reads it, [`print`] writes it.

mod parse;

use std::{fmt, fmt::Write as _};

pub use parse::parse;

use crate::{Clock, Id, Sample};

/// Why sample numbers have no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    /// Reserved or in memory only when the power went.
    NeverDurable,
    /// Dropped as the oldest when the spool was full; counted.
    Evicted,
    /// On the card, and unreadable.
    Corrupt,
}

/// A run of numbers whose samples no longer exist:
/// `{"spool":"k3f9x0q2","seq":10,"upto":12,"lost":"evicted"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lost {
    /// The spool that gave the numbers.
    pub spool: Id,
    /// The first number.
    pub seq: u64,
    /// The last number, not before the first.
    pub upto: u64,
    /// Why.
    pub reason: LostReason,
}

/// One item of the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A sample.
    Sample(Sample),
    /// Numbers without a sample.
    Lost(Lost),
}

impl Entry {
    /// The spool of the entry.
    #[must_use]
    pub fn spool(&self) -> &Id {
        match self {
            Self::Sample(s) => &s.spool,
            Self::Lost(l) => &l.spool,
        }
    }

    /// First and last number that the entry accounts for.
    #[must_use]
    pub fn seqs(&self) -> (u64, u64) {
        match self {
            Self::Sample(s) => (s.seq, s.seq),
            Self::Lost(l) => (l.seq, l.upto),
        }
    }
}

/// Writes entries: one alone as an object, anything else as an array. A value that is not finite
/// breaks the contract of [`Sample`] and is left out, since JSON has no word for it.
#[must_use]
pub fn print(entries: &[Entry]) -> String {
    // About 32 bytes a point.
    let mut body = String::with_capacity(64 + 320 * entries.len());
    let alone = entries.len() == 1;
    if !alone {
        body.push('[');
    }
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        push_entry(&mut body, entry);
    }
    if !alone {
        body.push(']');
    }
    body
}

/// Writes as many entries as fit into `bytes_max`, in order, and says how many: at least the
/// first, however large it is; none only where there is none.
#[must_use]
pub fn fit(entries: &[Entry], bytes_max: usize) -> (String, usize) {
    let mut body = String::from("[");
    let mut taken = 0;
    for entry in entries {
        let before = body.len();
        if taken > 0 {
            body.push(',');
        }
        push_entry(&mut body, entry);
        // One more for the closing bracket.
        if taken > 0 && body.len() + 1 > bytes_max {
            body.truncate(before);
            break;
        }
        taken += 1;
    }
    match taken {
        0 => (String::new(), 0),
        1 => (body.split_off(1), 1),
        _ => {
            body.push(']');
            (body, taken)
        }
    }
}

fn push_entry(body: &mut String, entry: &Entry) {
    // Writing into a String cannot fail.
    let _ = match entry {
        Entry::Sample(sample) => push_sample(body, sample),
        Entry::Lost(lost) => write!(
            body,
            "{{\"spool\":\"{}\",\"seq\":{},\"upto\":{},\"lost\":\"{}\"}}",
            lost.spool,
            lost.seq,
            lost.upto,
            lost.reason.as_str()
        ),
    };
}

/// Identifiers and point names need no escapes; the name of a fault may.
fn push_sample(body: &mut String, sample: &Sample) -> fmt::Result {
    write!(
        body,
        "{{\"at\":{},\"seq\":{},\"spool\":\"{}\",\"boot\":\"{}\"",
        sample.at, sample.seq, sample.spool, sample.boot
    )?;
    match sample.clock {
        Clock::Trusted => body.push_str(",\"clock\":1"),
        Clock::Uncertain { uncertainty_ms } => write!(body, ",\"clock\":0,\"uncertainty_ms\":{uncertainty_ms}")?,
    }
    for (name, value) in &sample.points {
        debug_assert!(value.is_finite(), "a value that is no number belongs into `faults`: {name}");
        // JSON has no word for it; a point that is left out cannot be taken for a good one.
        if value.is_finite() {
            // `Display` of f64 is the shortest text that reads back the same, `612` for 612.0; but
            // it writes 1e300 with 300 zeros.
            if value.abs() < 1e16 && (value.abs() >= 1e-7 || *value == 0.0) {
                write!(body, ",\"{name}\":{value}")?;
            } else {
                write!(body, ",\"{name}\":{value:e}")?;
            }
        }
    }
    for (index, (name, fault)) in sample.faults.iter().enumerate() {
        body.push_str(if index == 0 { ",\"faults\":{" } else { "," });
        write!(body, "\"{name}\":{}", serde_json::Value::from(fault.as_str()))?;
    }
    body.push_str(if sample.faults.is_empty() { "}" } else { "}}" });
    Ok(())
}

impl LostReason {
    /// Every reason.
    pub const ALL: [LostReason; 3] = [Self::NeverDurable, Self::Evicted, Self::Corrupt];

    /// The reason as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverDurable => "never_durable",
            Self::Evicted => "evicted",
            Self::Corrupt => "corrupt",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"at":1763880000123,"seq":4711,"spool":"k3f9x0q2","boot":"7c1e04aa","clock":1,"temperature_celsius":20.4,"co2_ppm":612,"faults":{"illuminance_lux":"no_response"}}"#;

    #[test]
    fn a_sample_prints_as_it_was_read() {
        let entries = parse(ONE.as_bytes()).unwrap();
        assert_eq!(print(&entries), ONE);
        let many = format!("[{ONE},{ONE}]");
        assert_eq!(print(&parse(many.as_bytes()).unwrap()), many);
    }

    #[test]
    fn as_many_entries_fit_as_the_limit_allows_and_never_none() {
        let entries = vec![parse(ONE.as_bytes()).unwrap().remove(0); 5];
        assert_eq!(fit(&entries, usize::MAX).1, 5);
        assert_eq!(fit(&entries, 1), (ONE.to_owned(), 1));
        assert_eq!(fit(&entries, 2 * ONE.len() + 3).1, 2);
        assert_eq!(fit(&entries, 2 * ONE.len() + 2).1, 1);
    }
}
