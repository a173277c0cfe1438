//! What a disk can hold after a power cut: of everything written since a file's last sync any part
//! may be there, in any order, torn at sectors of 512 bytes; names since the folder's last sync may
//! be missing, and deleted ones may be back.

use std::collections::HashMap;

use crate::disk::{Event, write};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// A small random generator, so that every state can be made again from its number.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, in_100: u64) -> bool {
        self.next() % 100 < in_100
    }
}

/// How the cut treats what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing of it is there.
    Dropped,
    /// All of it is there.
    Kept,
    /// Each write is there or not.
    Part,
    /// Each sector of each write is there or not.
    Torn,
    /// All but the last write, and that one torn.
    TornLast,
}

pub const CUTS: [Cut; 5] = [Cut::Dropped, Cut::Kept, Cut::Part, Cut::Torn, Cut::TornLast];

/// A file between its syncs.
#[derive(Debug, Clone, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Pending>,
    /// Its name is durable.
    named: bool,
}

#[derive(Debug, Clone)]
enum Pending {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// Follows a log; at every point it can say what a cut would leave.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    files: HashMap<String, File>,
    /// Deleted, and the folder not synced since.
    ghosts: HashMap<String, File>,
    /// The highest commit acknowledged so far.
    pub acknowledged: u64,
}

impl Follower {
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Create(name) => {
                self.files.insert(name.clone(), File::default());
            }
            Event::Delete(name) => {
                if let Some(file) = self.files.remove(name)
                    && file.named
                {
                    self.ghosts.insert(name.clone(), file);
                }
            }
            Event::Write(name, offset, data) => {
                self.file(name).pending.push(Pending::Write(*offset, data.clone()));
            }
            Event::Truncate(name, size) => self.file(name).pending.push(Pending::Truncate(*size)),
            Event::Sync(name) => {
                let file = self.file(name);
                for pending in std::mem::take(&mut file.pending) {
                    apply(&mut file.durable, &pending, |_| true);
                }
            }
            Event::SyncFolder => {
                self.ghosts.clear();
                self.files.values_mut().for_each(|f| f.named = true);
            }
            Event::Acknowledged(n) => self.acknowledged = self.acknowledged.max(*n),
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        self.files.entry(name.to_owned()).or_default()
    }

    /// The files that a cut at this point leaves.
    pub fn cut(&self, how: Cut, random: &mut Random) -> HashMap<String, Vec<u8>> {
        let mut left = HashMap::new();
        let mut names: Vec<_> = self.files.keys().chain(self.ghosts.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let kept = match (self.files.get(name), self.ghosts.get(name)) {
                (Some(file), _) if file.named => Some(file),
                (Some(file), ghost) => match how {
                    Cut::Dropped => ghost,
                    Cut::Kept | Cut::TornLast => Some(file),
                    Cut::Part | Cut::Torn => [Some(file), ghost][usize::from(random.chance(50))],
                },
                (None, ghost) => match how {
                    Cut::Dropped => ghost,
                    Cut::Kept | Cut::TornLast => None,
                    Cut::Part | Cut::Torn => ghost.filter(|_| random.chance(50)),
                },
            };
            if let Some(file) = kept {
                left.insert(name.clone(), file.cut(how, random));
            }
        }
        left
    }
}

impl File {
    fn cut(&self, how: Cut, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (place, pending) in self.pending.iter().enumerate() {
            let last = place + 1 == self.pending.len();
            match how {
                Cut::Dropped => {}
                Cut::Kept => apply(&mut bytes, pending, |_| true),
                Cut::Part => {
                    if random.chance(60) {
                        apply(&mut bytes, pending, |_| true);
                    }
                }
                Cut::TornLast if !last => apply(&mut bytes, pending, |_| true),
                Cut::Torn | Cut::TornLast => apply(&mut bytes, pending, |_| random.chance(60)),
            }
        }
        bytes
    }
}

/// Applies those sectors of a write that `keep` names, or a whole truncation if it names the first.
fn apply(bytes: &mut Vec<u8>, pending: &Pending, mut keep: impl FnMut(usize) -> bool) {
    match pending {
        Pending::Write(offset, data) => {
            let mut from = 0;
            while from < data.len() {
                let at = offset + from;
                let to = (from + SECTOR - at % SECTOR).min(data.len());
                if keep(at / SECTOR) {
                    write(bytes, at, &data[from..to]);
                }
                from = to;
            }
        }
        Pending::Truncate(size) => {
            if keep(0) {
                bytes.resize(*size, 0);
            }
        }
    }
}
