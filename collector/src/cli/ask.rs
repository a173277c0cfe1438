//! `ask`: asks one agent for something, over the broker, and prints what came of it. Needs no
//! collector to run, only the broker that it uses.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use serde_json::{Map, Value};
use wire::{Id, Source};

use super::{ConfigArgument, Failure, LanguageArgument, stretch::length};
use crate::{
    ingest::{ask as agent, mqtt},
    texts::{fill, get},
};

/// Arguments of `ask`.
#[derive(Debug, Args)]
pub struct AskArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// How long to wait for an answer: 40s, 2m.
    #[arg(long, default_value = "40s", value_name = "LENGTH", value_parser = length)]
    wait: i64,
    /// The agent: VENUE/ROOM/AGENT.
    #[arg(value_parser = source)]
    agent: Source,
    /// What to do: about, sample, identify, recalibrate …
    name: Id,
    /// Its arguments: sensor=co2 co2_ppm=420. Numbers, true and false are taken as such.
    #[arg(value_name = "KEY=VALUE", value_parser = argument)]
    args: Vec<(String, Value)>,
}

fn source(text: &str) -> Result<Source, String> {
    let ids: Vec<Id> = text.split('/').filter_map(|part| Id::parse(part).ok()).collect();
    match <[Id; 3]>::try_from(ids) {
        Ok([venue, room, agent]) if text.split('/').count() == 3 => Ok(Source { venue, room, agent }),
        _ => Err("write VENUE/ROOM/AGENT, for example nanshan/k03/pi-k03".into()),
    }
}

fn argument(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    let plain = || Value::String(value.to_owned());
    let value = serde_json::from_str(value).ok().filter(|v: &Value| v.is_number() || v.is_boolean());
    Ok((key.to_owned(), value.unwrap_or_else(plain)))
}

/// Asks and prints.
pub fn run(argument: &AskArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let options = mqtt::options(&config.mqtt, None, "hallwatch-ask").map_err(|e| Failure::other("connect", e))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::other("start", e))?;
    let random = getrandom::u64().map_err(|e| Failure::other("ask", e))?;
    let id = Id::parse(&format!("c-{random:016x}")).expect("hexadecimal digits make an identifier");
    let args: Map<String, Value> = argument.args.iter().cloned().collect();
    let command = wire::Command { id, name: argument.name.clone(), args };
    let patience = Duration::from_millis(argument.wait.unsigned_abs());
    match runtime.block_on(agent::ask(options, &argument.agent, &command, patience)) {
        Ok(outcome) if outcome.ok => {
            println!("{}", get(language, "cli_ask.done"));
            for (key, value) in &outcome.data {
                println!("  {key} = {value}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(outcome) => {
            let reason = outcome.error.unwrap_or_default();
            Err(Failure::said(fill(language, "cli_ask.refused", &[("reason", &reason)])))
        }
        Err(agent::Error::Silence(patience)) => {
            let seconds = patience.as_secs().to_string();
            let agent = argument.agent.to_string();
            let words = [("agent", agent.as_str()), ("seconds", seconds.as_str())];
            Err(Failure::said(fill(language, "cli_ask.silent", &words)))
        }
        Err(error) => Err(Failure::other("ask", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbers_where_they_look_like_numbers() {
        assert_eq!(argument("co2_ppm=420"), Ok(("co2_ppm".into(), Value::from(420))));
        assert_eq!(argument("sensor=co2"), Ok(("sensor".into(), Value::from("co2"))));
        assert_eq!(argument("quiet=true"), Ok(("quiet".into(), Value::from(true))));
        assert_eq!(argument("name={}"), Ok(("name".into(), Value::from("{}"))));
        assert!(argument("co2").is_err());
    }

    #[test]
    fn an_agent_is_named_by_venue_room_and_itself() {
        assert_eq!(source("nanshan/k03/pi-k03").unwrap().to_string(), "nanshan/k03/pi-k03");
        for wrong in ["pi-k03", "nanshan/k03", "nanshan/k03/pi-k03/x", "Nanshan/k03/pi"] {
            assert!(source(wrong).is_err(), "{wrong}");
        }
    }
}
