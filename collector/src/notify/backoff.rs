//! How long to wait after a failed delivery: exponential with full jitter, so that many channels
//! that failed together do not come back together. Gives up never, and caps the wait.

/// The first wait is at most this, in milliseconds.
const FIRST_MS: u64 = 2_000;

/// No wait is longer than this, in milliseconds: people are told within five minutes after a channel
/// is well again.
pub const LONGEST_MS: u64 = 300_000;

/// A receiver that asks for more time than this is asked again all the same, in milliseconds.
pub const RETRY_AFTER_MS_MAX: i64 = 3_600_000;

/// Not even a lucky draw waits less, in milliseconds.
const SHORTEST_MS: u64 = 200;

/// The wait before the next try after `failures` in a row (from 1), in milliseconds. `random` is
/// any number, drawn anew each time; `retry_after_ms` is what the receiver asked for.
#[must_use]
pub fn wait_ms(failures: u32, random: u64, retry_after_ms: Option<i64>) -> i64 {
    let doublings = failures.saturating_sub(1).min(20);
    let ceiling = FIRST_MS.saturating_mul(1 << doublings).min(LONGEST_MS);
    let jittered = SHORTEST_MS + random % (ceiling - SHORTEST_MS + 1);
    let asked = retry_after_ms.unwrap_or(0).clamp(0, RETRY_AFTER_MS_MAX);
    i64::try_from(jittered).map_or(i64::MAX, |ms| ms.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_cap_and_keep_the_receivers_wish() {
        assert_eq!(wait_ms(1, 0, None), 200);
        assert_eq!(wait_ms(1, 1_800, None), 2_000);
        assert_eq!(wait_ms(4, 15_800, None), 16_000);
        assert_eq!(wait_ms(u32::MAX, 299_800, None), 300_000);
        assert_eq!(wait_ms(1, 0, Some(7_000)), 7_000);
        assert_eq!(wait_ms(1, 0, Some(i64::MAX)), RETRY_AFTER_MS_MAX);
        for random in 0..10_000 {
            assert!((200..=2_000).contains(&wait_ms(1, random, Some(-5))));
        }
    }
}
