//! Commands that concern the sensors: `sample` reads all of them now; any other is for one of them,
//! and goes to the thread that reads it.

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::{
    Sampler,
    worker::{Command, Obeyed},
};

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
        let station = match self.station_of(args.remove("sensor")) {
            Ok(station) => station,
            Err(text) => return drop(reply.send(Obeyed::Err(text))),
        };
        let worker = self.shared.plan.stations[station].worker;
        self.workers[worker].command(Command { station, name, args, reply });
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
