//! How many messages a robot bears: a bucket of tokens that fills again with time. Pure: the time is an
//! argument.

use wire::UnixMs;

/// Chat robots take 20 a minute (WeCom, DingTalk); two are left for others who use the same robot.
pub const ROBOT_A_MINUTE: u32 = 18;
const MINUTE_MS: i64 = 60_000;

/// The messages of the last minute.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    a_minute: Option<u32>,
    sent: std::collections::VecDeque<UnixMs>,
}

impl Bucket {
    /// A bucket for so many messages in any minute; none is no limit.
    #[must_use]
    pub fn new(a_minute: Option<u32>) -> Self {
        Self { a_minute, sent: std::collections::VecDeque::new() }
    }

    /// How long to wait at `now` until one more may be sent; 0 if it may now.
    pub fn wait_ms(&mut self, now: UnixMs) -> i64 {
        let Some(a_minute) = self.a_minute else { return 0 };
        while self.sent.front().is_some_and(|at| *at + MINUTE_MS <= now || *at > now) {
            self.sent.pop_front();
        }
        if self.sent.len() < usize::try_from(a_minute).unwrap_or(usize::MAX) {
            return 0;
        }
        self.sent.front().map_or(0, |at| at + MINUTE_MS - now)
    }

    /// One was sent, or tried, at `now`.
    pub fn spend(&mut self, now: UnixMs) {
        if self.a_minute.is_some() {
            self.sent.push_back(now);
        }
    }

    /// How many may be sent at `now`; none where there is no limit.
    pub fn left(&mut self, now: UnixMs) -> Option<u32> {
        self.wait_ms(now);
        let a_minute = self.a_minute?;
        Some(a_minute.saturating_sub(u32::try_from(self.sent.len()).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_ever_has_more_than_the_robot_bears() {
        let mut bucket = Bucket::new(Some(ROBOT_A_MINUTE));
        let (mut now, mut sent) = (0, Vec::new());
        while now < 600_000 {
            let wait = bucket.wait_ms(now);
            if wait == 0 {
                bucket.spend(now);
                sent.push(now);
                now += 7;
            } else {
                now += wait;
            }
        }
        for (index, at) in sent.iter().enumerate() {
            let within = sent[index..].iter().take_while(|later| **later < at + 60_000).count();
            assert!(within <= 18, "{within} in the minute from {at}");
        }
        assert!(sent.len() >= 170, "{} in ten minutes", sent.len());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_a_channel() {
        let mut bucket = Bucket::new(Some(1));
        bucket.spend(1_000_000);
        assert_eq!(bucket.wait_ms(500_000), 0);
    }
}
