//! `tag`: says what the tag before a reader holds, or writes a record to it. Opens the bus itself, so
//! the agent must not run meanwhile; never publishes anything.

use std::{any::Any, path::PathBuf, process::ExitCode, sync::Arc};

use agent::{
    clock::SystemClock,
    config::{Backend, Bus, Config},
    driver::{
        bus::{self, AnyI2c, WorldDelay},
        simulated::Room,
        tag::{
            desk::{self, AssetUrl, Order, Refusal, Report},
            extinguisher::Settings,
            key::Key,
            record::{Filling, Month, Record, is_serial},
        },
    },
    texts::{self, Lang, tag as text},
    world::Clock,
};
use clap::{Args, Subcommand, ValueEnum, builder::PossibleValue};

use super::{say, tell};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what the tag before a reader holds
    Read(Place),
    /// Write a signed record to the tag before a reader, read it back and verify it
    Write(Write),
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Name of the `[[sensor]]` with driver = "pn532"
    #[arg(long, value_name = "NAME")]
    sensor: String,
}

#[derive(Debug, Args)]
pub(super) struct Write {
    #[command(flatten)]
    place: Place,
    /// Serial number of the extinguisher
    #[arg(long)]
    serial: String,
    /// What it is filled with
    #[arg(long = "type", value_name = "TYPE")]
    filling: Word,
    /// Month in which it was made
    #[arg(long, value_name = "YYYYMM")]
    made: String,
    /// Month of its last service; that of its making where it had none
    #[arg(long, value_name = "YYYYMM")]
    serviced: Option<String>,
    /// Month in which it must be serviced next
    #[arg(long, value_name = "YYYYMM")]
    due: String,
    /// Month in which it must be scrapped
    #[arg(long, value_name = "YYYYMM")]
    scrap: String,
    /// Address of the asset: https://HOST/x/ULID
    #[arg(long, value_name = "URL")]
    asset_url: String,
    /// Write over what the tag holds, whatever it is
    #[arg(long)]
    overwrite: bool,
}

/// A filling as an argument.
#[derive(Debug, Clone, Copy)]
struct Word(Filling);

impl ValueEnum for Word {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: [Word; 6] = [
            Word(Filling::Water),
            Word(Filling::Powder),
            Word(Filling::Co2),
            Word(Filling::CleanGas),
            Word(Filling::Foam),
            Word(Filling::Other),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.word()))
    }
}

/// Why it ends here: what to tell, and the exit code.
struct Stop(String, u8);

/// Something in the world is not as it must be.
fn failed(text: String) -> Stop {
    Stop(text, 1)
}

/// The arguments are not.
fn misused(text: String) -> Stop {
    Stop(text, 2)
}

pub(super) fn tag(config: &Config, command: &Command, lang: Lang) -> ExitCode {
    let done = match command {
        Command::Read(place) => read(config, place, lang).map(|report| (report, None)),
        Command::Write(order) => write(config, order, lang).map(|report| (report, Some(text::written(lang)))),
    };
    match done {
        Ok((report, verdict)) => {
            print(&report, lang);
            verdict.into_iter().for_each(say);
            ExitCode::SUCCESS
        }
        Err(Stop(text, code)) => {
            tell(&text);
            ExitCode::from(code)
        }
    }
}

fn read(config: &Config, place: &Place, lang: Lang) -> Result<Report, Stop> {
    let mut desk = Desk::open(config, place, lang)?;
    let key = desk.settings.tag_key_file.is_some().then(|| desk.key(&place.sensor, lang)).transpose()?;
    let outcome = desk::read(&mut *desk.bus, &mut desk.delay, desk.settings, key.as_ref());
    outcome.map_err(|refusal| desk.refused(&refusal, lang))
}

