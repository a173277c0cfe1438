//! Turns the text of one pack into rules with their texts, and refuses what does not make sense.
//! Reads no file.

use serde::Deserialize;
use wire::Id;

use super::{Error, PackRule, Words, length};
use crate::{
    episode::Severity,
    rules::{Expect, RoomState, Rule},
    tickets::WorkWindow,
};

/// A pack as written.
#[derive(Debug)]
pub struct File {
    /// Packs it builds on.
    pub includes: Vec<String>,
    /// Rules of those packs that it leaves out.
    pub without: Vec<String>,
    /// Kinds of venues that it is for; empty for all.
    pub kinds: Vec<Id>,
    /// Its own.
    pub rules: Vec<PackRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    #[expect(dead_code, reason = "a heading for people who read the file")]
    title: Option<Both>,
    #[serde(default)]
    includes: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    kinds: Vec<Id>,
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a heading for people who read the file")]
struct Both {
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) points: Vec<String>,
    #[serde(default)]
    pub(super) rooms: Vec<String>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) low_return: Option<f64>,
    pub(super) high_return: Option<f64>,
    pub(super) good: Option<bool>,
    pub(super) after: Option<String>,
    #[serde(default)]
    pub(super) agent: bool,
    pub(super) rise: Option<f64>,
    pub(super) fall: Option<f64>,
    pub(super) per: Option<String>,
    pub(super) share: Option<f64>,
    pub(super) window: Option<String>,
    pub(super) within: Option<Within>,
    #[serde(default)]
    pub(super) with: Vec<String>,
    pub(super) apart: Option<f64>,
    #[serde(default)]
    pub(super) when: RawWhen,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) work_window: WorkWindow,
    #[serde(rename = "for")]
    pub(super) lasts: Option<String>,
    pub(super) clear_for: Option<String>,
    pub(super) gap: Option<String>,
    pub(super) severity: Severity,
    pub(super) team: String,
    pub(super) source: String,
    pub(super) verified: bool,
    pub(super) zh: Words,
    pub(super) en: Words,
}

/// A span of numbers for `stuck`, a length for `due`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Within {
    Number(f64),
    Length(String),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWhen {
    pub(super) open: bool,
    pub(super) closed: bool,
    pub(super) before_opening: Option<String>,
    pub(super) seasons: Vec<String>,
    pub(super) states: Vec<RoomState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Band,
    State,
    Silent,
    Stuck,
    Rate,
    Share,
    Due,
    Disagree,
}

/// Reads the pack `name`.
pub fn parse(name: &str, text: &str) -> Result<File, Error> {
    let raw: RawFile =
        toml::from_str(text).map_err(|e| Error::Toml { pack: name.into(), reason: e.to_string().trim().to_owned() })?;
    let rules = raw.rule.into_iter().map(|rule| Checker { pack: name, rule: rule.id.clone() }.rule(rule));
    Ok(File { includes: raw.includes, without: raw.without, kinds: raw.kinds, rules: rules.collect::<Result<_, _>>()? })
}

/// Knows where it is, for its refusals.
pub(super) struct Checker<'a> {
    pack: &'a str,
    rule: String,
}

impl Checker<'_> {
    pub(super) fn refuse<T>(
        &self,
        key: &'static str,
        reason: impl Into<String>,
        hint: &'static str,
    ) -> Result<T, Error> {
        Err(Error::Rule { pack: self.pack.into(), rule: self.rule.clone(), key, reason: reason.into(), hint })
    }

    fn rule(&self, raw: RawRule) -> Result<PackRule, Error> {
        let id = self.id("id", &raw.id)?;
        let team = self.id("team", &raw.team)?;
        self.patterns("points", &raw.points)?;
        self.patterns("rooms", &raw.rooms)?;
        let expect = self.expect(&raw)?;
        let watches_agent = matches!(expect, Expect::Silent { agent: true, .. });
        if raw.points.is_empty() != watches_agent {
            return self.refuse(
                "points",
                if watches_agent { "given for a rule that watches the agent" } else { "empty" },
                "name points, with `*` for any run of characters; only `agent = true` goes without",
            );
        }
        for (key, words) in [("zh", &raw.zh), ("en", &raw.en)] {
            if [&words.title, &words.meaning, &words.hint].iter().any(|t| t.trim().is_empty()) {
                return self.refuse(key, "a text is empty", "write title, meaning and hint: staff read them at night");
            }
        }
        if raw.source.trim().is_empty() {
            return self.refuse("source", "empty", "say where the number comes from; `own experience` is an answer");
        }
        let gap_ms = self.length("gap", raw.gap.as_deref())?.unwrap_or(expect.usual_gap_ms());
        if gap_ms == 0 {
            return self.refuse("gap", "0s", "a gap is at least a second; leave it out for five minutes");
        }
        let rule = Rule {
            id,
            points: raw.points,
            rooms: raw.rooms,
            expect,
            for_ms: self.length("for", raw.lasts.as_deref())?.unwrap_or(0),
            clear_for_ms: self.length("clear_for", raw.clear_for.as_deref())?.unwrap_or(0),
            gap_ms,
            severity: raw.severity,
            team,
            when: self.when(&raw.when)?,
            kinds: Vec::new(),
        };
        let (zh, en) = (raw.zh, raw.en);
        let (source, verified, optional, work_window) = (raw.source, raw.verified, raw.optional, raw.work_window);
        Ok(PackRule { rule, zh, en, source, verified, optional, work_window, pack: self.pack.into() })
    }

    fn id(&self, key: &'static str, text: &str) -> Result<Id, Error> {
        Id::parse(text).or_else(|_| {
            let hint = "1 to 64 of a-z, 0-9 and `-`, for example `air-temperature` or `hvac`";
            self.refuse(key, format!("`{text}`"), hint)
        })
    }

    pub(super) fn patterns(&self, key: &'static str, patterns: &[String]) -> Result<(), Error> {
        let fits = |p: &str| {
            !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*".contains(&b))
        };
        match patterns.iter().find(|p| !fits(p)) {
            None => Ok(()),
            Some(bad) => self.refuse(key, format!("`{bad}`"), "a-z, 0-9, `_`, `-`, and `*` for any run of characters"),
        }
    }

    pub(super) fn length(&self, key: &'static str, text: Option<&str>) -> Result<Option<i64>, Error> {
        let Some(text) = text else { return Ok(None) };
        match length::parse(text) {
            Some(ms) => Ok(Some(ms)),
            None => {
                self.refuse(key, format!("`{text}`"), "a length such as `30s`, `15m`, `2h` or `1d`, at most 28 days")
            }
        }
    }
}
