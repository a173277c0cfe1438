//! What happens in the venue, as a list of steps at minutes of the venue's clock.

use std::time::Duration;

use crate::options::Story;

/// What a step does. Rooms are numbered from 0 and taken modulo the number of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The amplifier of a room loses power.
    AmplifierOff(usize),
    /// It has power again.
    AmplifierOn(usize),
    /// The air conditioning of a room fails.
    CoolingFails(usize),
    /// It works again.
    CoolingMended(usize),
    /// The light sensor of a room stops answering.
    SensorDies(usize),
    /// It is replaced.
    SensorReplaced(usize),
    /// The agent of a room loses its network; it goes on reading.
    Unplugged(usize),
    /// It is connected again and brings its backlog.
    PluggedIn(usize),
    /// Somebody takes the open ticket of a room: I am on it.
    Acknowledge(usize),
    /// Somebody says that the open ticket of a room is mended.
    SayFixed(usize),
    /// Somebody ends the mended ticket of a room.
    Close(usize),
}

/// A step: when after the start of the story, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Venue time since the story began.
    pub after: Duration,
    /// What happens.
    pub deed: Deed,
}

const fn at_minute(minute: u64, deed: Deed) -> Step {
    Step { after: Duration::from_secs(minute * 60), deed }
}

/// The evening: four things break, people act, the data proves what they say.
const EVENING: [Step; 13] = [
    at_minute(3, Deed::AmplifierOff(2)),
    at_minute(6, Deed::CoolingFails(4)),
    at_minute(10, Deed::SensorDies(1)),
    at_minute(14, Deed::Acknowledge(2)),
    // Said too early: the amplifier is still dark, and the ticket says so.
    at_minute(18, Deed::SayFixed(2)),
    at_minute(22, Deed::AmplifierOn(2)),
    at_minute(26, Deed::Unplugged(6)),
    at_minute(34, Deed::Acknowledge(4)),
    at_minute(36, Deed::SensorReplaced(1)),
    at_minute(40, Deed::PluggedIn(6)),
    at_minute(52, Deed::CoolingMended(4)),
    at_minute(56, Deed::Close(2)),
    at_minute(60, Deed::Close(6)),
];

/// The steps of a story, in order of time.
#[must_use]
pub fn steps(story: Story) -> &'static [Step] {
    match story {
        Story::Evening => &EVENING,
        Story::Calm => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evening_goes_forward_and_mends_all_that_it_breaks() {
        let steps = steps(Story::Evening);
        assert!(steps.windows(2).all(|pair| pair[0].after < pair[1].after));
        let count = |wanted: fn(&Deed) -> bool| steps.iter().filter(|s| wanted(&s.deed)).count();
        assert_eq!(
            count(|d| matches!(
                d,
                Deed::AmplifierOff(_) | Deed::CoolingFails(_) | Deed::SensorDies(_) | Deed::Unplugged(_)
            )),
            count(|d| matches!(
                d,
                Deed::AmplifierOn(_) | Deed::CoolingMended(_) | Deed::SensorReplaced(_) | Deed::PluggedIn(_)
            )),
        );
    }
}