fn write(config: &Config, order: &Write, lang: Lang) -> Result<Report, Stop> {
    let month = |argument: &str, written: &str| {
        written.parse::<Month>().map_err(|()| misused(text::wrong(argument, written, lang)))
    };
    let made = month("--made", &order.made)?;
    let record = Record {
        serial: order.serial.clone(),
        filling: order.filling.0,
        made,
        serviced: order.serviced.as_ref().map_or(Ok(made), |written| month("--serviced", written))?,
        due: month("--due", &order.due)?,
        scrap: month("--scrap", &order.scrap)?,
    };
    if !is_serial(&record.serial) {
        return Err(misused(text::wrong("--serial", &order.serial, lang)));
    }
    let wrong_url = || misused(text::wrong("--asset-url", &order.asset_url, lang));
    let url = AssetUrl::parse(&order.asset_url).ok_or_else(wrong_url)?;
    let mut desk = Desk::open(config, &order.place, lang)?;
    let key = desk.key(&order.place.sensor, lang)?;
    let order = Order { record: &record, url: &url, key: &key, overwrite: order.overwrite };
    let outcome = desk::write(&mut *desk.bus, &mut desk.delay, desk.settings, &order);
    outcome.map_err(|refusal| desk.refused(&refusal, lang))
}

/// A reader of the configuration, on its open bus.
struct Desk<'a> {
    settings: &'a Settings,
    bus: AnyI2c,
    delay: WorldDelay,
}

impl<'a> Desk<'a> {
    fn open(config: &'a Config, place: &Place, lang: Lang) -> Result<Self, Stop> {
        let readers = || config.sensors.iter().filter_map(|sensor| Some((&sensor.name, settings(sensor)?)));
        let Some((_, settings)) = readers().find(|(name, _)| name.as_str() == place.sensor) else {
            let names: Vec<String> = readers().map(|(name, _)| format!("`{name}`")).collect();
            return Err(misused(text::no_reader(&place.sensor, &names, lang)));
        };
        let bus = config.buses.iter().find(|bus| bus.name == settings.seat.bus);
        let bus = bus.expect("a configuration without a sensor's bus is refused");
        if let Some((path, process)) = device(bus).and_then(|path| Some((path.clone(), user_of(&path)?))) {
            return Err(failed(text::busy(&path.display().to_string(), process, lang)));
        }
        let clock: Arc<dyn Clock> = SystemClock::new();
        let room = Room::new(0, Arc::clone(&clock));
        room.fit_for(settings);
        let open = bus::open_i2c(bus, &room);
        let open = open.map_err(|error| failed(text::no_bus(bus.name.as_str(), &error.text, lang)))?;
        Ok(Self { settings, bus: open, delay: WorldDelay(clock) })
    }

    fn key(&self, name: &str, lang: Lang) -> Result<Key, Stop> {
        let Some(path) = &self.settings.tag_key_file else { return Err(failed(text::key_needed(name, lang))) };
        Key::load(path).map_err(|error| failed(text::no_key(&path.display().to_string(), &error, lang)))
    }

    fn refused(&self, refusal: &Refusal, lang: Lang) -> Stop {
        failed(text::refusal(refusal, self.settings, lang))
    }
}

/// What a sensor says, where it reads tags.
fn settings(sensor: &agent::config::Sensor) -> Option<&Settings> {
    let driver: &dyn Any = &*sensor.driver;
    driver.downcast_ref()
}

/// The device behind a bus that is no simulation.
fn device(bus: &Bus) -> Option<PathBuf> {
    match &bus.backend {
        Backend::Rppal { i2c } => Some(PathBuf::from(format!("/dev/i2c-{i2c}"))),
        Backend::Linux { i2c, .. } => Some(i2c.clone()),
        Backend::Simulated { .. } => None,
    }
}

/// A process that has the device open, as far as this user may look. The kernel lets two talk to one bus,
/// and to a reader they would talk into each other's words.
fn user_of(device: &std::path::Path) -> Option<u32> {
    let device = device.canonicalize().ok()?;
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let number: u32 = process.file_name().to_str()?.parse().ok()?;
        let mut files = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
        files.any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == device)).then_some(number)
    })
}

fn print(report: &Report, lang: Lang) {
    let lines = text::report(report, lang);
    let width = lines.iter().map(|(head, _)| texts::columns(head)).max().unwrap_or(0);
    for (head, value) in lines {
        say(&format!("{head}{}  {value}", " ".repeat(width - texts::columns(head))));
    }
}
