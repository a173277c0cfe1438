//! The air and the light of one room: heat, vapour and CO2 between people, lamps, music, the air
//! conditioning and the outside. Deterministic: the same seed, settings and times give the same
//! room. One zone of well-mixed air; good for plausible curves, not for engineering.

use std::time::Duration;

/// What can be changed in a room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// The air conditioning runs, or is off.
    AirConditioning(bool),
    /// Its thermostat, in °C.
    SetpointCelsius(f64),
    /// The supply of fresh air runs, or is off.
    FreshAir(bool),
    /// How many people are in the room.
    People(u32),
    /// Light of the lamps at the sensor, in lx.
    LampsLux(f64),
    /// Light of the day at the sensor, in lx.
    DaylightLux(f64),
    /// Heat of the sound system, in W: 50 idle, 400 loud.
    MusicWatt(f64),
    /// What is behind the walls and comes in as fresh air: °C and %RH.
    Outside {
        /// Its temperature.
        celsius: f64,
        /// Its relative humidity.
        humidity_percent: f64,
    },
    /// The room's air temperature at once, in °C: skips the wait of a drift.
    TemperatureCelsius(f64),
    /// The room's CO2 at once, in ppm.
    Co2Ppm(f64),
    /// Air pressure, in hPa.
    PressureHpa(f64),
    /// Volatile organic compounds at once, in ppb.
    VocPpb(f64),
    /// Fine dust at once, in µg/m³.
    Pm25UgM3(f64),
    /// Sound level, in dB(A), instead of what the music gives.
    SoundDb(f64),
    /// Current of the amplifier's mains branch, in A, instead of what the music draws.
    MainsAmpere(f64),
    /// Voltage of the low-voltage rail, in V.
    RailVolt(f64),
    /// Its current, in A, instead of what the lamps draw.
    RailAmpere(f64),
    /// The fridge's air, in °C.
    FridgeCelsius(f64),
    /// The freezer's air, in °C.
    FreezerCelsius(f64),
}

/// What a perfect sensor would read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Air temperature.
    pub temperature_celsius: f64,
    /// Relative humidity.
    pub humidity_percent: f64,
    /// Carbon dioxide.
    pub co2_ppm: f64,
    /// Light.
    pub illuminance_lux: f64,
    /// Air pressure.
    pub pressure_hpa: f64,
    /// Volatile organic compounds.
    pub voc_ppb: f64,
    /// Particles up to 2.5 µm.
    pub pm2_5_ug_m3: f64,
    /// A-weighted sound level.
    pub sound_db: f64,
    /// Current of the amplifier's mains branch, true RMS.
    pub mains_ampere: f64,
    /// Voltage of the low-voltage rail.
    pub rail_volt: f64,
    /// Its current.
    pub rail_ampere: f64,
    /// Air of the fridge.
    pub fridge_celsius: f64,
    /// Air of the freezer.
    pub freezer_celsius: f64,
}

/// 30 m² by 2.8 m.
const VOLUME_M3: f64 = 84.0;
/// Air, furniture and the skin of the walls, as one store of heat.
const HEAT_J_PER_K: f64 = 450_000.0;
/// Walls and door.
const WALL_W_PER_K: f64 = 35.0;
/// A seated, singing adult: sensible heat, vapour and CO2 (ASHRAE Fundamentals, ch. 18, rounded).
const PERSON_W: f64 = 80.0;
const PERSON_VAPOUR_G_PER_S: f64 = 0.017;
const PERSON_CO2_L_PER_S: f64 = 0.0052;
/// Changes of air an hour with fresh air on, and by leaks alone.
const FRESH_PER_HOUR: f64 = 5.0;
const LEAK_PER_HOUR: f64 = 0.3;
/// The fresh-air unit dries what it brings in down to a dew point of 12 °C.
const SUPPLY_VAPOUR_G_M3_MAX: f64 = 10.6;
const OUTSIDE_CO2_PPM: f64 = 425.0;
/// Ten singers and the fresh air on settle at some 500 ppb.
const OUTSIDE_VOC_PPB: f64 = 60.0;
const PERSON_VOC_PPB_PER_S: f64 = 0.065;
/// A city's air behind a coarse filter.
const SUPPLY_PM2_5_UG_M3: f64 = 14.0;
/// An amplifier draws its heat from 230 V, with a power factor of 0.9.
const MAINS_VOLT: f64 = 230.0 * 0.9;
/// A compressor's cycle, in seconds, and how far the air swings about its mean, in K.
const FRIDGE_CYCLE: (u64, f64) = (1_800, 0.6);
/// The air conditioning: how hard it pulls per kelvin over the set point, and the most it can.
const COOLING_W_PER_K: f64 = 2500.0;
const COOLING_W_MAX: f64 = 5000.0;
/// Heat of lamps per lux at the sensor; a dim room with 60 lx is lit by some 60 W.
const LAMP_W_PER_LUX: f64 = 1.0;
/// One step of the integration; small against every time constant above (tens of seconds).
const STEP: Duration = Duration::from_secs(1);
/// A gap longer than this is integrated as if it were this long: by then the room is settled.
const GAP_MAX: Duration = Duration::from_secs(6 * 3600);

