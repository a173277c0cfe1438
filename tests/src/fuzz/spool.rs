//! Recovery of a spool from files that were cut, zeroed, flipped, doubled or made up. It always
//! opens, gives numbers in order and each once, and never gives a number again.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::{
    draft::Draft,
    spool::{Settings, Spool, storage::Storage},
};
use wire::{Entry, Id, PointName};

use super::{Target, bytes};
use crate::Rng;

/// The one target.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![Target { name: "spool", seeds, mutate, run: recover }]
}

/// A folder in memory; copies share it.
#[derive(Debug, Clone, Default)]
struct Folder(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Folder {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().expect("no holder panics"))
    }
}

impl Storage for Folder {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.with(|files| files.keys().cloned().collect()))
    }
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.with(|files| files.get(name).cloned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn create(&mut self, name: &str) -> io::Result<()> {
        self.with(|files| drop(files.insert(name.to_owned(), Vec::new())));
        Ok(())
    }
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.with(|files| files.entry(name.to_owned()).or_default().extend(bytes));
        Ok(())
    }
    fn sync(&mut self, _name: &str) -> io::Result<()> {
        Ok(())
    }
    fn sync_folder(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.with(|files| drop(files.remove(name)));
        Ok(())
    }
}

/// A folder as one input: for each file the length of its name, the name, the length of its content
/// in four bytes (least first), the content. What does not fit that is cut off.
fn pack(folder: &Folder) -> Vec<u8> {
    let mut image = Vec::new();
    folder.with(|files| {
        for (name, content) in files {
            image.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            image.extend(name.bytes().take(255));
            image.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
            image.extend(content.iter());
        }
    });
    image
}

fn unpack(mut image: &[u8]) -> Folder {
    let folder = Folder::default();
    while let Some((&length, rest)) = image.split_first() {
        let Some((name, rest)) = rest.split_at_checked(usize::from(length)) else { break };
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { break };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).min(rest.len());
        let (content, rest) = rest.split_at(length);
        folder.with(|files| drop(files.insert(String::from_utf8_lossy(name).into_owned(), content.to_vec())));
        image = rest;
    }
    folder
}

fn open(folder: &Folder, salt: u64) -> Spool<Folder> {
    let settings = Settings::new(256 * 1024, Duration::from_secs(1));
    let boot = Id::parse("fuzzed-boot").expect("a valid name");
    let mut rng = Rng::new(salt);
    let mut spool = Spool::open(folder.clone(), settings, boot, Box::new(move || rng.next_u64()), Duration::ZERO);
    spool.trust(Duration::ZERO, 1_763_880_000_000);
    spool
}

fn draft(number: u32) -> Draft {
    let points =
        ["temperature_celsius", "co2_ppm"].map(|name| (PointName::parse(name).expect("valid"), f64::from(number)));
    Draft { read_at: Duration::from_secs(number.into()), points: points.into(), faults: Vec::new() }
}

/// Folders that real spools leave: after an outage, after some acks, after two starts.
fn seeds() -> Vec<Vec<u8>> {
    let mut images = Vec::new();
    for (samples, acked, starts) in [(5, 0, 1), (200, 50, 1), (60, 0, 3), (60, 60, 2)] {
        let folder = Folder::default();
        for start in 0..starts {
            let mut spool = open(&folder, start);
            for number in 0..samples {
                spool.append(draft(number), Duration::from_secs(number.into()));
                spool.tick(Duration::from_secs(number.into()));
            }
            let id = spool.id().clone();
            spool.ack(&id, acked);
            spool.close(Duration::from_secs(1_000));
        }
        images.push(pack(&folder));
    }
    images
}

/// Wounds the content of files, so that the framing of the input mostly survives.
fn mutate(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let folder = unpack(rng.pick::<Vec<u8>>(corpus));
    let other = unpack(rng.pick::<Vec<u8>>(corpus));
    folder.with(|files| {
        for _ in 0..=rng.below(3) {
            let names: Vec<String> = files.keys().cloned().collect();
            if names.is_empty() {
                break;
            }
            let name = rng.pick(&names).clone();
            match rng.below(12) {
                0 => drop(files.remove(&name)),
                // A file of another spool in the place of this one, or beside it.
                1 => files.extend(other.with(|files| files.clone())),
                _ => {
                    if let Some(content) = files.get_mut(&name) {
                        bytes::wound(rng, content, corpus);
                        content.truncate(bytes::INPUT_BYTES_MAX);
                    }
                }
            }
        }
    });
    pack(&folder)
}

/// Everything that a spool still holds, by identity.
fn entries(spool: &mut Spool<Folder>) -> BTreeMap<String, Vec<Entry>> {
    let waiting: Vec<(Id, u64)> = spool.waiting().map(|(id, first)| (id.clone(), first)).collect();
    let mut all = BTreeMap::new();
    for (id, first) in waiting {
        let entries = spool.entries(&id, first, usize::MAX);
        let mut next = first;
        for entry in &entries {
            let (begin, end) = entry.seqs();
            assert_eq!(begin, next, "numbers follow each other: {entry:?}");
            assert!(end >= begin && *entry.spool() == id, "{entry:?}");
            if let Entry::Sample(sample) = entry {
                assert!(sample.points.iter().all(|(_, value)| value.is_finite()), "{sample:?}");
            }
            next = end + 1;
        }
        all.insert(id.to_string(), entries);
    }
    all
}

/// Opens what `input` unpacks to, uses it, and opens it again.
#[must_use]
pub fn recover(input: &[u8]) -> bool {
    let folder = unpack(input);
    let mut spool = open(&folder, 1);
    let before = entries(&mut spool);
    let (id, seq) = spool.append(draft(7), Duration::from_secs(1));
    let given = before.get(id.as_str()).and_then(|entries| entries.last()).map_or(0, |entry| entry.seqs().1);
    assert!(seq > given, "number {seq} of {id} was given before: {given}");
    spool.tick(Duration::from_secs(10));
    drop(spool);

    let mut again = open(&folder, 2);
    let after = entries(&mut again);
    let kept = after.get(id.as_str()).into_iter().flatten();
    let found = kept.filter(|entry| matches!(entry, Entry::Sample(sample) if sample.seq == seq)).count();
    assert_eq!(found, 1, "a synced sample is there once after a restart");
    before.values().flatten().any(|entry| matches!(entry, Entry::Sample(_)))
}
