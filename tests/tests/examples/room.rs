//! A room that an example describes: its chips and contacts simulated, its hosts where the test says,
//! its time sixty times as fast as life.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config,
    draft::Draft,
    driver::simulated,
    sampler,
    world::{Clock, World},
};
use tokio::sync::{mpsc, watch};
use wire::Id;

/// Seconds of the room in one of life.
const SPEED: u32 = 60;
/// 2025-11-23 19:30 in China: an evening with guests.
const EVENING: wire::UnixMs = 1_763_897_400_000;
/// Until then chips may warm up: a gas sensor and its heater take the longest.
const WARM_UP: Duration = Duration::from_secs(300);

struct Evening(Instant);

impl Clock for Evening {
    fn boottime(&self) -> Duration {
        Duration::from_secs(1000) + self.0.elapsed() * SPEED
    }
    fn wall(&self) -> wire::UnixMs {
        EVENING + i64::try_from((self.0.elapsed() * SPEED).as_millis()).unwrap()
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
    fn real(&self, world: Duration) -> Duration {
        world / SPEED
    }
}

/// A `[[sensor]]` of the example, to be put where the test has its servers.
pub struct Sensor(toml::Table);

impl Sensor {
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }
    pub fn number(mut self, key: &str, value: i64) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }
    pub fn file(self, key: &str, path: &Path) -> Self {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        self.text(key, path.to_str().unwrap())
    }
    pub fn host(self, host: &str) -> Self {
        self.text("host", host)
    }
    /// At this port of this computer.
    pub fn at(self, port: u16) -> Self {
        self.host("127.0.0.1").number("port", port.into())
    }
}

/// A room that lives.
pub struct Room {
    pub simulated: Arc<simulated::Room>,
    clock: Arc<dyn Clock>,
    config: config::Config,
    drafts: mpsc::Receiver<Draft>,
    excused: BTreeSet<String>,
    /// What each point said last, and each fault since [`Room::forgets`].
    last: BTreeMap<String, f64>,
    faults: BTreeMap<String, String>,
    strict: bool,
    warm_at: Option<Duration>,
    _stop: watch::Sender<bool>,
    _state: tempfile::TempDir,
}

impl Room {
    /// Builds the room of `text`, each of its sensors put where `place` says.
    pub fn furnish(text: &str, place: impl Fn(&str, Sensor) -> Sensor) -> Self {
        let mut table: toml::Table = text.parse().unwrap();
        for bus in table["bus"].as_array_mut().unwrap() {
            let bus = bus.as_table_mut().unwrap();
            bus.retain(|key, _| key == "name");
            bus.insert("backend".into(), "simulated".into());
        }
        for sensor in table["sensor"].as_array_mut().unwrap() {
            let sensor = sensor.as_table_mut().unwrap();
            let name = sensor["name"].as_str().unwrap().to_owned();
            *sensor = place(&name, Sensor(std::mem::take(sensor))).0;
        }
        let mut config = config::parse(&toml::to_string(&table).unwrap(), "example", []).unwrap();
        let state = tempfile::tempdir().unwrap();
        config.sampler.state_path = state.path().to_owned();
        let clock: Arc<dyn Clock> = Arc::new(Evening(Instant::now()));
        let room = simulated::Room::new(7, Arc::clone(&clock));
        room.by_the_clock(true);
        config.sensors.iter().for_each(|sensor| room.fit_for(&*sensor.driver));
        let world = World { clock: Arc::clone(&clock), room: Some(Arc::clone(&room)) };
        let (sender, drafts) = mpsc::channel(64);
        let (_, requests) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        sampler::start(&config, &world, sender, requests, stopped).unwrap();
        Self {
            simulated: room,
            clock,
            config,
            drafts,
            excused: BTreeSet::new(),
            last: BTreeMap::new(),
            faults: BTreeMap::new(),
            strict: true,
            warm_at: None,
            _stop: stop,
            _state: state,
        }
    }

    /// Sensors that this computer does not let work: they may fail.
    pub fn excuse(&mut self, sensors: &[&str]) {
        self.excused.extend(sensors.iter().map(|sensor| (*sensor).to_owned()));
    }

    /// Lets so much of the room's time pass; no fault may come after the warm-up, unless
    /// [`Room::forgets`] was called.
    pub async fn lives(&mut self, time: Duration) {
        let began = self.clock.boottime();
        let warm_at = *self.warm_at.get_or_insert(began + WARM_UP);
        while self.clock.boottime() < began + time {
            let next = tokio::time::timeout(Duration::from_secs(30), self.drafts.recv());
            let draft = next.await.expect("a draft in time").unwrap();
            let warm = draft.read_at > warm_at;
            for (point, value) in draft.points {
                self.faults.remove(point.as_str());
                self.last.insert(point.to_string(), value);
            }
            for (point, fault) in draft.faults {
                let excused = self.sensor_of(point.as_str()).is_some_and(|sensor| self.excused.contains(&sensor));
                if excused || !warm && fault.as_str() == "warming_up" {
                    continue;
                }
                assert!(
                    !self.strict,
                    "`{point}` is {} and nobody planted that, {:?} in",
                    fault.as_str(),
                    draft.read_at
                );
                self.faults.insert(point.to_string(), fault.as_str().to_owned());
            }
        }
    }

    fn sensor_of(&self, point: &str) -> Option<String> {
        let about = sampler::about(&self.config).unwrap();
        about.points.iter().find(|(name, _)| name.as_str() == point).and_then(|(_, about)| about.sensor.clone())
    }

    /// Every point that the agent announces has had a value.
    pub fn gave_everything(&self) {
        let about = sampler::about(&self.config).unwrap();
        let silent: Vec<&str> = about
            .points
            .iter()
            .filter(|(_, about)| about.sensor.as_ref().is_some_and(|sensor| !self.excused.contains(sensor)))
            .map(|(name, _)| name.as_str())
            .filter(|name| !self.last.contains_key(*name))
            .collect();
        assert!(silent.is_empty(), "announced and never said: {silent:?}");
    }

    /// From now on faults are noted instead of refused.
    pub fn forgets(&mut self) {
        self.strict = false;
        self.faults.clear();
    }

    /// Points that have a fault now.
    pub fn faulty(&self) -> BTreeSet<String> {
        self.faults.keys().cloned().collect()
    }

    /// What a point said last.
    pub fn last(&self, point: &str) -> Option<f64> {
        self.last.get(point).copied()
    }
}