pub(super) struct Physics {
    seed: u64,
    at: Duration,
    cooling: bool,
    setpoint_celsius: f64,
    fresh_air: bool,
    people: f64,
    lamps_lux: f64,
    daylight_lux: f64,
    music_watt: f64,
    outside_celsius: f64,
    outside_vapour_g_m3: f64,
    celsius: f64,
    vapour_g_m3: f64,
    co2_ppm: f64,
    voc_ppb: f64,
    pm2_5_ug_m3: f64,
    pressure_hpa: f64,
    sound_db: Option<f64>,
    mains_ampere: Option<f64>,
    rail_volt: f64,
    rail_ampere: Option<f64>,
    fridge_celsius: f64,
    freezer_celsius: f64,
}

impl Physics {
    /// A room that stood cooled and empty for hours.
    pub(super) fn new(seed: u64, at: Duration) -> Self {
        Self {
            seed,
            at,
            cooling: true,
            setpoint_celsius: 20.0,
            fresh_air: true,
            people: 0.0,
            lamps_lux: 60.0,
            daylight_lux: 0.0,
            music_watt: 50.0,
            outside_celsius: 29.0,
            outside_vapour_g_m3: vapour_g_m3(29.0, 60.0),
            celsius: 20.3,
            vapour_g_m3: vapour_g_m3(20.3, 52.0),
            co2_ppm: 470.0,
            voc_ppb: 110.0,
            pm2_5_ug_m3: 12.0,
            pressure_hpa: 1013.0,
            sound_db: None,
            mains_ampere: None,
            rail_volt: 12.05,
            rail_ampere: None,
            fridge_celsius: 4.0,
            freezer_celsius: -19.0,
        }
    }

    pub(super) fn set(&mut self, setting: Setting) {
        match setting {
            Setting::AirConditioning(on) => self.cooling = on,
            Setting::SetpointCelsius(celsius) => self.setpoint_celsius = celsius,
            Setting::FreshAir(on) => self.fresh_air = on,
            Setting::People(count) => self.people = f64::from(count),
            Setting::LampsLux(lux) => self.lamps_lux = lux,
            Setting::DaylightLux(lux) => self.daylight_lux = lux,
            Setting::MusicWatt(watt) => self.music_watt = watt,
            Setting::Outside { celsius, humidity_percent } => {
                self.outside_celsius = celsius;
                self.outside_vapour_g_m3 = vapour_g_m3(celsius, humidity_percent);
            }
            Setting::TemperatureCelsius(celsius) => self.celsius = celsius,
            Setting::Co2Ppm(ppm) => self.co2_ppm = ppm,
            Setting::PressureHpa(hpa) => self.pressure_hpa = hpa,
            Setting::VocPpb(ppb) => self.voc_ppb = ppb,
            Setting::Pm25UgM3(ug_m3) => self.pm2_5_ug_m3 = ug_m3,
            Setting::SoundDb(db) => self.sound_db = Some(db),
            Setting::MainsAmpere(ampere) => self.mains_ampere = Some(ampere),
            Setting::RailVolt(volt) => self.rail_volt = volt,
            Setting::RailAmpere(ampere) => self.rail_ampere = Some(ampere),
            Setting::FridgeCelsius(celsius) => self.fridge_celsius = celsius,
            Setting::FreezerCelsius(celsius) => self.freezer_celsius = celsius,
        }
    }

    /// Lets the room live until `now`.
    pub(super) fn advance(&mut self, now: Duration) {
        if now.saturating_sub(self.at) > GAP_MAX {
            self.at = now - GAP_MAX;
        }
        while self.at + STEP <= now {
            self.step(STEP.as_secs_f64());
            self.at += STEP;
        }
    }

