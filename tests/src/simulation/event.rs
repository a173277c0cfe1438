//! What can happen in a world, and the queue of what will.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use wire::{Ack, Id};

/// A message on its way to the collector.
#[derive(Debug, Clone)]
pub enum Message {
    /// A body of samples.
    Samples(String),
    /// A body of status.
    Status(String),
}

/// What happens. The first number is the agent's; others tell stale events from current ones.
#[derive(Debug, Clone)]
pub enum Event {
    /// The sensors are read.
    Sample(usize),
    /// The agent wanted to look again.
    Wake(usize, u64),
    /// The power of the agent goes.
    PowerCut(usize),
    /// The agent's process is killed.
    Kill(usize),
    /// The agent is stopped in order, and starts again.
    Restart(usize),
    /// The agent's computer or process is there again.
    Start(usize),
    /// The agent's network goes for a while.
    Outage(usize),
    /// The agent tries to connect.
    Connect(usize),
    /// A message reaches the broker on a connection of the agent.
    AtBroker(usize, u64, Message),
    /// The broker's word that it has a message with numbers up to this.
    Puback(usize, u64, Id, u64),
    /// A message reaches the collector, if broker and collector still live.
    AtCollector(usize, u64, u64, Message),
    /// An ack reaches the broker.
    AckAtBroker(usize, u64, Ack),
    /// An ack reaches the agent on its connection.
    AckAtAgent(usize, u64, Ack),
    /// The broker dies and forgets.
    Amnesia,
    /// The broker is there again.
    BrokerStart,
    /// The collector takes a step.
    Step(u64),
    /// The collector ticks.
    Tick(u64),
    /// The oldest step becomes durable.
    Commit(u64),
    /// The disk of the collector takes no commit for a while.
    Stall,
    /// The collector dies.
    Crash,
    /// The collector is there again.
    CollectorStart,
    /// The faults are over: everything may drain.
    Peace,
}

/// What will happen, in order of time, then of planning.
#[derive(Debug, Default)]
pub struct Agenda {
    order: BinaryHeap<Reverse<(i64, u64)>>,
    events: BTreeMap<u64, Event>,
    planned: u64,
}

impl Agenda {
    /// Plans an event.
    pub fn plan(&mut self, at_ms: i64, event: Event) {
        self.planned += 1;
        self.order.push(Reverse((at_ms, self.planned)));
        self.events.insert(self.planned, event);
    }

    /// The next event, and when it happens.
    pub fn pop(&mut self) -> Option<(i64, Event)> {
        let Reverse((at_ms, number)) = self.order.pop()?;
        let event = self.events.remove(&number).expect("each planned event is there once");
        Some((at_ms, event))
    }
}
