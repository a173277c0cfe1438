//! Examples of readings for a rule, made from what the rule itself says: a good one, a bad one, and
//! the same again; and a room that lives through them, judged by the collector's `rules::step`.

use collector::rules::{Effect, Event, Rule, Settings, State, step};
use wire::{Fault, Id, PointName, Source, UnixMs};

use crate::packs::{shipped::Shipped, times::Time};

/// 2026-11-23 20:00 in China.
pub const EVENING: UnixMs = 1_795_435_200_000;

/// What a sample says of the rule's point at the n-th second of a stretch.
pub type Reading = Box<dyn Fn(i64) -> Option<f64>>;

/// What is good and what is bad for a rule.
pub struct Series {
    /// Between two samples, in seconds.
    pub period: i64,
    /// For how long a bad stretch must last before it is told, in seconds.
    pub patience: i64,
    /// A bad stretch that is too short to be told, in seconds; 0 where none is.
    pub short: i64,
    /// Nothing to complain about.
    pub good: Reading,
    /// Each way of being bad.
    pub bad: Vec<Reading>,
    /// The other points that are read beside it, always the same.
    pub beside: Vec<(String, f64)>,
    /// Bad means that the agent says nothing at all.
    pub mute: bool,
}

fn constant(value: f64) -> Reading {
    Box::new(move |_| Some(value))
}

/// A value that never rests: its last digit moves.
fn alive(value: f64) -> Reading {
    Box::new(move |second| Some(value + if second % 20 == 0 { 0.01 } else { 0.0 }))
}

/// The series of a rule. `beside` are real points that a rule of kind `disagree` compares with.
pub fn of(rule: &Shipped, beside: &[&str]) -> Series {
    let lasting = rule.seconds("for");
    let mut series = Series {
        period: 10,
        patience: lasting,
        short: 0,
        good: constant(0.0),
        bad: vec![],
        beside: vec![],
        mute: false,
    };
    match rule.text("kind") {
        "band" | "share" => {
            let (low, high) = (rule.number("low"), rule.number("high"));
            let (inner_low, inner_high) = (rule.number("low_return").or(low), rule.number("high_return").or(high));
            let middle = match (inner_low, inner_high) {
                (Some(low), Some(high)) => low.midpoint(high),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => panic!("`{}` has no limit", rule.id),
            };
            series.good = constant(middle);
            series.bad.extend(low.map(|low| constant(low - 1.0)));
            series.bad.extend(high.map(|high| constant(high + 1.0)));
            series.patience += rule.seconds("window");
        }
        "state" => {
            let good = if rule.keys["good"].as_bool().unwrap() { 1.0 } else { 0.0 };
            series.good = constant(good);
            series.bad.push(constant(1.0 - good));
        }
        "silent" => {
            series.good = alive(1.0);
            series.bad.push(Box::new(|_| None));
            series.patience += rule.seconds("after");
            series.mute = rule.keys.get("agent").is_some_and(|agent| agent.as_bool().unwrap());
        }
        "stuck" => {
            series.good = alive(20.0);
            series.bad.push(constant(20.0));
            series.patience += rule.seconds("after");
        }
        "rate" => {
            let per = rule.seconds("per");
            let slope = |by: f64| -> Reading { Box::new(move |second| Some(second as f64 * 2.0 * by / per as f64)) };
            series.bad.extend(rule.number("rise").map(slope));
            series.bad.extend(rule.number("fall").map(|by| slope(-by)));
            series.patience += per;
        }
        "due" => {
            series.period = 3_600;
            let days = (rule.seconds("within") / 86_400) as f64;
            series.good = constant(days + 1.0);
            series.bad.push(constant(days - 1.0));
        }
        "disagree" => {
            let apart = rule.number("apart").unwrap();
            series.good = constant(20.0);
            series.bad.extend([constant(20.0 + 1.5 * apart), constant(20.0 - 1.5 * apart)]);
            series.beside = beside.iter().map(|name| ((*name).to_owned(), 20.0)).collect();
        }
        other => panic!("`{}` is of kind `{other}`, of which no example is known", rule.id),
    }
    series.short = match rule.number("share") {
        Some(share) => (0.8 * share * rule.seconds("window") as f64) as i64,
        None if series.patience > 60 => series.patience / 2,
        None => 0,
    };
    if rule.keys.contains_key("gap") && rule.seconds("gap") > 3_600 {
        series.period = 3_600;
    }
    series
}

fn source() -> Source {
    let id = |text| Id::parse(text).unwrap();
    Source { venue: id("nanshan"), room: id("k01"), agent: id("pi-k01") }
}

/// A room with one agent, judged by one rule.
pub struct Life {
    state: State,
    point: PointName,
    now: UnixMs,
    began: usize,
    ended: usize,
}

impl Life {
    pub fn new(rule: Rule, point: &str, time: &Time) -> Self {
        let mut state = State::new(vec![rule], Settings::default());
        let source = source();
        state.set_place(&source.venue, time.place());
        let room = Event::RoomState { venue: &source.venue, room: &source.room, state: Some(time.room) };
        step(&mut state, &room, EVENING, &mut Vec::new());
        Self { state, point: PointName::parse(point).unwrap(), now: EVENING, began: 0, ended: 0 }
    }

    /// Lives for so many seconds with such readings.
    pub fn lives(&mut self, seconds: i64, series: &Series, reading: &Reading) {
        let source = source();
        let beside = series.beside.iter().map(|(name, value)| (PointName::parse(name).unwrap(), *value));
        // Something else that the agent always says: a silent point is not a silent agent.
        let always = [(PointName::parse("sampler_round_ms").unwrap(), 12.0)];
        let others: Vec<_> = beside.chain(always).collect();
        let mut out = Vec::new();
        for second in 0..seconds / series.period {
            let value = reading(second * series.period);
            let (mut points, mut faults) = (others.clone(), Vec::new());
            match value {
                Some(value) => points.push((self.point.clone(), value)),
                None => faults.push((self.point.clone(), Fault::NoResponse)),
            }
            let sample =
                Event::Sample { source: &source, at: self.now, placed: true, points: &points, faults: &faults };
            if value.is_some() || !series.mute {
                step(&mut self.state, &sample, self.now, &mut out);
            }
            step(&mut self.state, &Event::Tick, self.now, &mut out);
            self.now += series.period * 1_000;
        }
        for effect in out {
            match effect {
                Effect::Began { late: false, .. } => self.began += 1,
                Effect::Ended { late: false, .. } => self.ended += 1,
                Effect::Worse { late: false, .. } => {}
                late => panic!("all of it is live, and yet: {late:?}"),
            }
        }
    }

    /// How many episodes began and ended since the last call.
    pub fn told(&mut self) -> (usize, usize) {
        (std::mem::take(&mut self.began), std::mem::take(&mut self.ended))
    }
}