    fn step(&mut self, dt: f64) {
        let per_second = if self.fresh_air { FRESH_PER_HOUR + LEAK_PER_HOUR } else { LEAK_PER_HOUR } / 3600.0;
        let swapped_m3 = per_second * VOLUME_M3;
        // Air holds about 1200 J/(m³·K).
        let outside_w = (WALL_W_PER_K + 1200.0 * swapped_m3) * (self.outside_celsius - self.celsius);
        let inside_w = PERSON_W * self.people + LAMP_W_PER_LUX * self.lamps_lux + self.music_watt;
        let over = (self.celsius - self.setpoint_celsius).max(0.0);
        let cooling_w = if self.cooling { (COOLING_W_PER_K * over).min(COOLING_W_MAX) } else { 0.0 };
        self.celsius += dt * (outside_w + inside_w - cooling_w) / HEAT_J_PER_K;

        // A quarter of the cooling goes into drying (2450 J a gram) while the coil is below the dew point.
        let dew = vapour_g_m3(10.0, 100.0);
        let drying = if self.vapour_g_m3 > dew { 0.25 * cooling_w / 2450.0 } else { 0.0 };
        let dried = if self.fresh_air { SUPPLY_VAPOUR_G_M3_MAX } else { f64::INFINITY };
        let incoming = self.outside_vapour_g_m3.min(dried);
        self.vapour_g_m3 += dt
            * (per_second * (incoming - self.vapour_g_m3) + (PERSON_VAPOUR_G_PER_S * self.people - drying) / VOLUME_M3);
        self.vapour_g_m3 = self.vapour_g_m3.clamp(0.5, vapour_g_m3(self.celsius, 99.0));

        let breath_ppm = PERSON_CO2_L_PER_S * self.people / 1000.0 / VOLUME_M3 * 1e6;
        self.co2_ppm += dt * (per_second * (OUTSIDE_CO2_PPM - self.co2_ppm) + breath_ppm);
        let odour_ppb = PERSON_VOC_PPB_PER_S * self.people;
        self.voc_ppb += dt * (per_second * (OUTSIDE_VOC_PPB - self.voc_ppb) + odour_ppb);
        self.pm2_5_ug_m3 += dt * per_second * (SUPPLY_PM2_5_UG_M3 - self.pm2_5_ug_m3);
    }

    /// What the room is now, with the small unrest that any real room and sensing element has.
    pub(super) fn truth(&self) -> Truth {
        let noise = |what: u64| noise(self.seed ^ what.wrapping_mul(0x9E37_79B9), self.at.as_secs());
        let humidity = 100.0 * self.vapour_g_m3 / vapour_g_m3(self.celsius, 100.0);
        Truth {
            temperature_celsius: self.celsius + 0.02 * noise(1),
            humidity_percent: (humidity + 0.15 * noise(2)).clamp(0.0, 100.0),
            co2_ppm: (self.co2_ppm + 4.0 * noise(3)).max(0.0),
            illuminance_lux: ((self.lamps_lux + self.daylight_lux) * (1.0 + 0.01 * noise(4))).max(0.0),
            pressure_hpa: self.pressure_hpa + 0.03 * noise(5),
            voc_ppb: (self.voc_ppb + 3.0 * noise(6)).max(0.0),
            pm2_5_ug_m3: (self.pm2_5_ug_m3 + 0.4 * noise(7)).max(0.1),
            sound_db: self.sound_db.unwrap_or_else(|| sound_db(self.music_watt)) + 0.4 * noise(8),
            mains_ampere: self.mains_ampere.unwrap_or(self.music_watt / MAINS_VOLT).max(0.0) * (1.0 + 0.01 * noise(9)),
            rail_volt: self.rail_volt + 0.01 * noise(10),
            rail_ampere: (self.rail_ampere.unwrap_or(self.lamps_lux / 40.0) + 0.004 * noise(11)).max(0.0),
            fridge_celsius: self.cycle(self.fridge_celsius) + 0.05 * noise(12),
            freezer_celsius: self.cycle(self.freezer_celsius) + 0.05 * noise(13),
        }
    }

    /// The swing of a compressor about its mean.
    fn cycle(&self, mean_celsius: f64) -> f64 {
        let (seconds, swing) = FRIDGE_CYCLE;
        let phase = (self.at.as_secs() % seconds) as f64 / seconds as f64;
        mean_celsius + swing * (std::f64::consts::TAU * phase).sin()
    }
}

/// A room at rest has 34 dB(A), idle music equipment hums at 41, and 350 W of singing give 88.
fn sound_db(music_watt: f64) -> f64 {
    34.0 + 54.0 * (music_watt / 350.0).clamp(0.0, 1.2).powf(1.05)
}

/// Grams of vapour in a cubic metre at `celsius` and `humidity_percent` (Magnus).
fn vapour_g_m3(celsius: f64, humidity_percent: f64) -> f64 {
    let saturated_pa = 611.2 * (17.62 * celsius / (243.12 + celsius)).exp();
    2.166_79 * saturated_pa * humidity_percent / 100.0 / (273.15 + celsius)
}

/// About normal, mean 0, spread 1, between −3 and 3: the sum of uniform draws from a hash.
fn noise(seed: u64, quantum: u64) -> f64 {
    let mut state = seed ^ quantum.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mut sum = 0.0;
    for _ in 0..4 {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        sum += ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
    }
    (sum - 2.0) * 3f64.sqrt()
}
