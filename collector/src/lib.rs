//! The collector: stores what agents report, decides what is wrong, and chases tickets to their end.
//!
//! Data flows through the modules in this order:
//! MQTT ⇢ [`ingest`] → [`rules`] → [`tickets`] → [`notify`], composed by [`step`] into one
//! transaction over the [`ledger`]; [`readings`] answers what charts ask, [`web`] stands on top.
//! [`episode`] is the vocabulary that rules and tickets share, [`live`] the picture of the present
//! that pages show, [`silence`] the account of what was not heard, [`readiness`] the answer before
//! each opening, [`story`] what surrounds a ticket, [`packs`] the rules as people write them, [`venues`]
//! what devices cannot tell of a venue, [`measures`] all of it as lines for a database, [`world`] what
//! tests replace.
//! [`run`] connects them; [`shared`] is what they share, [`metrics`] and [`health`] what they say
//! of themselves, [`own_health`] what of that the rules hear.

pub mod backtest;
pub mod causes;
pub mod chart;
pub mod cli;
pub mod config;
pub mod episode;
pub mod health;
pub mod heartbeat;
pub mod influx;
pub mod ingest;
pub mod ledger;
pub mod live;
pub mod measures;
pub mod metrics;
pub mod notify;
pub mod own_health;
pub mod packs;
pub mod readiness;
pub mod readings;
pub mod register;
pub mod rounds;
pub mod rules;
pub mod run;
pub mod shared;
pub mod silence;
pub mod step;
pub mod story;
pub mod texts;
pub mod tickets;
pub mod venues;
pub mod web;
pub mod world;

pub use config::Config;
#[doc(hidden)]
pub use run::start_over;
pub use run::{Error, Handle, run, start};
pub use shared::Shared;
pub use world::World;
