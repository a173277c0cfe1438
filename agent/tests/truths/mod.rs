//! How far from the truth of a simulated room a reading may be: the noise and the quantum of each
//! kind of chip. A quantity without a line here fails the test that meets it.

use agent::driver::simulated::Truth;

/// Whether `value` is what a working chip of the kind `word` can say of `truth`.
#[allow(dead_code)]
pub fn near(word: &str, quantity: &str, value: f64, truth: &Truth) -> bool {
    let within = |truth: f64, tolerance: f64| (value - truth).abs() <= tolerance;
    match (word, quantity) {
        (_, "temperature_celsius") => within(truth.temperature_celsius, 0.7),
        (_, "humidity_percent") => within(truth.humidity_percent, 2.0),
        (_, "air_pressure_hpa") => within(truth.pressure_hpa, 1.0),
        (_, "co2_ppm") => within(truth.co2_ppm, 30.0),
        // An index has no truth but what is usual; nothing happens in the room.
        ("sgp4x", "voc_index") => (20.0..=180.0).contains(&value),
        // The dust of a simulated room is nearly all fine.
        (_, "pm1_ug_m3") => within(0.93 * truth.pm2_5_ug_m3, 2.0),
        (_, "pm2_5_ug_m3") => within(truth.pm2_5_ug_m3, 3.0),
        ("sps30", "pm4_ug_m3") => within(1.05 * truth.pm2_5_ug_m3, 2.0),
        (_, "pm10_ug_m3") => within(1.08 * truth.pm2_5_ug_m3, 2.0),
        (_, "illuminance_lux") => within(truth.illuminance_lux, 2.0 + 0.06 * truth.illuminance_lux),
        (_, "voltage_volt") => within(truth.rail_volt, 0.06),
        ("ct", "current_ampere") => within(truth.mains_ampere, 0.03),
        // The amplifier idles all the while.
        ("ct", "powered") => value == 1.0,
        ("ct", "playing" | "dead" | "overloaded") => value == 0.0,
        ("sound-adc", "sound_db") => within(truth.sound_db, 2.0),
        // Contacts are at rest: door shut, cylinder in place.
        ("mcp23017", "door_open") => value == 0.0,
        ("mcp23017", "present") => value == 1.0,
        (_, "current_ampere") => within(truth.rail_ampere, 0.02),
        (_, "power_watt") => within(truth.rail_volt * truth.rail_ampere, 0.3),
        // The tag of a simulated bracket stands still.
        ("pn532", "present") => value == 1.0,
        ("pn532", "tag_id") => value == 177_789_161_760_230.0,
        ("pn532", "type_code") => value == 2.0,
        ("pn532", "made_month" | "serviced_month") => value == 202_301.0,
        ("pn532", "due_month") => value == 202_801.0,
        ("pn532", "scrap_month") => value == 203_301.0,
        _ => panic!("nobody said how near `{quantity}` of `{word}` must be to the truth: tests/truths"),
    }
}
