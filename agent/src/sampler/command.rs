//! Commands that concern the sensors: `sample` reads all of them now, `identify` lights the lamp that
//! is wired beside them; any other is for one of them, and goes to the thread that reads it.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::{
    Sampler,
    worker::{Command, Obeyed},
};
use crate::driver::contact::beacon;

/// A command to a sensor, or to all.
#[derive(Debug)]
pub struct Request {
    /// What to do: `recalibrate`, for example.
    pub name: String,
    /// Its arguments; `sensor` names the sensor.
    pub args: Map<String, Value>,
    /// Told what came of it, or why nothing did.
    pub reply: oneshot::Sender<Result<Map<String, Value>, String>>,
}

impl Sampler {
    /// Hands a request on; what is wrong with it is answered at once.
    pub(super) fn obey(&mut self, request: Request) {
        let Request { name, mut args, reply } = request;
        if name == "sample" {
            self.merger.make_due(self.shared.clock.boottime());
            return drop(reply.send(Obeyed::Ok(Map::new())));
        }
        if name == "identify" {
            return drop(reply.send(self.show(args.get("seconds"))));
        }
        let station = match self.station_of(args.remove("sensor")) {
            Ok(station) => station,
            Err(text) => return drop(reply.send(Obeyed::Err(text))),
        };
        let worker = self.shared.plan.stations[station].worker;
        self.workers[worker].command(Command { station, name, args, reply });
    }

    /// Lets the lamp or buzzer say which box this is.
    fn show(&mut self, seconds: Option<&Value>) -> Obeyed {
        let what = self.identify.as_ref().ok_or("this agent's configuration has no `[identify]`: no lamp is wired")?;
        let how_long = match seconds {
            None => beacon::HOW_LONG,
            Some(seconds) => match seconds.as_u64().map(Duration::from_secs) {
                Some(time) if !time.is_zero() && time <= beacon::HOW_LONG_MAX => time,
                _ => {
                    let most = beacon::HOW_LONG_MAX.as_secs();
                    return Err(format!("`seconds`: found `{seconds}`; write a whole number from 1 to {most}"));
                }
            },
        };
        let bus = self.shared.buses.iter().position(|bus| bus.name == what.bus);
        let bus = bus.ok_or_else(|| format!("no `[[bus]]` is named `{}`", what.bus))?;
        // One that shines already ends first: a line can be had once.
        self.beacon = None;
        let shown = beacon::identify(&self.shared.buses[bus], &self.shared.rooms[bus], what, how_long);
        self.beacon = Some(shown.map_err(|error| error.to_string())?);
        Ok(Map::from_iter([("seconds".to_owned(), how_long.as_secs().into())]))
    }

    fn station_of(&self, sensor: Option<Value>) -> Result<usize, String> {
        let stations = &self.shared.plan.stations;
        let names =
            || stations.iter().map(|station| format!("`{}`", station.sensor.name)).collect::<Vec<_>>().join(", ");
        match sensor {
            Some(Value::String(name)) => stations
                .iter()
                .position(|station| station.sensor.name.as_str() == name)
                .ok_or_else(|| format!("no sensor is named `{name}`; there are {}", names())),
            Some(other) => Err(format!("`sensor`: found `{other}`; write the name of one of {}", names())),
            None => Err(format!("`sensor` is missing; write one of {}", names())),
        }
    }
}
