//! Rules as people write them: TOML with texts, hints and the source of each number. Built-in packs
//! by name and files of the user's own become one list of rules for [`crate::rules`], and the words
//! that tickets are explained with. Where two packs have a rule of the same name, the later one wins.

mod changed;
pub mod error;
mod expect;
pub mod file;
pub mod length;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use wire::{Id, PointName};

pub use changed::source_of;
pub use error::Error;

use crate::{
    causes,
    config::{Language, Rules as Config},
    rules::{Expect, Rule},
    tickets::{Facts, WorkWindow},
};

/// The packs that come with the collector. `base` is one pack in several files, one a subject.
const BUILT_IN: [(&str, &str); 6] = [
    (
        "base",
        concat!(
            include_str!("base/self.toml"),
            include_str!("base/safety.toml"),
            include_str!("base/network.toml"),
            include_str!("base/power.toml"),
            include_str!("base/air.toml"),
            include_str!("base/displays.toml"),
            include_str!("base/printers.toml"),
            include_str!("base/cold.toml"),
        ),
    ),
    ("ktv", include_str!("ktv.toml")),
    ("telecom-hall", include_str!("telecom-hall.toml")),
    ("bank", include_str!("bank.toml")),
    ("restaurant", include_str!("restaurant.toml")),
    ("shop", include_str!("shop.toml")),
];

/// The pack of every venue.
const BASE: &str = "base";

/// A rule with everything that people read of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PackRule {
    /// What is evaluated.
    pub rule: Rule,
    /// In Chinese.
    pub zh: Words,
    /// In English.
    pub en: Words,
    /// Where the numbers come from.
    pub source: String,
    /// Whether somebody has checked that against the source itself.
    pub verified: bool,
    /// Whether it is off until the configuration names it.
    pub optional: bool,
    /// When its tickets may be worked at.
    pub work_window: WorkWindow,
    /// The pack it is from: a name, or a file.
    pub pack: String,
}

/// What people read of a rule, in one language.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What is wrong, as the title of a ticket.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// What to do next.
    pub hint: String,
}

impl PackRule {
    /// Its words in a language.
    #[must_use]
    pub fn words(&self, language: Language) -> &Words {
        match language {
            Language::ZhCn => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// All rules in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Packs {
    rules: Vec<PackRule>,
    off: Vec<PackRule>,
}

impl Packs {
    /// Loads what the configuration names.
    pub fn load(config: &Config) -> Result<Self, Error> {
        let mut packs = Self::default();
        let mut seen = Vec::new();
        for name in &config.packs {
            packs.add_built_in(name, &mut seen)?;
        }
        for path in &config.files {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source })?;
            packs.add_text(&shown(path), &text, &mut seen)?;
        }
        packs.switch(&config.enable)?;
        Ok(packs)
    }

    /// Takes optional rules out but those that are named.
    fn switch(&mut self, enable: &[String]) -> Result<(), Error> {
        if let Some(name) = enable.iter().find(|name| !self.rules.iter().any(|r| r.rule.id.as_str() == **name)) {
            return Err(Error::Enable { rule: name.clone() });
        }
        let (on, off) = self
            .rules
            .drain(..)
            .partition(|r: &PackRule| !r.optional || enable.iter().any(|name| name == r.rule.id.as_str()));
        (self.rules, self.off) = (on, off);
        Ok(())
    }

    /// Optional rules that nobody switched on.
    #[must_use]
    pub fn off(&self) -> &[PackRule] {
        &self.off
    }

