//! Kind `disagree`: judges a point against its siblings in the same sample. It is bad while it is further
//! than `apart` from their median: then the sensor is suspect, not the room. A sample in which no sibling
//! has a value says nothing.
//!
//! Worked example: three thermometers of a fridge read 4.0, 4.3 and 9.1 °C and `apart = 3.0`. The third
//! is 4.95 from the median of the others, 4.15: bad. The first is 2.7 from the median of the others, 6.7,
//! and the second 2.25: good. Two siblings that contradict each other suspect each other, and people look.

use super::run::Verdict;

/// Judges `value` by the values of its siblings; gives how far it is from their median.
#[must_use]
pub fn judge(value: f64, siblings: &mut [f64], apart: f64) -> Option<(f64, Verdict)> {
    let off = (value - median(siblings)?).abs();
    let verdict = if off > apart { Verdict::Bad { limit: Some(apart), excess: off - apart } } else { Verdict::Good };
    Some((off, verdict))
}

/// The middle one, or the mean of the two in the middle.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len(), values.len() % 2) {
        (0, _) => None,
        (_, 0) => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        let off = |value, siblings: &mut [f64]| {
            judge(value, siblings, 3.0).map(|(off, v)| ((off * 100.0).round(), v != Verdict::Good))
        };
        assert_eq!(off(9.1, &mut [4.3, 4.0]), Some((495.0, true)));
        assert_eq!(off(4.0, &mut [9.1, 4.3]), Some((270.0, false)));
        assert_eq!(off(4.3, &mut [9.1, 4.0]), Some((225.0, false)));
        assert_eq!(off(4.3, &mut []), None);
        assert_eq!(off(1.0, &mut [3.0, 1.0, 2.0]), Some((100.0, false)));
    }
}
