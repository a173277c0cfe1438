//! Numbers of tickets as people say them: `nanshan-20261123-004`, counted by venue and business day.

use std::collections::HashMap;

use wire::Id;

/// The highest count given, by venue and day (as `20261123`).
#[derive(Debug, Clone, Default)]
pub struct Numbers(HashMap<(Id, u32), u32>);

impl Numbers {
    /// Learns of a number that was given before.
    pub fn learn(&mut self, venue: &Id, number: &str) {
        let rest = number.strip_prefix(venue.as_str()).and_then(|r| r.strip_prefix('-'));
        let Some((day, count)) = rest.and_then(|r| r.split_once('-')) else { return };
        if let (Ok(day), Ok(count)) = (day.parse(), count.parse::<u32>()) {
            let highest = self.0.entry((venue.clone(), day)).or_insert(0);
            *highest = count.max(*highest);
        }
    }

    /// The next number of `venue` on `day`.
    pub fn next(&mut self, venue: &Id, day: u32) -> String {
        // Days long past are asked for no more.
        if self.0.len() > DAYS_MAX {
            self.0.retain(|(_, d), _| *d + 1 >= day);
        }
        let count = self.0.entry((venue.clone(), day)).or_insert(0);
        *count += 1;
        format!("{venue}-{day:08}-{count:03}")
    }
}

/// Days of venues remembered before old ones are dropped: far more than a day of a large chain.
const DAYS_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_venue_and_day_and_go_on_after_a_restart() {
        let (a, b) = (Id::parse("nanshan").unwrap(), Id::parse("nanshan-2").unwrap());
        let mut numbers = Numbers::default();
        numbers.learn(&a, "nanshan-20261123-007");
        numbers.learn(&a, "nanshan-20261123-003");
        numbers.learn(&a, "nanshan-2-20261123-009");
        assert_eq!(numbers.next(&a, 20_261_123), "nanshan-20261123-008");
        assert_eq!(numbers.next(&a, 20_261_124), "nanshan-20261124-001");
        assert_eq!(numbers.next(&b, 20_261_123), "nanshan-2-20261123-001");
    }
}