    /// Adds a pack given as text; `name` is for messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut packs = Self::default();
        packs.add_text(name, text, &mut Vec::new())?;
        Ok(packs)
    }

    /// Rules with their texts, in order.
    #[must_use]
    pub fn all(&self) -> &[PackRule] {
        &self.rules
    }

    /// Rules as they are evaluated.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.iter().map(|r| r.rule.clone()).collect()
    }

    /// What tickets must know of them.
    #[must_use]
    pub fn facts(&self) -> HashMap<Id, Facts> {
        self.rules.iter().map(|r| (r.rule.id.clone(), facts(r))).collect()
    }

    /// The rule of that name.
    #[must_use]
    pub fn rule(&self, id: &Id) -> Option<&PackRule> {
        self.rules.iter().find(|r| r.rule.id == *id)
    }

    /// The first band that is expected of a point of a room: what charts shade.
    #[must_use]
    pub fn band(&self, room: &Id, point: &PointName) -> Option<(Option<f64>, Option<f64>)> {
        self.rules.iter().filter(|r| r.rule.covers_room(room) && r.rule.covers_point(point)).find_map(|r| {
            match r.rule.expect {
                Expect::Band { low, high, .. } => Some((low, high)),
                _ => None,
            }
        })
    }

    /// What a 0/1 point of a room should be, where a rule says so.
    #[must_use]
    pub fn good_state(&self, room: &Id, point: &PointName) -> Option<bool> {
        self.rules.iter().filter(|r| r.rule.covers_room(room) && r.rule.covers_point(point)).find_map(|r| {
            match r.rule.expect {
                Expect::State { good } => Some(good),
                _ => None,
            }
        })
    }

    fn add_built_in(&mut self, name: &str, seen: &mut Vec<String>) -> Result<(), Error> {
        if seen.iter().any(|s| s == name) {
            return Ok(());
        }
        let Some((_, text)) = BUILT_IN.iter().find(|(n, _)| *n == name) else {
            let known: Vec<_> = BUILT_IN.iter().map(|(n, _)| format!("`{n}`")).collect();
            return Err(Error::Unknown { name: name.into(), known: known.join(", ") });
        };
        seen.push(name.to_owned());
        self.add_text(name, text, seen)
    }

    fn add_text(&mut self, name: &str, text: &str, seen: &mut Vec<String>) -> Result<(), Error> {
        let file = file::parse(name, text)?;
        for included in &file.includes {
            self.add_built_in(included, seen)?;
        }
        for rule in &file.without {
            let Some(at) = self.rules.iter().position(|r| r.rule.id.as_str() == rule) else {
                return Err(Error::Without { pack: name.into(), rule: rule.clone() });
            };
            self.rules.remove(at);
        }
        // A built-in pack is for venues of its own kind; `base` and packs of the user are for all they name.
        let own_kind = BUILT_IN.iter().find(|(n, _)| *n == name && name != BASE).and_then(|(n, _)| Id::parse(n).ok());
        let kinds = own_kind.map_or(file.kinds, |kind| vec![kind]);
        let mut own = BTreeMap::new();
        for mut rule in file.rules {
            rule.rule.kinds.clone_from(&kinds);
            if own.insert(rule.rule.id.clone(), ()).is_some() {
                return Err(Error::Rule {
                    pack: name.into(),
                    rule: rule.rule.id.to_string(),
                    key: "id",
                    reason: "twice in this pack".into(),
                    hint: "a rule of another pack is replaced by one of the same id; within a pack ids differ",
                });
            }
            match self.rules.iter_mut().find(|r| r.rule.id == rule.rule.id) {
                Some(older) => *older = rule,
                None => self.rules.push(rule),
            }
        }
        Ok(())
    }
}

/// What causes must know of rules: only what says that a thing does not work can be a cause.
#[must_use]
pub fn cause_facts(rules: &[Rule]) -> HashMap<Id, causes::Fact> {
    let fact = |r: &Rule| {
        let breaks = matches!(r.expect, Expect::State { .. } | Expect::Silent { .. });
        (r.id.clone(), causes::Fact { severity: r.severity, team: r.team.clone(), breaks })
    };
    rules.iter().map(fact).collect()
}

/// What tickets must know of a rule: a fix needs `for` to be refuted and `clear_for` to be proved.
fn facts(PackRule { rule, work_window, .. }: &PackRule) -> Facts {
    let looks_back_ms = match rule.expect {
        Expect::Silent { after_ms, .. } | Expect::Stuck { after_ms, .. } => after_ms,
        Expect::Rate { per_ms, .. } => per_ms,
        Expect::Share { window_ms, .. } => window_ms,
        Expect::Band { .. } | Expect::State { .. } | Expect::Due { .. } | Expect::Disagree { .. } => 0,
    };
    Facts { patience_ms: looks_back_ms + rule.for_ms + rule.clear_for_ms, work_window: *work_window }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests;
