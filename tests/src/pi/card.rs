//! The SD card of an emulated Raspberry Pi: a file with an ext4 on it, which outlives the guest. What
//! the guest has only in its memory is not there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::House;

/// QEMU wants a power of two; the spools of tests take some hundred KiB.
const CARD_BYTES: u64 = 64 << 20;

/// A card.
#[derive(Debug)]
pub(super) struct Card {
    path: PathBuf,
}

impl Card {
    /// The one card of a house; made when it is first asked for.
    #[track_caller]
    pub(super) fn of(house: &House) -> Self {
        let path = house.path("card.img");
        if !path.exists() {
            let file = std::fs::File::create(&path).expect("the folder of the house is writable");
            file.set_len(CARD_BYTES).expect("a sparse file takes no room");
            let mut command = Command::new("mkfs.ext4");
            // Debian puts it where only root's PATH looks.
            let folders = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{folders}:/usr/sbin:/sbin")).args(["-q", "-F"]).arg(&path);
            let made = command.status().unwrap_or_else(|error| panic!("cannot start `mkfs.ext4`: {error}"));
            assert!(made.success(), "`mkfs.ext4` ended with {made}");
        }
        Self { path }
    }

    /// The file that is the card.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its bytes hold a sample with this value of a point, as the spool writes it down: the
    /// name, then the number in eight bytes, the lowest first.
    pub(super) fn has(&self, point: &str, value: f64) -> bool {
        let wanted = [point.as_bytes(), &value.to_le_bytes()[..]].concat();
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        bytes.windows(wanted.len()).any(|window| window[0] == wanted[0] && window == wanted)
    }
}
