//! The table of drivers: every kind of sensor that this agent knows, in the order in which
//! `hallwatch-agent drivers` prints them.

use super::{Kind, MUX_ADDRESSES, Sits, air, climate, computer, contact, light, power, probe, tag};

/// Every kind.
pub static TABLE: &[&Kind] = &[
    // Climate.
    &climate::sht4x::KIND,
    &climate::sht3x::KIND,
    &climate::tmp1x2::KIND,
    &climate::lm75::KIND,
    &climate::bme280::KIND,
    &climate::ds18b20::KIND,
    // Air.
    &air::scd4x::KIND,
    &air::sgp4x::KIND,
    &air::sps30::KIND,
    &air::pmsa003i::KIND,
    // Light.
    &light::bh1750::KIND,
    &light::veml7700::KIND,
    // Power and sound.
    &power::ina219::KIND,
    &power::ina226::KIND,
    &power::ct::KIND,
    &power::sound::KIND,
    &power::sound_adc::KIND,
    // Extinguisher tags.
    &tag::extinguisher::KIND,
    // Contacts.
    &contact::KIND,
    &contact::mcp23017::KIND,
    &contact::pulse::KIND,
    // Projectors and displays.
    &probe::pjlink::KIND,
    // Network.
    &probe::tcp::KIND,
    &probe::http::KIND,
    &probe::icmp::KIND,
    &probe::dns::KIND,
    // SNMP.
    &probe::snmp::switch::KIND,
    &probe::snmp::ups::KIND,
    &probe::snmp::printer::KIND,
    // The computer.
    &computer::KIND,
];

/// The kind with this word.
#[must_use]
pub fn find(word: &str) -> Option<&'static Kind> {
    TABLE.iter().copied().find(|kind| kind.word == word)
}

/// Where chips that can be found, and multiplexers, can sit. Only these are ever tried: a stranger
/// might take even an empty write for an order.
#[must_use]
pub fn addresses() -> &'static [u8] {
    static ADDRESSES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ADDRESSES.get_or_init(|| {
        let of = |kind: &&Kind| match kind.sits {
            Sits::I2c(addresses) if kind.at.is_some() => addresses,
            _ => &[],
        };
        let mut all: Vec<u8> = TABLE.iter().flat_map(of).copied().chain(MUX_ADDRESSES).collect();
        all.sort_unstable();
        all.dedup();
        all
    })
}

/// The kinds that can sit at an address of an I2C bus.
pub fn at(address: u8) -> impl Iterator<Item = &'static Kind> {
    TABLE.iter().copied().filter(move |kind| matches!(kind.sits, Sits::I2c(addresses) if addresses.contains(&address)))
}

/// Every word, for messages.
#[must_use]
pub fn words() -> &'static [&'static str] {
    static WORDS: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    WORDS.get_or_init(|| TABLE.iter().map(|kind| kind.word).collect())
}
