//! How a room stands: what somebody said of it, and what its own sensor tells.
//!
//! A locked room is locked whoever is in it; else what is sensed counts before what was said. Only live
//! words of the sensor count, the newest of them, and none older than [`GAP_MS`]: a sensor that fell silent
//! tells nothing, and a room of which nothing is known counts as being in any state.

use wire::{PointName, UnixMs};

use super::{GAP_MS, RoomState};

/// What is known of a room. Nothing at first.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// What somebody said.
    pub said: Option<RoomState>,
    /// The point that tells whether somebody is in it.
    pub point: Option<PointName>,
    /// What that point last told, and when.
    sensed: Option<(UnixMs, bool)>,
}

impl Room {
    /// How it stands at `now`, where that is known.
    #[must_use]
    pub fn state(&self, now: UnixMs) -> Option<RoomState> {
        let sensed =
            self.sensed.filter(|(at, _)| now.saturating_sub(*at) <= GAP_MS).map(|(_, is_occupied)| is_occupied);
        match (self.said, sensed) {
            (Some(RoomState::Locked), _) => Some(RoomState::Locked),
            (_, Some(true)) => Some(RoomState::Occupied),
            (Some(RoomState::Prepared), Some(false)) => Some(RoomState::Prepared),
            (_, Some(false)) => Some(RoomState::Empty),
            (said, None) => said,
        }
    }

    /// Takes what a live sample tells; what is older than what is known already is no news.
    pub fn sense(&mut self, at: UnixMs, points: &[(PointName, f64)]) {
        let Some(point) = &self.point else { return };
        let is_news = self.sensed.is_none_or(|(last, _)| at >= last);
        if let Some((_, value)) = points.iter().find(|(name, _)| name == point).filter(|_| is_news) {
            self.sensed = Some((at, *value >= 0.5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sensed_counts_before_what_was_said_until_it_is_old() {
        let point = PointName::parse("room_occupied").unwrap();
        let mut room = Room { said: Some(RoomState::Prepared), point: Some(point.clone()), sensed: None };
        assert_eq!(room.state(0), Some(RoomState::Prepared));
        room.sense(1_000, &[(point.clone(), 1.0)]);
        assert_eq!(room.state(1_000), Some(RoomState::Occupied));
        room.sense(500, &[(point.clone(), 0.0)]);
        assert_eq!(room.state(1_000), Some(RoomState::Occupied), "older than what is known");
        room.sense(2_000, &[(point, 0.0)]);
        assert_eq!(room.state(2_000), Some(RoomState::Prepared), "guests left, nothing else was said");
        room.said = None;
        assert_eq!(room.state(2_000), Some(RoomState::Empty));
        assert_eq!(room.state(2_001 + GAP_MS), None, "the sensor fell silent");
        room.said = Some(RoomState::Locked);
        assert_eq!(room.state(2_000), Some(RoomState::Locked));
    }
}
