//! Turns the text of one pack into rules with their texts, and refuses what does not make sense.
//! Reads no file.

use serde::Deserialize;
use wire::Id;

use super::{Error, PackRule, Words, length};
use crate::{
    episode::Severity,
    rules::{Expect, GAP_MS, Rule},
};

/// A pack as written.
#[derive(Debug)]
pub struct File {
    /// Packs it builds on.
    pub includes: Vec<String>,
    /// Rules of those packs that it leaves out.
    pub without: Vec<String>,
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
struct RawRule {
    id: String,
    kind: Kind,
    #[serde(default)]
    points: Vec<String>,
    #[serde(default)]
    rooms: Vec<String>,
    low: Option<f64>,
    high: Option<f64>,
    low_return: Option<f64>,
    high_return: Option<f64>,
    good: Option<bool>,
    after: Option<String>,
    #[serde(default)]
    agent: bool,
    #[serde(rename = "for")]
    lasts: Option<String>,
    clear_for: Option<String>,
    gap: Option<String>,
    severity: Severity,
    team: String,
    source: String,
    verified: bool,
    zh: Words,
    en: Words,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Band,
    State,
    Silent,
}

/// Reads the pack `name`.
pub fn parse(name: &str, text: &str) -> Result<File, Error> {
    let raw: RawFile =
        toml::from_str(text).map_err(|e| Error::Toml { pack: name.into(), reason: e.to_string().trim().to_owned() })?;
    let rules = raw.rule.into_iter().map(|rule| Checker { pack: name, rule: rule.id.clone() }.rule(rule));
    Ok(File { includes: raw.includes, without: raw.without, rules: rules.collect::<Result<_, _>>()? })
}

/// Knows where it is, for its refusals.
struct Checker<'a> {
    pack: &'a str,
    rule: String,
}

impl Checker<'_> {
    fn refuse<T>(&self, key: &'static str, reason: impl Into<String>, hint: &'static str) -> Result<T, Error> {
        Err(Error::Rule { pack: self.pack.into(), rule: self.rule.clone(), key, reason: reason.into(), hint })
    }

    fn rule(&self, raw: RawRule) -> Result<PackRule, Error> {
        let id = self.id("id", &raw.id)?;
        let team = self.id("team", &raw.team)?;
        self.foreign_keys(&raw)?;
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
        let gap_ms = self.length("gap", raw.gap.as_deref())?.unwrap_or(GAP_MS);
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
        };
        let (zh, en) = (raw.zh, raw.en);
        Ok(PackRule { rule, zh, en, source: raw.source, verified: raw.verified, pack: self.pack.into() })
    }

    /// Keys that the kind does not have.
    fn foreign_keys(&self, raw: &RawRule) -> Result<(), Error> {
        let keys = [
            ("low", raw.low.is_some(), Kind::Band),
            ("high", raw.high.is_some(), Kind::Band),
            ("low_return", raw.low_return.is_some(), Kind::Band),
            ("high_return", raw.high_return.is_some(), Kind::Band),
            ("good", raw.good.is_some(), Kind::State),
            ("after", raw.after.is_some(), Kind::Silent),
            ("agent", raw.agent, Kind::Silent),
        ];
        match keys.into_iter().find(|(_, there, kind)| *there && *kind != raw.kind) {
            None => Ok(()),
            Some((key, _, kind)) => self.refuse(
                key,
                format!("belongs to kind `{}`", format!("{kind:?}").to_lowercase()),
                "`band` has low and high, `state` has good, `silent` has after and agent",
            ),
        }
    }

    fn expect(&self, raw: &RawRule) -> Result<Expect, Error> {
        match raw.kind {
            Kind::Band => self.band(raw),
            Kind::State => match raw.good {
                Some(good) => Ok(Expect::State { good }),
                None => self.refuse("good", "missing", "`true` where 1 is as it should be, `false` where 0 is"),
            },
            Kind::Silent => match self.length("after", raw.after.as_deref())? {
                Some(after_ms) if after_ms > 0 => Ok(Expect::Silent { after_ms, agent: raw.agent }),
                _ => self.refuse("after", "missing or 0s", "how long nothing may be heard, for example `3m`"),
            },
        }
    }

    fn band(&self, raw: &RawRule) -> Result<Expect, Error> {
        let (low, high, low_return, high_return) = (raw.low, raw.high, raw.low_return, raw.high_return);
        for (key, number) in [("low", low), ("high", high), ("low_return", low_return), ("high_return", high_return)] {
            if number.is_some_and(|n| !n.is_finite()) {
                return self.refuse(key, "not a finite number", "leave the limit out where there is none");
            }
        }
        if low.is_none() && high.is_none() {
            return self.refuse("low", "neither low nor high is given", "a band needs at least one limit");
        }
        let order = [
            ("high", low, high),
            ("low_return", low, low_return),
            ("high_return", low_return.or(low), high_return.or(high)),
            ("high", high_return, high),
        ];
        if low_return.is_some() && low.is_none() {
            return self.refuse("low_return", "given without `low`", "a return limit belongs to its limit");
        }
        if high_return.is_some() && high.is_none() {
            return self.refuse("high_return", "given without `high`", "a return limit belongs to its limit");
        }
        for (key, lower, upper) in order {
            if let (Some(lower), Some(upper)) = (lower, upper)
                && lower > upper
            {
                let reason = format!("{lower} is above {upper}");
                return self.refuse(key, reason, "the order is low, low_return, high_return, high");
            }
        }
        Ok(Expect::Band { low, high, low_return, high_return })
    }

    fn id(&self, key: &'static str, text: &str) -> Result<Id, Error> {
        Id::parse(text).or_else(|_| {
            let hint = "1 to 64 of a-z, 0-9 and `-`, for example `air-temperature` or `hvac`";
            self.refuse(key, format!("`{text}`"), hint)
        })
    }

    fn patterns(&self, key: &'static str, patterns: &[String]) -> Result<(), Error> {
        let fits = |p: &str| {
            !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*".contains(&b))
        };
        match patterns.iter().find(|p| !fits(p)) {
            None => Ok(()),
            Some(bad) => self.refuse(key, format!("`{bad}`"), "a-z, 0-9, `_`, `-`, and `*` for any run of characters"),
        }
    }

    fn length(&self, key: &'static str, text: Option<&str>) -> Result<Option<i64>, Error> {
        let Some(text) = text else { return Ok(None) };
        match length::parse(text) {
            Some(ms) => Ok(Some(ms)),
            None => {
                self.refuse(key, format!("`{text}`"), "a length such as `30s`, `15m`, `2h` or `1d`, at most 28 days")
            }
        }
    }
}
