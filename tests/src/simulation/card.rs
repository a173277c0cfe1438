//! A card in memory that forgets, at a power cut, what was not synced: in whole, in part or as
//! zeroes; files and removals whose folder was not synced may be gone or back. Keeps every promise
//! of a sync, unless it is told to forget which numbers were reserved.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use agent::spool::storage::Storage;

use crate::Rng;

#[derive(Debug, Clone, Default)]
struct File {
    bytes: Vec<u8>,
    /// Bytes that are durable.
    synced: usize,
    /// The name is durable.
    named: bool,
}

#[derive(Debug, Default)]
struct Inner {
    files: BTreeMap<String, File>,
    /// Removed since the folder was last synced.
    removed: BTreeMap<String, File>,
    /// Operations until the power goes in the middle of something.
    fuse: Option<u32>,
    blown: bool,
    syncs: u64,
}

/// The card of one agent; copies are the same card.
#[derive(Debug, Clone, Default)]
pub struct Card(Arc<Mutex<Inner>>);

impl Card {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().expect("no holder panics"))
    }

    /// One operation that changes something: counts against the fuse.
    fn write<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> io::Result<T> {
        self.with(|card| {
            match &mut card.fuse {
                Some(0) => card.blown = true,
                Some(left) => *left -= 1,
                None => {}
            }
            if card.blown { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(act(card)) }
        })
    }

    /// The power goes after so many more operations.
    pub fn light_fuse(&self, operations: u32) {
        self.with(|card| card.fuse = Some(operations));
    }

    /// Whether the fuse has gone off.
    #[must_use]
    pub fn is_blown(&self) -> bool {
        self.with(|card| card.blown)
    }

    /// Syncs so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.with(|card| card.syncs)
    }

    /// The power goes and comes back.
    pub fn cut(&self, rng: &mut Rng) {
        self.with(|card| {
            (card.fuse, card.blown) = (None, false);
            let back = std::mem::take(&mut card.removed).into_iter().filter(|_| rng.below(2) == 0);
            let back: Vec<_> = back.filter(|(name, _)| !card.files.contains_key(name)).collect();
            card.files.extend(back);
            card.files.retain(|_, file| file.named || rng.below(2) == 0);
            for file in card.files.values_mut() {
                let kept = file.synced + rng.below(file.bytes.len() - file.synced + 1);
                file.bytes.truncate(kept);
                if rng.below(4) == 0 {
                    file.bytes[file.synced..].fill(0);
                }
                (file.synced, file.named) = (file.bytes.len(), true);
            }
        });
    }

    /// The planted mistake: reservations say no more than what samples and acks in the file show,
    /// as if numbers were given without reserving them.
    pub fn forget_reservations(&self) {
        const RESERVED: u8 = 1;
        const ACKED: u8 = 2;
        const SAMPLE: u8 = 6;
        self.with(|card| {
            let number = |content: &[u8]| u64::from_le_bytes(content[1..9].try_into().expect("eight bytes"));
            let mut highest = 0;
            for file in card.files.values() {
                for (at, end) in records(&file.bytes) {
                    if matches!(file.bytes[at], ACKED | SAMPLE) {
                        highest = highest.max(number(&file.bytes[at..end]));
                    }
                }
            }
            for file in card.files.values_mut() {
                for (at, end) in records(&file.bytes) {
                    if file.bytes[at] == RESERVED {
                        file.bytes[at + 1..at + 9].copy_from_slice(&highest.max(1).to_le_bytes());
                        let crc = crc32(&file.bytes[at..end]);
                        file.bytes[at - 4..at].copy_from_slice(&crc.to_le_bytes());
                    }
                }
            }
        });
    }
}

/// Where the contents of records begin and end, up to the first that is damaged.
fn records(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(head) = bytes.get(at..at + 4) {
        let length = u32::from_le_bytes(head.try_into().expect("four bytes")) as usize;
        let end = at + 8 + length;
        if length < 9 || end > bytes.len() {
            break;
        }
        found.push((at + 8, end));
        at = end;
    }
    found
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

impl Storage for Card {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.with(|card| card.files.keys().cloned().collect()))
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.with(|card| card.files.get(name).map(|file| file.bytes.clone())).ok_or_else(missing)
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.write(|card| drop(card.files.insert(name.to_owned(), File::default())))
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(|card| card.files.get_mut(name).map(|file| file.bytes.extend(bytes)))?.ok_or_else(missing)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let synced = self.write(|card| {
            card.syncs += 1;
            card.files.get_mut(name).map(|file| file.synced = file.bytes.len())
        })?;
        synced.ok_or_else(missing)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.write(|card| {
            card.syncs += 1;
            card.removed.clear();
            card.files.values_mut().for_each(|file| file.named = true);
        })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.write(|card| {
            if let Some(file) = card.files.remove(name).filter(|file| file.named) {
                card.removed.insert(name.to_owned(), file);
            }
        })
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}
