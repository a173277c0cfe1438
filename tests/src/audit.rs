//! The outside oracle of delivery: compares what outsiders saw (messages on the broker, spools on
//! disk) with what the collector's books say, and names every difference. Asks neither the agent
//! nor the collector whether they did well, and never mends anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    path::Path,
    sync::Arc,
};

use collector::{
    ledger::{Reader, sqlite::Sqlite, store::ROWS_MAX},
    readings,
};
use wire::{Ack, Channel, Clock, Entry, Lost, Sample, Source, Topic, UnixMs};

/// Two copies of one sample may differ by this in their instant: the agent's clock may have become
/// trusted in between (PROMISES, P4).
const AT_DIFFERENCE_MS_MAX: i64 = 2_000;

/// A spool of an agent.
type Spool = (Source, String);

/// What outsiders saw.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Samples that went over the broker.
    published: BTreeMap<Spool, BTreeMap<u64, Sample>>,
    /// How far the collector acknowledged each spool: an agent has freed everything up to there.
    acked: BTreeMap<Spool, u64>,
    /// Samples that lay in a spool on disk when its agent was dead: acknowledged to its sampler.
    kept: BTreeMap<Spool, BTreeMap<u64, Sample>>,
    /// The last number, sample or not, that lay there.
    last: BTreeMap<Spool, u64>,
    /// Runs of numbers that the agent itself said it had acknowledged to its sampler.
    promised: Vec<(Spool, RangeInclusive<u64>)>,
}

/// What the collector's books say.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Every stored sample, as often as it is stored.
    pub stored: Vec<(Source, Sample)>,
    /// Every run of numbers without samples.
    pub lost: Vec<(Source, Lost)>,
}

impl Books {
    /// Reads a ledger beside the collector that writes it, or after it.
    pub fn read(ledger: &Path) -> Result<Self, collector::ledger::Error> {
        let store = Arc::new(Sqlite::beside(ledger)?);
        let readings = readings::over(store.clone());
        let mut books = Self::default();
        for device in store.devices()? {
            let samples = readings.samples(&device.source, 0, UnixMs::MAX, usize::MAX)?;
            books.stored.extend(samples.into_iter().map(|sample| (device.source.clone(), sample)));
        }
        books.lost = store.lost(ROWS_MAX)?.into_iter().map(|row| (row.source, row.lost)).collect();
        Ok(books)
    }
}

impl Evidence {
    /// Takes a line of `mosquitto_sub -v`; others than `samples` and `ack` are of no interest.
    pub fn hear(&mut self, line: &str) {
        let Some((topic, body)) = line.split_once(' ') else { return };
        let Ok(topic) = Topic::parse(topic) else { return };
        match topic.channel {
            Channel::Samples => {
                for entry in wire::samples::parse(body.as_bytes()).unwrap_or_default() {
                    if let Entry::Sample(sample) = entry {
                        let spool = (topic.source.clone(), sample.spool.to_string());
                        self.published.entry(spool).or_default().insert(sample.seq, sample);
                    }
                }
            }
            Channel::Ack => {
                if let Ok(Ack { spool, upto, .. }) = wire::ack::parse(body.as_bytes()) {
                    let known = self.acked.entry((topic.source, spool.to_string())).or_default();
                    *known = (*known).max(upto);
                }
            }
            _ => {}
        }
    }

