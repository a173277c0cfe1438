//! A ledger file with samples of made-up rooms, and the truth beside it. Decides nothing.

use std::{path::PathBuf, sync::Arc};

use collector::{
    ledger::{
        Commit, Ledger, Watermark,
        archive::Archivist,
        sqlite::{Options, Sqlite, SqliteArchivist, SqliteLedger},
    },
    readings::{self, Readings, compact::compact},
};
use wire::{Clock, Fault, Id, PointName, Sample, Source};

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn name(text: &str) -> PointName {
    PointName::parse(text).unwrap()
}

pub fn source(room: &str, agent: &str) -> Source {
    Source { venue: id("nanshan"), room: id(room), agent: id(agent) }
}

/// A sample with a walk, a contact, now and then a fault, and now and then an untrusted clock.
pub fn sample(at: i64, seq: u64) -> Sample {
    let n = seq as i64;
    let mut points = vec![
        (name("temperature_celsius"), (2_000 + (n * n) % 400) as f64 / 100.0),
        (name("door_open"), f64::from(u8::from(seq % 50 < 7))),
    ];
    let mut faults = Vec::new();
    if seq % 40 < 5 {
        faults.push((name("co2_ppm"), Fault::NoResponse));
    } else {
        points.push((name("co2_ppm"), (500 + n * 37 % 800) as f64));
    }
    if seq.is_multiple_of(6) {
        points.push((name("load_ratio"), (n as f64).sqrt()));
    }
    let clock = if seq % 90 < 3 { Clock::Uncertain { uncertainty_ms: 500 } } else { Clock::Trusted };
    Sample { at, seq, spool: id("k3f9x0q2"), boot: id(&format!("b{}", seq / 1_000)), clock, points, faults }
}

pub struct House {
    pub folder: tempfile::TempDir,
    pub sqlite: Sqlite,
    pub ledger: SqliteLedger,
    pub archivist: SqliteArchivist,
    pub readings: Arc<dyn Readings>,
    number: u64,
}

impl House {
    pub fn new() -> Self {
        // In memory where the system has such a folder: what syncs are for is tried elsewhere.
        let memory = std::path::Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        Self::at(tempfile::Builder::new().prefix("hallwatch-readings-").tempdir_in(within).unwrap())
    }

    fn at(folder: tempfile::TempDir) -> Self {
        let path: PathBuf = folder.path().join("hallwatch.db");
        let (sqlite, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
        let number = ledger.load(0).unwrap().commit_number;
        let archivist = sqlite.archivist().unwrap();
        let readings = readings::over(Arc::new(sqlite.clone()));
        Self { folder, sqlite, ledger, archivist, readings, number }
    }

    /// The same file in a new process, as far as a test can tell.
    pub fn restart(self) -> Self {
        let Self { folder, sqlite, ledger, archivist, readings, number: _ } = self;
        drop((sqlite, ledger, archivist, readings));
        Self::at(folder)
    }

    pub fn commit(&mut self, samples: Vec<(Source, Sample)>) {
        self.number += 1;
        let mut commit = Commit { at: samples.last().map_or(0, |s| s.1.at), ..Commit::default() };
        for (source, sample) in &samples {
            let mark = Watermark {
                source: source.clone(),
                spool: sample.spool.clone(),
                upto: sample.seq,
                sample_at: sample.at,
            };
            commit.watermarks.push(mark);
        }
        commit.samples = samples;
        self.ledger.commit(self.number, &commit).unwrap();
    }

    pub fn compact(&mut self) {
        // The first call may only end what an earlier one began.
        for _ in 0..2 {
            compact(&mut self.archivist, u64::MAX, &mut || true).unwrap();
        }
        assert_eq!(self.archivist.waiting(u64::MAX).unwrap(), (0, 0));
    }

    /// Everything that is stored of a source, by time and number.
    pub fn stored(&self, source: &Source) -> Vec<Sample> {
        let mut all = self.readings.samples(source, i64::MIN, i64::MAX, usize::MAX).unwrap();
        assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at), "out of order");
        all.sort_by_key(|s| (s.at, s.seq));
        all
    }
}
