//! What a disk may hold after a power cut. Of what was written to a file since its last sync any
//! part may be there, torn at sectors of 512 bytes; of what happened to names since the folder's
//! last sync, too. A file's sync does not make its name durable.

use std::collections::BTreeMap;

use tests::Rng;

use crate::syscalls::Event;

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// How the cut treats what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing of it is there.
    Nothing,
    /// All of it is there.
    All,
    /// The first changes of each file, and of names, are there.
    First,
    /// Each change is there or not.
    Some,
    /// All but the last change of each file, which is torn.
    TornLast,
    /// Each sector of each write is there or not.
    Torn,
}

/// Every way to cut, those without chance first.
pub const CUTS: [Cut; 6] = [Cut::Nothing, Cut::All, Cut::First, Cut::Some, Cut::TornLast, Cut::Torn];

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

/// Follows what was noted; at every point it can say what a cut would leave.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: Vec<File>,
    /// Names as they are, and as they are durable; numbers of files.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the folder's last sync.
    pending_names: Vec<(String, Option<usize>)>,
}

impl Disk {
    /// A disk that durably holds `files`.
    pub fn holding(files: &Files) -> Self {
        let mut disk = Self::default();
        for (name, bytes) in files {
            disk.names.insert(name.clone(), disk.files.len());
            disk.files.push(File { durable: bytes.clone(), pending: Vec::new() });
        }
        disk.durable_names = disk.names.clone();
        disk
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Write(name, at, bytes) => self.file(name).pending.push(Change::Write(*at, bytes.clone())),
            Event::Cut(name, length) => self.file(name).pending.push(Change::Cut(*length)),
            Event::Sync(name) => {
                let file = self.file(name);
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.durable, |_| true);
                }
            }
            Event::SyncFolder => {
                self.durable_names = self.names.clone();
                self.pending_names.clear();
            }
            Event::Delete(name) => {
                if self.names.remove(name).is_some() {
                    self.pending_names.push((name.clone(), None));
                }
            }
            Event::Acknowledged(_) => {}
        }
    }

    /// The file of that name; made where nobody has heard of it.
    fn file(&mut self, name: &str) -> &mut File {
        let number = *self.names.entry(name.to_owned()).or_insert_with(|| {
            self.pending_names.push((name.to_owned(), Some(self.files.len())));
            self.files.push(File::default());
            self.files.len() - 1
        });
        &mut self.files[number]
    }

    /// The files as every reader sees them now.
    pub fn now(&self) -> Files {
        self.cut(Cut::All, &mut Rng::new(0))
    }

    /// The files that a cut at this point leaves.
    pub fn cut(&self, how: Cut, rng: &mut Rng) -> Files {
        let mut names = self.durable_names.clone();
        let first = rng.below(self.pending_names.len() + 1);
        for (place, (name, file)) in self.pending_names.iter().enumerate() {
            let there = match how {
                Cut::Nothing => false,
                Cut::All | Cut::TornLast => true,
                Cut::First => place < first,
                Cut::Some | Cut::Torn => rng.below(2) == 0,
            };
            match file {
                Some(number) if there => drop(names.insert(name.clone(), *number)),
                None if there => drop(names.remove(name)),
                _ => {}
            }
        }
        names.into_iter().map(|(name, number)| (name, self.files[number].cut(how, rng))).collect()
    }
}

impl File {
    fn cut(&self, how: Cut, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let first = rng.below(self.pending.len() + 1);
        for (place, change) in self.pending.iter().enumerate() {
            let last = place + 1 == self.pending.len();
            match how {
                Cut::Nothing => {}
                Cut::All => change.apply(&mut bytes, |_| true),
                Cut::First if place < first => change.apply(&mut bytes, |_| true),
                Cut::First => {}
                Cut::Some => {
                    let there = rng.below(3) > 0;
                    change.apply(&mut bytes, |_| there);
                }
                Cut::TornLast if !last => change.apply(&mut bytes, |_| true),
                Cut::TornLast | Cut::Torn => change.apply(&mut bytes, |_| rng.below(3) > 0),
            }
        }
        bytes
    }
}

impl Change {
    /// Applies those sectors that `there` names; a cut of the length is one.
    fn apply(&self, bytes: &mut Vec<u8>, mut there: impl FnMut(usize) -> bool) {
        match self {
            Self::Cut(length) => {
                if there(0) {
                    bytes.resize(*length, 0);
                }
            }
            Self::Write(at, data) => {
                let mut from = 0;
                while from < data.len() {
                    let start = at + from;
                    let to = (from + SECTOR - start % SECTOR).min(data.len());
                    if there(start / SECTOR) {
                        let end = at + to;
                        if bytes.len() < end {
                            bytes.resize(end, 0);
                        }
                        bytes[start..end].copy_from_slice(&data[from..to]);
                    }
                    from = to;
                }
            }
        }
    }
}