    /// Takes what a dead agent has in its spool; call it after each run of the agent.
    pub fn keep(&mut self, source: &Source, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            let spool = (source.clone(), entry.spool().to_string());
            let last = self.last.entry(spool.clone()).or_default();
            *last = (*last).max(entry.seqs().1);
            if let Entry::Sample(sample) = entry {
                self.kept.entry(spool).or_default().insert(sample.seq, sample);
            }
        }
    }

    /// Takes what a dead agent had said of itself in its last run: `upto` is acknowledged to its
    /// sampler. Call it before [`Evidence::keep`] of the same run: what lay in the spool after the
    /// run before was settled then, later numbers are samples of this run.
    pub fn promise(&mut self, source: &Source, spool: &str, upto: u64) {
        let spool = (source.clone(), spool.to_owned());
        let begin = self.last.get(&spool).copied().unwrap_or(0) + 1;
        if begin <= upto {
            self.promised.push((spool, begin..=upto));
        }
    }

    /// How many numbers were promised.
    #[must_use]
    pub fn promised(&self) -> u64 {
        let all: BTreeSet<(&Spool, u64)> =
            self.promised.iter().flat_map(|(spool, run)| run.clone().map(move |seq| (spool, seq))).collect();
        all.len() as u64
    }

    /// How many samples it speaks of, published and kept.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.published.values().map(BTreeMap::len).sum(), self.kept.values().map(BTreeMap::len).sum())
    }

    /// How many numbers the collector acknowledged.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked.values().sum()
    }
}

/// Every difference between `evidence` and `books`; none is what is promised.
#[must_use]
pub fn audit(evidence: &Evidence, books: &Books) -> Vec<String> {
    let mut findings = Vec::new();
    let mut stored: BTreeMap<Spool, BTreeMap<u64, &Sample>> = BTreeMap::new();
    for (source, sample) in &books.stored {
        let of_spool = stored.entry((source.clone(), sample.spool.to_string())).or_default();
        if of_spool.insert(sample.seq, sample).is_some() {
            findings.push(format!("{source} spool {} seq {}: stored twice", sample.spool, sample.seq));
        }
    }
    let mut lost: BTreeMap<Spool, BTreeSet<u64>> = BTreeMap::new();
    for (source, run) in &books.lost {
        let of_spool = lost.entry((source.clone(), run.spool.to_string())).or_default();
        for seq in run.seq..=run.upto {
            if !of_spool.insert(seq) {
                findings.push(format!("{source} spool {} seq {seq}: declared lost twice", run.spool));
            }
        }
    }
    for (spool, run) in &evidence.promised {
        let of_spool = stored.get(spool);
        let missing = run.clone().filter(|seq| !of_spool.is_some_and(|samples| samples.contains_key(seq)));
        findings
            .extend(missing.map(|seq| format!("{} spool {} seq {seq}: promised and never stored", spool.0, spool.1)));
    }
    for ((source, spool), samples) in &evidence.kept {
        for (seq, sample) in samples {
            let of_spool = stored.get(&(source.clone(), spool.clone()));
            match of_spool.and_then(|samples| samples.get(seq)) {
                None => findings.push(format!("{source} spool {spool} seq {seq}: kept on disk and never stored")),
                Some(found) if !same(found, sample) => {
                    findings.push(format!("{source} spool {spool} seq {seq}: stored otherwise than it was kept"));
                }
                Some(_) => {}
            }
        }
    }
    for ((source, spool), samples) in &stored {
        let none = BTreeSet::new();
        let lost = lost.get(&(source.clone(), spool.clone())).unwrap_or(&none);
        let published = evidence.published.get(&(source.clone(), spool.clone()));
        for (seq, sample) in samples {
            if lost.contains(seq) {
                findings.push(format!("{source} spool {spool} seq {seq}: stored, and declared lost"));
            }
            if let Some(seen) = published.and_then(|samples| samples.get(seq))
                && !same(seen, sample)
            {
                findings.push(format!("{source} spool {spool} seq {seq}: stored otherwise than it was published"));
            }
        }
    }
    let spools: BTreeSet<&Spool> = stored.keys().chain(lost.keys()).chain(evidence.acked.keys()).collect();
    for spool in spools {
        findings.extend(holes(spool, stored.get(spool), lost.get(spool), evidence.acked.get(spool)));
    }
    findings
}

