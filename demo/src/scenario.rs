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
    /// The song server, which all rooms ask, stops.
    SongServerStops,
    /// It runs again.
    SongServerRuns,
    /// Somebody takes an open ticket: I am on it.
    Acknowledge(Whose),
    /// Somebody says that it is mended.
    SayFixed(Whose),
    /// Somebody ends the mended ticket.
    Close(Whose),
}

/// Whose ticket a person acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The worst of a room.
    Room(usize),
    /// That of the song server.
    SongServer,
}

use Whose::{Room, SongServer};

/// A step: when after the start of the story, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Venue time since the story began.
    pub after: Duration,
    /// What happens.
    pub deed: Deed,
}

const fn at(minute: u64, second: u64, deed: Deed) -> Step {
    Step { after: Duration::from_secs(minute * 60 + second), deed }
}

/// The evening begins forty minutes before the opening: five things break, the report before the opening
/// names those that matter, people act, and the data proves what they say.
const EVENING: [Step; 17] = [
    at(2, 0, Deed::AmplifierOff(2)),
    at(3, 0, Deed::SensorDies(1)),
    at(5, 0, Deed::CoolingFails(4)),
    // The report comes between minutes 6 and 14, the amplifier's ticket half an hour before the opening. After
    // five minutes without a word the manager's telephone rings.
    at(17, 0, Deed::Acknowledge(Room(2))),
    // Said too early: the amplifier is still dark, and the ticket says so.
    at(19, 0, Deed::SayFixed(Room(2))),
    at(23, 0, Deed::AmplifierOn(2)),
    // Said again: now the readings agree.
    at(23, 20, Deed::SayFixed(Room(2))),
    // One ticket for the server; that no room can choose songs is written there.
    at(26, 0, Deed::SongServerStops),
    at(30, 0, Deed::Acknowledge(SongServer)),
    at(33, 0, Deed::SongServerRuns),
    at(35, 0, Deed::SensorReplaced(1)),
    at(37, 0, Deed::Unplugged(6)),
    at(39, 0, Deed::Acknowledge(Room(4))),
    at(42, 0, Deed::Close(SongServer)),
    at(48, 0, Deed::PluggedIn(6)),
    at(51, 0, Deed::CoolingMended(4)),
    at(54, 0, Deed::Close(Room(6))),
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
                Deed::AmplifierOff(_)
                    | Deed::CoolingFails(_)
                    | Deed::SensorDies(_)
                    | Deed::Unplugged(_)
                    | Deed::SongServerStops
            )),
            count(|d| matches!(
                d,
                Deed::AmplifierOn(_)
                    | Deed::CoolingMended(_)
                    | Deed::SensorReplaced(_)
                    | Deed::PluggedIn(_)
                    | Deed::SongServerRuns
            )),
        );
    }
}
