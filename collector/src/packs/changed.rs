//! The rules of a configuration with some of them written anew, and where to find a rule as it was written.

use toml::{Table, Value};

use super::{BUILT_IN, Error, PackRule, Packs, file};
use crate::config;

/// The rule `id` as it is written in the packs of `config`: what replaces another counts.
pub fn source_of(config: &config::Rules, id: &str) -> Result<Option<Table>, Error> {
    let mut texts: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for name in &config.packs {
        built_in(name, &mut seen, &mut texts)?;
    }
    for path in &config.files {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        for included in file::parse(&path.display().to_string(), &text)?.includes {
            built_in(&included, &mut seen, &mut texts)?;
        }
        texts.push(text);
    }
    let of_text = |text: &String| {
        let table = text.parse::<Table>().ok()?;
        let rules = table.get("rule")?.as_array()?;
        rules
            .iter()
            .filter_map(Value::as_table)
            .find(|rule| rule.get("id").and_then(Value::as_str) == Some(id))
            .cloned()
    };
    Ok(texts.iter().rev().find_map(of_text))
}

fn built_in(name: &str, seen: &mut Vec<String>, texts: &mut Vec<String>) -> Result<(), Error> {
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else { return Ok(()) };
    if seen.iter().any(|known| known == name) {
        return Ok(());
    }
    seen.push(name.to_owned());
    for included in file::parse(name, text)?.includes {
        built_in(&included, seen, texts)?;
    }
    texts.push((*text).to_owned());
    Ok(())
}

impl Packs {
    /// One rule alone.
    #[must_use]
    pub fn only(rule: PackRule) -> Self {
        Self { rules: vec![rule], off: Vec::new() }
    }

    /// The rules of `config`, where those of `text` stand in the place of theirs, for the same kinds of
    /// venues and switched on; `name` is for messages.
    pub fn load_with(config: &config::Rules, name: &str, text: &str) -> Result<Self, Error> {
        let mut packs = Self::load(config)?;
        for mut rule in file::parse(name, text)?.rules {
            let older = packs.rules.iter_mut().chain(&mut packs.off).find(|older| older.rule.id == rule.rule.id);
            if let Some(older) = older {
                rule.rule.kinds.clone_from(&older.rule.kinds);
            }
            packs.off.retain(|off| off.rule.id != rule.rule.id);
            match packs.rules.iter_mut().find(|older| older.rule.id == rule.rule.id) {
                Some(older) => *older = rule,
                None => packs.rules.push(rule),
            }
        }
        Ok(packs)
    }
}
