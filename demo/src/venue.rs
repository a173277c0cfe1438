//! Furnishes the karaoke venue: a simulated room, its wiring and the configuration of its agent.
//! Starts nothing.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use agent::{
    config::{Backend, Bus, Config, Sensor},
    driver::{
        Seat, Settings, air, climate,
        contact::{self, manner::Manner},
        light, probe,
        simulated::{self, Room, Setting},
    },
    world::Clock,
};
use wire::Id;

/// The venue's identifier in topics and pages.
pub const VENUE: &str = "nanshan";
/// What the collector is told of it.
pub const VENUES: &str = include_str!("../venues.toml");
/// Its name for Chinese readers.
pub const VENUE_ZH: &str = "星海歌厅南山店";
/// Its name for English readers.
pub const VENUE_EN: &str = "Starry Sea Karaoke, Nanshan";

/// GPIO line of the amplifier's power sense; the contact is closed while it has power.
pub const AMPLIFIER_LINE: u32 = 17;
/// GPIO line of the reed contact at the extinguisher's bracket; closed while it hangs there.
pub const EXTINGUISHER_LINE: u32 = 27;
/// Address of the light sensor.
pub const LIGHT_ADDRESS: u8 = 0x23;

/// Time between two samples of a room, in the venue's time.
const PERIOD: Duration = Duration::from_secs(10);
/// Time between two questions to the song server.
const PROBE_PERIOD: Duration = Duration::from_secs(30);

/// A name of ours as an identifier.
#[must_use]
pub fn id(text: &str) -> Id {
    Id::parse(text).expect("the demo's names are identifiers")
}

/// The identifier of room number `index`, from 0: `k01`, `k02` …
#[must_use]
pub fn room_id(index: usize) -> Id {
    id(&format!("k{:02}", index + 1))
}

/// A room as it is at the start of an evening: cooled, lit, everything on; guests in two of three.
#[must_use]
pub fn furnish(index: usize, clock: Arc<dyn Clock>) -> Arc<Room> {
    let room = Room::new(0x5EED + index as u64, clock);
    // A late November evening in Shenzhen.
    room.set(Setting::Outside { celsius: 23.0, humidity_percent: 50.0 });
    room.contact(AMPLIFIER_LINE, true);
    room.contact(EXTINGUISHER_LINE, true);
    room.set(Setting::LampsLux(35.0 + 5.0 * (index % 5) as f64));
    if !index.is_multiple_of(3) {
        let guests = 3 + (index * 5 % 4) as u32;
        room.set(Setting::People(guests));
        room.set(Setting::MusicWatt(180.0 + 40.0 * f64::from(guests)));
    }
    room
}

/// The configuration of the agent in room number `index`.
#[must_use]
pub fn agent_config(index: usize, broker: SocketAddr, song_server: SocketAddr, data: &Path) -> Config {
    let bus = id("room");
    let mut config = Config::new(id(VENUE), room_id(index), id(&format!("pi-{}", room_id(index))));
    config.mqtt.host = broker.ip().to_string();
    config.mqtt.port = broker.port();
    config.spool.path = data.join("spool").join(room_id(index).as_str());
    config.sampler.period = PERIOD;
    config.sampler.state_path = data.join("state").join(room_id(index).as_str());
    config.buses = vec![Bus { name: bus.clone(), backend: Backend::Simulated { seed: index as u64, fitted: true } }];
    let seat = |address: u8| Seat::new(bus.clone(), address);
    config.sensors = vec![
        sensor("climate", None, climate::sht4x::MAKE.at(seat(simulated::SHT4X))),
        sensor(
            "air",
            None,
            Arc::new(air::scd4x::Settings { seat: seat(simulated::SCD4X), setup: air::scd4x::Setup::default() }),
        ),
        sensor("light", None, Arc::new(light::bh1750::Settings { seat: seat(LIGHT_ADDRESS), mtreg: 254, median: 1 })),
        sensor("amplifier-power", Some("amplifier"), contact(&bus, AMPLIFIER_LINE, "power_on")),
        sensor("extinguisher-bracket", Some("extinguisher"), contact(&bus, EXTINGUISHER_LINE, "present")),
        Sensor {
            period: Some(PROBE_PERIOD),
            ..sensor(
                "song-server",
                Some("song-server"),
                Arc::new(probe::tcp::Settings::new(
                    song_server.ip().to_string(),
                    song_server.port(),
                    Duration::from_secs(10),
                )),
            )
        },
    ];
    config
}

fn sensor(name: &str, asset: Option<&str>, driver: Arc<dyn Settings>) -> Sensor {
    Sensor { name: id(name), asset: asset.map(id), period: None, driver }
}

fn contact(bus: &Id, line: u32, point: &str) -> Arc<dyn Settings> {
    Arc::new(contact::Settings { bus: bus.clone(), line, manner: Manner::plain(point) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_has_an_agent_and_a_spool_of_its_own() {
        let here: SocketAddr = "127.0.0.1:1883".parse().unwrap();
        let configs: Vec<Config> = (0..8).map(|index| agent_config(index, here, here, Path::new("data"))).collect();
        for (index, config) in configs.iter().enumerate() {
            let same =
                configs.iter().filter(|other| other.room == config.room || other.spool.path == config.spool.path);
            assert_eq!(same.count(), 1, "room {index}");
        }
    }
}
