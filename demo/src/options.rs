//! The demo's command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

/// A karaoke venue on this computer: simulated sensors, everything else real.
///
/// Each room has an agent with the real drivers on a simulated bus, a real spool and a real MQTT
/// connection; one collector with its embedded broker and its ledger hears them. The venue's clock
/// runs faster than life, so that an evening passes in minutes.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "hallwatch-demo",
    version,
    about,
    after_help = "Examples:\n  \
    hallwatch-demo                        eight rooms, a minute a second\n  \
    hallwatch-demo --rooms 20 --speed 30  a larger venue, half as fast\n  \
    hallwatch-demo --data ./venue         keep the ledger and the spools\n  \
    hallwatch-demo --for 2m --quiet       run for two minutes, print only the sum"
)]
pub struct Options {
    /// Where the pages are served; the next free port is taken where this one is in use.
    #[arg(long, default_value = "127.0.0.1:8440", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where the embedded MQTT broker listens; the next free port is taken where this one is in use.
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "ADDRESS")]
    pub mqtt: SocketAddr,
    /// How many rooms the venue has.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=60))]
    pub rooms: u16,
    /// How many times faster than life the venue's clock runs.
    #[arg(long, default_value_t = 60.0, value_parser = speed)]
    pub speed: f64,
    /// End by itself after this long in real time, for example `90s`, `5m` or `1h`.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub run_for: Option<Duration>,
    /// Keep the ledger and the spools in this folder instead of a temporary one.
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// What happens in the venue.
    #[arg(long, default_value = "evening")]
    pub scenario: Story,
    /// Language of what the demo tells; taken from LANG where it is not given.
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// Print the addresses and the sum at the end, nothing between.
    #[arg(long, short)]
    pub quiet: bool,
}

/// The stories that the demo can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Story {
    /// An amplifier loses power, air conditioning fails, a sensor dies, an agent is unplugged.
    Evening,
    /// Nothing breaks.
    Calm,
}

/// A language of the demo's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// 简体中文.
    #[value(name = "zh-CN", alias = "zh")]
    Chinese,
    /// English.
    #[value(name = "en")]
    English,
}

impl Language {
    /// The same for the collector's texts.
    #[must_use]
    pub fn of_collector(self) -> collector::config::Language {
        match self {
            Self::Chinese => collector::config::Language::ZhCn,
            Self::English => collector::config::Language::En,
        }
    }
}

impl Options {
    /// The language asked for, or that of the terminal.
    #[must_use]
    pub fn language(&self) -> Language {
        self.lang.unwrap_or_else(|| {
            let of_terminal = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok());
            match of_terminal {
                Some(name) if name.starts_with("zh") => Language::Chinese,
                _ => Language::English,
            }
        })
    }
}

/// Slower than life shows nothing; beyond this a sampling tick is shorter than a commit.
const SPEED_MAX: f64 = 240.0;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (1.0..=SPEED_MAX).contains(&speed) => Ok(speed),
        Ok(speed) => Err(format!("{speed} is not between 1 and {SPEED_MAX}")),
        Err(_) => Err("not a number; hint: 60 makes a minute of the venue pass in a second".into()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| format!("`{text}` has no number; hint: `90s`, `5m` or `1h`"))?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => Some(count),
        "m" => count.checked_mul(60),
        "h" => count.checked_mul(3600),
        unit => return Err(format!("unit `{unit}` is none of s, m, h; hint: `90s`, `5m` or `1h`")),
    };
    seconds.map(Duration::from_secs).ok_or_else(|| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert!(duration("5 weeks").unwrap_err().contains("hint:"));
        assert!(duration("soon").unwrap_err().contains("hint:"));
    }

    #[test]
    fn a_speed_is_within_what_the_demo_can_show() {
        assert_eq!(speed("60"), Ok(60.0));
        assert!(speed("0.5").is_err());
        assert!(speed("1e9").is_err());
        assert!(speed("NaN").is_err());
    }
}
