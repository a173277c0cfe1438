//! When a rule matters, read from its definition; and random schedules and hours.

use wire::UnixMs;

use super::{random::Random, *};

/// What may be said of a room.
pub const STATES: [Option<RoomState>; 5] =
    [None, Some(RoomState::Prepared), Some(RoomState::Occupied), Some(RoomState::Empty), Some(RoomState::Locked)];

/// Half of all rules matter always.
pub fn when(random: &mut Random) -> When {
    let mut when = When::default();
    if random.one_in(2) {
        return when;
    }
    match random.below(5) {
        0 => when.open = true,
        1 => when.closed = true,
        2 => when.before_opening_ms = Some(random.pick(&[10, 60]) * SECOND),
        3 => (when.open, when.before_opening_ms) = (true, Some(random.pick(&[10, 60]) * SECOND)),
        _ => {}
    }
    if random.one_in(3) {
        when.seasons = vec![random.pick(&[(1_122, 1_123), (1_124, 228), (1_123, 1_123), (101, 1_122)])];
    }
    if random.one_in(3) {
        when.states = STATES.iter().flatten().copied().filter(|_| random.one_in(2)).collect();
    }
    when
}

/// Some minutes of a venue's life, cut in pieces of seconds where a real one has hours; sometimes they end
/// before the readings do, and sometimes nothing is known.
pub fn hours(random: &mut Random) -> Hours {
    if random.one_in(5) {
        return Hours::default();
    }
    let mut hours = Hours { from: START - random.below(60) * SECOND, ..Hours::default() };
    let mut at = hours.from;
    for _ in 0..random.below(6) {
        let opens = at + random.below(12) * 10 * SECOND;
        at = opens + (1 + random.below(12)) * 10 * SECOND;
        hours.open.push((opens, at));
        at += SECOND;
    }
    hours.until = at + random.pick(&[0, 600]) * SECOND;
    hours.days = vec![(hours.from, 1_123), (START + random.below(60) * 10 * SECOND, 1_124)];
    hours
}

/// How a room stands, by what somebody said and all that its sensor told live.
pub fn room(said: Option<RoomState>, sensed: &[(UnixMs, f64)], now: UnixMs) -> Option<RoomState> {
    let newest = sensed.iter().map(|(at, _)| *at).max();
    let is_in =
        sensed.iter().rfind(|(at, _)| Some(*at) == newest && now - at <= 300_000).map(|(_, value)| *value >= 0.5);
    match (said, is_in) {
        (Some(RoomState::Locked), _) => said,
        (_, None) => said,
        (_, Some(true)) => Some(RoomState::Occupied),
        (Some(RoomState::Prepared), Some(false)) => said,
        (_, Some(false)) => Some(RoomState::Empty),
    }
}

/// Whether the rule matters at `at`.
pub fn matters(rule: &Rule, place: &Place, at: UnixMs, room: Option<RoomState>) -> bool {
    let of_kind = match &place.kind {
        Some(kind) => rule.kinds.is_empty() || rule.kinds.iter().any(|k| k == kind),
        None => true,
    };
    let in_state = match room {
        Some(state) => rule.when.states.is_empty() || rule.when.states.contains(&state),
        None => true,
    };
    let is_known = (place.hours.from..place.hours.until).contains(&at);
    of_kind
        && in_state
        && match is_known {
            true => in_hours(&rule.when, &place.hours, at) && in_season(&rule.when, &place.hours, at),
            // A venue of which nothing is known is open.
            false => !rule.when.closed,
        }
}

fn in_hours(when: &When, hours: &Hours, at: UnixMs) -> bool {
    let is_open = hours.open.iter().any(|(from, until)| (*from..*until).contains(&at));
    let soon = |ms: i64| hours.open.iter().any(|(from, _)| *from > at && *from - ms <= at);
    let wanted = [
        (when.open, is_open),
        (when.closed, !is_open),
        (when.before_opening_ms.is_some(), !is_open && when.before_opening_ms.is_some_and(soon)),
    ];
    wanted.iter().all(|(is_asked, _)| !is_asked) || wanted.contains(&(true, true))
}

/// Walks from the first day of each season to its last.
fn in_season(when: &When, hours: &Hours, at: UnixMs) -> bool {
    let Some((_, today)) = hours.days.iter().rfind(|(from, _)| *from <= at) else { return true };
    let has = |(first, last): &(u16, u16)| {
        let mut day = *first;
        while day != *today && day != *last {
            day = if day == 1_231 { 101 } else { day + 1 };
        }
        day == *today
    };
    when.seasons.is_empty() || when.seasons.iter().any(has)
}
