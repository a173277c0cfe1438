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
use jiff::{ToSpan as _, civil::Date};
use wire::Id;

use crate::song_server::SongServer;

/// The venue's identifier in topics and pages.
pub const VENUE: &str = "nanshan";
/// What the collector is told of it, but for its rooms.
const VENUES: &str = include_str!("../venues.toml");
/// Its name for Chinese readers.
pub const VENUE_ZH: &str = "星海歌厅南山店";
/// Its name for English readers.
pub const VENUE_EN: &str = "Starry Sea Karaoke, Nanshan";

/// The asset that all rooms ask for songs.
pub const SONG_SERVER: &str = "song-server";

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

/// What the collector is told of the venue with so many rooms: an extinguisher hangs in each, some of powder
/// and some of water, and that of the first room is due soon.
#[must_use]
pub fn venues(rooms: usize, today: Date) -> String {
    let mut text = VENUES.to_owned();
    for index in 0..rooms {
        let (room, name) = (room_id(index), room_id(index).as_str().to_uppercase());
        let (filling, model) = if index.is_multiple_of(3) { ("water", "MSZ/6") } else { ("powder", "MFZ/ABC4") };
        let months = if index == 0 { 12 } else { 2 + index % 8 };
        let serviced = today.saturating_sub(i64::try_from(months).unwrap_or(2).months()).saturating_add(20.days());
        let made = serviced.saturating_sub(3.years());
        text.push_str(&format!(
            "\n[venue.{VENUE}.room.{room}]\nname_zh = \"{name} 包厢\"\nname_en = \"Box {name}\"\nkind = \"box\"\n\
             \n[venue.{VENUE}.asset.extinguisher-{room}]\nname_zh = \"灭火器\"\nname_en = \"extinguisher\"\n\
             kind = \"extinguisher\"\nroom = \"{room}\"\n\
             type = \"{filling}\"\nmodel = \"{model}\"\nmade = \"{made}\"\nserviced = \"{serviced}\"\n"
        ));
    }
    text
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
pub fn agent_config(index: usize, broker: SocketAddr, songs: &SongServer, data: &Path) -> Config {
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
        sensor(
            "extinguisher-bracket",
            Some(&format!("extinguisher-{}", room_id(index))),
            contact(&bus, EXTINGUISHER_LINE, "present"),
        ),
        probed(SONG_SERVER, songs.address),
        probed("song-box", songs.boxes[index]),
    ];
    config
}

fn sensor(name: &str, asset: Option<&str>, driver: Arc<dyn Settings>) -> Sensor {
    Sensor { name: id(name), asset: asset.map(id), period: None, driver }
}

fn probed(name: &str, address: SocketAddr) -> Sensor {
    let wait = Duration::from_secs(10);
    let driver = probe::tcp::Settings::new(address.ip().to_string(), address.port(), wait);
    Sensor { period: Some(PROBE_PERIOD), ..sensor(name, Some(name), Arc::new(driver)) }
}

fn contact(bus: &Id, line: u32, point: &str) -> Arc<dyn Settings> {
    Arc::new(contact::Settings { bus: bus.clone(), line, manner: Manner::plain(point) })
}

#[cfg(test)]
mod tests {
    use collector::venues::{Holidays, Venues};

    use super::*;

    #[test]
    fn the_collector_takes_what_it_is_told() {
        for rooms in [1, 8, 60] {
            let text = venues(rooms, jiff::civil::date(2026, 11, 23));
            let read = Venues::of(&[("venues.toml".into(), text)], Holidays::default(), "Asia/Shanghai").unwrap();
            assert_eq!(read.venue(&id(VENUE)).unwrap().file.room.len(), rooms);
        }
    }

    #[tokio::test]
    async fn every_room_has_an_agent_and_a_spool_of_its_own() {
        let here: SocketAddr = "127.0.0.1:1883".parse().unwrap();
        let songs = SongServer::start(8).await.unwrap();
        let configs: Vec<Config> = (0..8).map(|index| agent_config(index, here, &songs, Path::new("data"))).collect();
        for (index, config) in configs.iter().enumerate() {
            let same =
                configs.iter().filter(|other| other.room == config.room || other.spool.path == config.spool.path);
            assert_eq!(same.count(), 1, "room {index}");
        }
    }
}
