//! What a rule expects and when, out of the keys that people wrote for its kind; refuses what does not
//! make sense.

use super::{
    Error,
    file::{Checker, Kind, RawRule, RawWhen, Within},
    length,
};
use crate::rules::{Expect, When};

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

impl Checker<'_> {
    pub(super) fn expect(&self, raw: &RawRule) -> Result<Expect, Error> {
        self.foreign_keys(raw)?;
        match raw.kind {
            Kind::Band => self.band(raw),
            Kind::State => match raw.good {
                Some(good) => Ok(Expect::State { good }),
                None => self.refuse("good", "missing", "`true` where 1 is as it should be, `false` where 0 is"),
            },
            Kind::Silent => {
                Ok(Expect::Silent { after_ms: self.span("after", raw.after.as_deref())?, agent: raw.agent })
            }
            Kind::Stuck => self.stuck(raw),
            Kind::Rate => self.rate(raw),
            Kind::Share => self.share(raw),
            Kind::Due => self.due(raw),
            Kind::Disagree => self.disagree(raw),
        }
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

    fn stuck(&self, raw: &RawRule) -> Result<Expect, Error> {
        let within = match &raw.within {
            None => 0.0,
            Some(Within::Number(within)) if *within >= 0.0 && within.is_finite() => *within,
            Some(_) => {
                return self.refuse("within", "not a number from 0 on", "how far it may move and still stand still");
            }
        };
        Ok(Expect::Stuck { after_ms: self.span("after", raw.after.as_deref())?, within })
    }

    fn rate(&self, raw: &RawRule) -> Result<Expect, Error> {
        let per_ms = self.span("per", raw.per.as_deref())?;
        let fits = |limit: Option<f64>| limit.is_none_or(|limit| limit > 0.0 && limit.is_finite());
        for (key, limit) in [("rise", raw.rise), ("fall", raw.fall)] {
            if !fits(limit) {
                return self.refuse(key, "not above 0", "how far it may move in one `per`; `fall` is positive too");
            }
        }
        if raw.rise.is_none() && raw.fall.is_none() {
            return self.refuse("rise", "neither rise nor fall is given", "how far it may rise or fall in one `per`");
        }
        Ok(Expect::Rate { rise: raw.rise, fall: raw.fall, per_ms })
    }

    fn share(&self, raw: &RawRule) -> Result<Expect, Error> {
        let Expect::Band { low, high, .. } = self.band(raw)? else { unreachable!("`band` gives bands") };
        let window_ms = self.span("window", raw.window.as_deref())?;
        match raw.share {
            Some(share) if share > 0.0 && share < 1.0 => Ok(Expect::Share { low, high, share, window_ms }),
            _ => self.refuse("share", "not between 0 and 1", "`0.25` for a quarter of the window"),
        }
    }

    fn due(&self, raw: &RawRule) -> Result<Expect, Error> {
        let text = if let Some(Within::Length(text)) = &raw.within { text } else { "" };
        let Some(ms) = length::parse_ahead(text) else {
            let hint = "how long before the date, for example `30d`, at most `366d`; `0d` once it is past";
            return self.refuse("within", "missing or no such length", hint);
        };
        #[expect(clippy::cast_precision_loss, reason = "a length is far below 2^52 ms")]
        let within_days = ms as f64 / DAY_MS;
        Ok(Expect::Due { within_days })
    }

    fn disagree(&self, raw: &RawRule) -> Result<Expect, Error> {
        self.patterns("with", &raw.with)?;
        if raw.with.is_empty() {
            return self.refuse("with", "empty", "names or patterns of the points to compare with");
        }
        match raw.apart {
            Some(apart) if apart > 0.0 && apart.is_finite() => Ok(Expect::Disagree { with: raw.with.clone(), apart }),
            _ => self.refuse("apart", "missing or not above 0", "how far from the median of the others is too far"),
        }
    }

    /// A length that must be there and be longer than nothing.
    fn span(&self, key: &'static str, text: Option<&str>) -> Result<i64, Error> {
        match self.length(key, text)? {
            Some(ms) if ms > 0 => Ok(ms),
            _ => self.refuse(key, "missing or 0s", "a length such as `30s`, `15m` or `2h`"),
        }
    }

    pub(super) fn when(&self, raw: &RawWhen) -> Result<When, Error> {
        if raw.open && raw.closed {
            return self.refuse("when", "both open and closed", "leave both out for always");
        }
        let mut seasons = Vec::new();
        for text in &raw.seasons {
            match text.split_once('/').and_then(|(first, last)| Some((day_of_year(first)?, day_of_year(last)?))) {
                Some(season) => seasons.push(season),
                None => {
                    let hint = "month and day to month and day: `06-01/09-30`";
                    return self.refuse("when", format!("season `{text}`"), hint);
                }
            }
        }
        let before_opening_ms = match &raw.before_opening {
            None => None,
            Some(text) => Some(self.span("when", Some(text))?),
        };
        Ok(When { open: raw.open, closed: raw.closed, before_opening_ms, seasons, states: raw.states.clone() })
    }
}

/// Month · 100 + day of `06-30`; every month may have 31 days here, a day that never comes harms nobody.
fn day_of_year(text: &str) -> Option<u16> {
    let (month, day) = text.split_once('-')?;
    let number = |t: &str| (t.len() == 2).then(|| t.parse::<u16>().ok())?;
    let (month, day) = (number(month)?, number(day)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(month * 100 + day)
}
