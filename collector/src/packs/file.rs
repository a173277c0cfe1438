//! Turns the text of one pack into rules with their texts, and refuses what does not make sense.
//! Reads no file.

use serde::Deserialize;
use wire::Id;

use super::{Error, PackRule, Words, length};
use crate::{
    episode::Severity,
    rules::{Expect, GAP_MS, RoomState, Rule, When},
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
    rise: Option<f64>,
    fall: Option<f64>,
    per: Option<String>,
    share: Option<f64>,
    window: Option<String>,
    within: Option<Within>,
    #[serde(default)]
    with: Vec<String>,
    apart: Option<f64>,
    #[serde(default)]
    when: RawWhen,
    #[serde(default)]
    optional: bool,
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

/// A span of numbers for `stuck`, a length for `due`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Within {
    Number(f64),
    Length(String),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawWhen {
    open: bool,
    closed: bool,
    before_opening: Option<String>,
    seasons: Vec<String>,
    states: Vec<RoomState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
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
            when: self.when(&raw.when)?,
            kinds: Vec::new(),
        };
        let (zh, en) = (raw.zh, raw.en);
        let (source, verified, optional) = (raw.source, raw.verified, raw.optional);
        Ok(PackRule { rule, zh, en, source, verified, optional, pack: self.pack.into() })
    }

    /// Keys that the kind does not have.
    fn foreign_keys(&self, raw: &RawRule) -> Result<(), Error> {
        use Kind::{Band, Disagree, Due, Rate, Share, Silent, State, Stuck};
        let keys: [(&'static str, bool, &[Kind]); 15] = [
            ("low", raw.low.is_some(), &[Band, Share]),
            ("high", raw.high.is_some(), &[Band, Share]),
            ("low_return", raw.low_return.is_some(), &[Band]),
            ("high_return", raw.high_return.is_some(), &[Band]),
            ("good", raw.good.is_some(), &[State]),
            ("after", raw.after.is_some(), &[Silent, Stuck]),
            ("agent", raw.agent, &[Silent]),
            ("rise", raw.rise.is_some(), &[Rate]),
            ("fall", raw.fall.is_some(), &[Rate]),
            ("per", raw.per.is_some(), &[Rate]),
            ("share", raw.share.is_some(), &[Share]),
            ("window", raw.window.is_some(), &[Share]),
            ("within", raw.within.is_some(), &[Stuck, Due]),
            ("with", !raw.with.is_empty(), &[Disagree]),
            ("apart", raw.apart.is_some(), &[Disagree]),
        ];
        match keys.into_iter().find(|(_, there, kinds)| *there && !kinds.contains(&raw.kind)) {
            None => Ok(()),
            Some((key, _, kinds)) => {
                let names: Vec<_> =
                    kinds.iter().map(|kind| format!("`{}`", format!("{kind:?}").to_lowercase())).collect();
                let reason = format!("belongs to kind {}", names.join(" and "));
                self.refuse(
                    key,
                    reason,
                    "band: low, high; state: good; silent: after, agent; stuck: after, within; rate: rise, fall, per; \
                     share: low, high, share, window; due: within; disagree: with, apart",
                )
            }
        }
    }

    fn expect(&self, raw: &RawRule) -> Result<Expect, Error> {
        match raw.kind {
            Kind::Band => self.band(raw),
            Kind::State => match raw.good {
                Some(good) => Ok(Expect::State { good }),
                None => self.refuse("good", "missing", "`true` where 1 is as it should be, `false` where 0 is"),
            },
            Kind::Silent => {
                Ok(Expect::Silent { after_ms: self.span("after", raw.after.as_deref())?, agent: raw.agent })
            }
            Kind::Stuck => {
                let within = match &raw.within {
                    None => 0.0,
                    Some(Within::Number(within)) if *within >= 0.0 && within.is_finite() => *within,
                    Some(_) => {
                        return self.refuse(
                            "within",
                            "not a number from 0 on",
                            "how far it may move and still stand still",
                        );
                    }
                };
                Ok(Expect::Stuck { after_ms: self.span("after", raw.after.as_deref())?, within })
            }
            Kind::Rate => {
                let per_ms = self.span("per", raw.per.as_deref())?;
                let fits = |limit: Option<f64>| limit.is_none_or(|limit| limit > 0.0 && limit.is_finite());
                if raw.rise.is_none() && raw.fall.is_none() || !fits(raw.rise) || !fits(raw.fall) {
                    return self.refuse("rise", "no positive rise or fall", "how far it may rise or fall in one `per`");
                }
                Ok(Expect::Rate { rise: raw.rise, fall: raw.fall, per_ms })
            }
            Kind::Share => {
                let Expect::Band { low, high, .. } = self.band(raw)? else { return self.refuse("low", "missing", "") };
                let window_ms = self.span("window", raw.window.as_deref())?;
                match raw.share {
                    Some(share) if share > 0.0 && share < 1.0 => Ok(Expect::Share { low, high, share, window_ms }),
                    _ => self.refuse("share", "not between 0 and 1", "`0.25` for a quarter of the window"),
                }
            }
            Kind::Due => match &raw.within {
                Some(Within::Length(text)) => {
                    let ms = self.length("within", Some(text))?.unwrap_or(0);
                    #[expect(clippy::cast_precision_loss, reason = "at most a thousand days")]
                    let within_days = ms as f64 / 86_400_000.0;
                    Ok(Expect::Due { within_days })
                }
                _ => self.refuse(
                    "within",
                    "missing or no length",
                    "how long before the date, for example `30d`; `0d` on the day",
                ),
            },
            Kind::Disagree => {
                self.patterns("with", &raw.with)?;
                match raw.apart {
                    _ if raw.with.is_empty() => {
                        self.refuse("with", "empty", "names or patterns of the points to compare with")
                    }
                    Some(apart) if apart > 0.0 && apart.is_finite() => {
                        Ok(Expect::Disagree { with: raw.with.clone(), apart })
                    }
                    _ => self.refuse(
                        "apart",
                        "missing or not above 0",
                        "how far from the median of the others is too far",
                    ),
                }
            }
        }
    }

    /// A length that must be there and be longer than nothing.
    fn span(&self, key: &'static str, text: Option<&str>) -> Result<i64, Error> {
        match self.length(key, text)? {
            Some(ms) if ms > 0 => Ok(ms),
            _ => self.refuse(key, "missing or 0s", "a length such as `30s`, `15m` or `2h`"),
        }
    }

    fn when(&self, raw: &RawWhen) -> Result<When, Error> {
        if raw.open && raw.closed {
            return self.refuse("when", "both open and closed", "leave both out for always");
        }
        let mut seasons = Vec::new();
        for text in &raw.seasons {
            match text.split_once('/').and_then(|(first, last)| Some((day_of_year(first)?, day_of_year(last)?))) {
                Some(season) => seasons.push(season),
                None => {
                    return self.refuse(
                        "when",
                        format!("season `{text}`"),
                        "month and day to month and day: `06-01/09-30`",
                    );
                }
            }
        }
        let before_opening_ms = self.length("when", raw.before_opening.as_deref())?;
        Ok(When { open: raw.open, closed: raw.closed, before_opening_ms, seasons, states: raw.states.clone() })
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

/// Month · 100 + day of `06-30`; every month may have 31 days here, a day that never comes harms nobody.
fn day_of_year(text: &str) -> Option<u16> {
    let (month, day) = text.split_once('-')?;
    let number = |t: &str| (t.len() == 2).then(|| t.parse::<u16>().ok())?;
    let (month, day) = (number(month)?, number(day)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(month * 100 + day)
}
