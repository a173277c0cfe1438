//! What a room's sensors say at an instant: arithmetic over the time of day with noise from the seed. The
//! values are rounded as chips give them, and kept, so that what is expected is computed of the very numbers.

use wire::{Id, PointName, UnixMs};

use super::{HOUR_MS, MINUTE_MS, of_day, plan::What};
use crate::Rng;

/// Points of a room, with their units and the asset that they belong to.
pub(super) const POINTS: [(&str, &str, Option<&str>); 16] = [
    ("temperature_celsius", "Cel", None),
    ("humidity_percent", "%RH", None),
    ("co2_ppm", "ppm", None),
    ("illuminance_lux", "lx", None),
    ("sound_db", "dB", None),
    ("room_occupied", "/", None),
    ("amplifier_power_on", "/", Some("amplifier")),
    ("amplifier_current_ampere", "A", Some("amplifier")),
    ("air_conditioner_current_ampere", "A", Some("air-conditioner")),
    ("light_current_ampere", "A", None),
    ("song_box_reachable", "/", Some("song-box")),
    ("extinguisher_1_present", "/", Some("extinguisher-1")),
    ("computer_clock_synchronized", "/", None),
    ("spool_depth_count", "/", None),
    ("spool_size_bytes", "By", None),
    ("spool_evicted_count", "/", None),
];

/// The names of [`POINTS`].
pub(super) fn names() -> Vec<PointName> {
    let name = |(name, ..): (&str, &str, Option<&str>)| PointName::parse(name).expect("a name of ours");
    POINTS.into_iter().map(name).collect()
}

/// The asset of a room, by its name in [`POINTS`]: extinguishers have a number of their own in the venue.
pub(super) fn asset(place: usize, name: &str) -> Id {
    let name = if name == "extinguisher-1" { format!("extinguisher-{}", place + 1) } else { name.to_owned() };
    Id::parse(&name).expect("a name of ours")
}

/// Decimals as chips give them.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// Degrees of a room without faults. The air conditioning begins at 16:30; two rooms are slow and still warm a
/// quarter of an hour before opening, too short for a ticket.
fn celsius(place: usize, at: UnixMs, rng: &mut Rng) -> f64 {
    let day = of_day(at);
    let slow = matches!(place, 2 | 6);
    let noise = rng.normal().clamp(-2.0, 2.0) * 0.25;
    let outlier = rng.below(150) == 0;
    let minutes = (day - (16 * 60 + 30) * MINUTE_MS) / MINUTE_MS;
    if day < 2 * HOUR_MS || minutes >= if slow { 110 } else { 60 } {
        return 20.2 + place as f64 * 0.05 + noise + if outlier { 2.8 } else { 0.0 };
    }
    let warm = 25.0 + place as f64 * 0.1 + noise;
    if minutes < 0 {
        return warm;
    }
    let share = minutes as f64 / if slow { 110.0 } else { 60.0 };
    (warm - share * 4.0).max(22.3)
}

/// The values of [`POINTS`] of a room at an instant.
pub(super) fn values(place: usize, at: UnixMs, broken: &[What], rng: &mut Rng) -> Vec<f64> {
    let is = |what| broken.contains(&what);
    let flag = |yes: bool| f64::from(u8::from(yes));
    let day = of_day(at);
    let lit = !(2 * HOUR_MS..(17 * 60 + 30) * MINUTE_MS).contains(&day);
    let cooled = !(2 * HOUR_MS..(16 * 60 + 30) * MINUTE_MS).contains(&day);
    // Guests come from 19:00 on and leave an hour before closing; every third room stays free each evening.
    let evening = !(HOUR_MS..19 * HOUR_MS).contains(&day);
    let guests = evening && (place as i64 + (at + 8 * HOUR_MS - 7 * HOUR_MS) / (24 * HOUR_MS)) % 3 != 0;
    let air = celsius(place, at, rng);
    let mut noise = |spread: f64| rng.normal().clamp(-2.5, 2.5) * spread;
    let hot = if is(What::Hot) { 26.0 + noise(0.2) } else { air };
    vec![
        rounded(hot, 2),
        rounded(48.0 + noise(3.0), 1),
        rounded(if guests { 950.0 } else { 560.0 } + noise(40.0), 0),
        rounded(if lit { 45.0 + noise(4.0) } else { 0.0 }, 1),
        rounded(if guests { 84.0 + noise(2.0) } else { 38.0 + noise(1.0) }, 1),
        flag(guests),
        flag(lit && !is(What::Amplifier)),
        rounded(if guests && !is(What::Amplifier) { 1.4 } else { 0.2 } + noise(0.02), 3),
        rounded(if cooled && !is(What::Hot) { 4.2 + noise(0.3) } else { 0.05 }, 3),
        rounded(if lit { 0.9 + noise(0.05) } else { 0.0 }, 3),
        flag(!is(What::SongBox)),
        flag(!is(What::Extinguisher)),
        1.0,
        2.0,
        410.0,
        0.0,
    ]
}
