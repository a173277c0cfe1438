//! The life of a karaoke room by the clock: who is in it, how bright, how loud. Turns a time into
//! settings; decides nothing about air, which the physics does. The same seed gives the same days.

use super::physics::Setting;

/// Local time of the rooms that are simulated, in seconds east of Greenwich: China.
const ZONE_SECONDS: i64 = 8 * 3600;
/// Open from noon until 2 in the morning, as the law has it at most.
const OPEN_HOUR: i64 = 12;
const CLOSE_HOUR: i64 = 26;
/// A party stays two hours; then the room is cleaned for a quarter of one, brightly lit.
const PARTY_SECONDS: i64 = 2 * 3600;
const CLEANING_SECONDS: i64 = 15 * 60;
/// Of the slots in the afternoon and in the evening so many in a hundred are taken.
const TAKEN_AFTERNOON: u64 = 35;
const TAKEN_EVENING: u64 = 85;

/// What the room is like at `wall`, in ms since 1970.
pub(super) fn at(seed: u64, wall: wire::UnixMs) -> [Setting; 3] {
    let local = wall.div_euclid(1000) + ZONE_SECONDS;
    // A business day ends at 6 in the morning, so hours run from 6 to 30.
    let day = (local - 6 * 3600).div_euclid(86_400);
    let second = local - day * 86_400;
    if !(OPEN_HOUR * 3600..CLOSE_HOUR * 3600).contains(&second) {
        return settings(0, 5.0, 0.0);
    }
    let slot = (second - OPEN_HOUR * 3600).div_euclid(PARTY_SECONDS);
    let into = (second - OPEN_HOUR * 3600).rem_euclid(PARTY_SECONDS);
    let draw = draw(seed, day, slot);
    let taken = if slot < 3 { TAKEN_AFTERNOON } else { TAKEN_EVENING };
    if draw % 100 >= taken {
        settings(0, 40.0, 50.0)
    } else if into < CLEANING_SECONDS {
        settings(1, 180.0, 50.0)
    } else {
        let people = 2 + (draw >> 8) % 8;
        settings(u32::try_from(people).unwrap_or(2), 45.0, 350.0)
    }
}

fn settings(people: u32, lamps_lux: f64, music_watt: f64) -> [Setting; 3] {
    [Setting::People(people), Setting::LampsLux(lamps_lux), Setting::MusicWatt(music_watt)]
}

/// A number that looks random and is the same for the same slot.
fn draw(seed: u64, day: i64, slot: i64) -> u64 {
    let mut z = seed ^ day.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ slot.cast_unsigned() << 32;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-11-23 00:00 in China.
    const MIDNIGHT: i64 = 1_763_827_200_000;

    fn people(hour: f64) -> u32 {
        match at(7, MIDNIGHT + (hour * 3_600_000.0) as i64)[0] {
            Setting::People(people) => people,
            _ => unreachable!(),
        }
    }

    #[test]
    fn nobody_is_there_while_the_venue_is_closed() {
        for quarter in 9..47 {
            assert_eq!(people(f64::from(quarter) * 0.25), 0, "{quarter}");
        }
    }

    #[test]
    fn most_evenings_somebody_sings() {
        let busy = (0..30).filter(|day| people(f64::from(day * 24) + 21.0) > 0).count();
        assert!((20..30).contains(&busy), "{busy} of 30");
    }

    #[test]
    fn the_same_seed_gives_the_same_day() {
        assert_eq!(at(3, MIDNIGHT), at(3, MIDNIGHT));
    }
}