/// Numbers up to the last stored, lost or acknowledged one that are neither stored nor explained.
fn holes(
    (source, spool): &Spool,
    stored: Option<&BTreeMap<u64, &Sample>>,
    lost: Option<&BTreeSet<u64>>,
    acked: Option<&u64>,
) -> Vec<String> {
    let last_stored = stored.and_then(|samples| samples.keys().next_back()).copied().unwrap_or(0);
    let last_lost = lost.and_then(|seqs| seqs.last()).copied().unwrap_or(0);
    let last = last_stored.max(last_lost).max(acked.copied().unwrap_or(0));
    // Numbers begin with 1.
    (1..=last)
        .filter(|seq| !stored.is_some_and(|samples| samples.contains_key(seq)))
        .filter(|seq| !lost.is_some_and(|seqs| seqs.contains(seq)))
        .map(|seq| format!("{source} spool {spool} seq {seq}: acknowledged or passed by, neither stored nor explained"))
        .collect()
}

fn same(one: &Sample, other: &Sample) -> bool {
    let placed = one.clock == Clock::Trusted && other.clock == Clock::Trusted;
    one.points == other.points
        && one.faults == other.faults
        && one.boot == other.boot
        && (!placed || (one.at - other.at).abs() <= AT_DIFFERENCE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use wire::{Id, LostReason};

    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn source() -> Source {
        Source { venue: id("nanshan"), room: id("k01"), agent: id("pi-1") }
    }

    fn sample(seq: u64) -> Sample {
        Sample {
            at: 1_763_880_000_000 + seq as i64 * 1_000,
            seq,
            spool: id("s1"),
            boot: id("b1"),
            clock: Clock::Trusted,
            points: vec![("temperature_celsius".parse().unwrap(), seq as f64)],
            faults: Vec::new(),
        }
    }

    /// Ten numbers: 1 to 8 stored, 9 and 10 never durable; 3 was seen on disk.
    fn sound() -> (Evidence, Books) {
        let mut evidence = Evidence::default();
        evidence.promise(&source(), "s1", 8);
        evidence.keep(&source(), [Entry::Sample(sample(3))]);
        evidence.acked.insert((source(), "s1".into()), 10);
        evidence.published.insert((source(), "s1".into()), (1..=8).map(|seq| (seq, sample(seq))).collect());
        let lost = Lost { spool: id("s1"), seq: 9, upto: 10, reason: LostReason::NeverDurable };
        let stored = (1..=8).map(|seq| (source(), sample(seq))).collect();
        (evidence, Books { stored, lost: vec![(source(), lost)] })
    }

    /// The audit of sound books after `plant` must say `expected`.
    #[track_caller]
    fn catches(expected: &str, plant: impl Fn(&mut Evidence, &mut Books)) {
        let (mut evidence, mut books) = sound();
        plant(&mut evidence, &mut books);
        let findings = audit(&evidence, &books);
        assert!(findings.iter().any(|finding| finding.contains(expected)), "{expected}: {findings:?}");
    }

    #[test]
    fn sound_books_have_no_findings() {
        let (evidence, books) = sound();
        assert_eq!(audit(&evidence, &books), Vec::<String>::new());
    }

    #[test]
    fn every_planted_mistake_is_caught() {
        catches("seq 3: kept on disk and never stored", |_, books| drop(books.stored.remove(2)));
        catches("seq 8: promised and never stored", |_, books| {
            books.stored.pop();
            books.lost[0].1.seq = 8;
        });
        catches("seq 5: acknowledged or passed by", |_, books| drop(books.stored.remove(4)));
        catches("seq 9: acknowledged or passed by", |_, books| books.lost.clear());
        catches("stored twice", |_, books| books.stored.push((source(), sample(4))));
        catches("declared lost twice", |_, books| books.lost.push(books.lost[0].clone()));
        catches("stored, and declared lost", |_, books| books.stored.push((source(), sample(9))));
        catches("otherwise than it was kept", |_, books| books.stored[2].1.points[0].1 = 99.0);
        catches("otherwise than it was published", |_, books| books.stored[6].1.points.clear());
        catches("seq 11: acknowledged", |evidence, _| {
            evidence.acked.insert((source(), "s1".into()), 11);
        });
    }
}
