//! Turns one description of nine dashboards into Grafana's classic JSON, in Chinese and in English.
//! Panels and queries stand in [`boards`], every word for people in `texts.toml`. Reads no database and no
//! clock: the same source always gives the same bytes.

pub mod boards;
pub mod column;
pub mod folder;
pub mod panel;
pub mod query;
pub mod sheet;
pub mod texts;

pub use collector::measures::names;
pub use folder::{generate, write};
pub use texts::Language;
