//! Changes a number of a rule, as a person writes it: `air-temperature.high=24`. The rule is taken from the
//! pack that has it, changed, and read again like any other, so that a change can be wrong only in ways that
//! a pack can be.

use toml::{Table, Value};

use super::Error;
use crate::{
    config,
    packs::{self, Packs},
};

/// The rules of `config` with `changes`.
pub fn packs(config: &config::Rules, changes: &[String]) -> Result<Packs, Error> {
    let mut rules: Vec<Table> = Vec::new();
    for written in changes {
        let refused = |reason: String| Error::Change { written: written.clone(), reason };
        let (path, value) = written.split_once('=').ok_or_else(|| refused("there is no `=`".into()))?;
        let (rule, key) = path.trim().split_once('.').ok_or_else(|| refused("there is no `.`".into()))?;
        let known = rules.iter().position(|table| id_of(table) == Some(rule));
        let place = match known {
            Some(place) => place,
            None => {
                let table =
                    packs::source_of(config, rule)?.ok_or_else(|| refused(format!("no rule is named `{rule}`")))?;
                rules.push(table);
                rules.len() - 1
            }
        };
        rules[place].insert(key.trim().to_owned(), read(value.trim()));
    }
    let mut file = Table::new();
    file.insert("rule".into(), Value::Array(rules.into_iter().map(Value::Table).collect()));
    let text = file.to_string();
    Ok(Packs::load_with(config, "changed", &text)?)
}

fn id_of(table: &Table) -> Option<&str> {
    table.get("id").and_then(Value::as_str)
}

/// A value as TOML reads it; what TOML does not understand is a text: `5m` needs no quotes. A whole number is
/// what a limit of a rule may be written as, too.
fn read(text: &str) -> Value {
    let value = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    match value {
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        Some(Value::Integer(number)) => Value::Float(number as f64),
        Some(value) => value,
        None => Value::String(text.to_owned()),
    }
}
