//! How worn the card is: turns what an eMMC says of itself, and what ext4 counts of its writing,
//! into points. An SD card says nothing of its wear, so there the bytes written must serve.

use super::{Found, Root};
use crate::driver::Quantity;

const WEAR: Quantity = Quantity::resting("computer_card_wear_percent", "%", 0.0, 110.0, 0);
const SPARES: Quantity = Quantity::resting("computer_card_spare_state", "1", 1.0, 3.0, 0);
const WRITTEN: Quantity = Quantity::resting("computer_sd_written_bytes", "By", 0.0, 1e18, 0);

const BLOCKS: &str = "sys/block";
const EXT4: &str = "sys/fs/ext4";
/// Cards and eMMCs, and file systems on them.
const CARD: &str = "mmcblk";

/// What there is to be known.
pub(super) fn read(root: &Root) -> Vec<Found> {
    let mut found = Vec::new();
    let devices = cards(root, BLOCKS).map(|card| format!("{card}/device")).collect::<Vec<_>>();
    // Only an eMMC has these files.
    if let Some(text) = devices.iter().find_map(|device| root.text(&format!("{device}/life_time"))) {
        found.extend(wear_percent(&text).map(|wear| (WEAR, wear.into())));
    }
    if let Some(text) = devices.iter().find_map(|device| root.text(&format!("{device}/pre_eol_info"))) {
        found.extend(spare_state(&text).map(|state| (SPARES, state.into())));
    }
    let written: Vec<_> =
        cards(root, EXT4).filter_map(|system| root.text(&format!("{system}/lifetime_write_kbytes"))).collect();
    if !written.is_empty() {
        let kib: Option<f64> = written.iter().map(|text| text.trim().parse::<u64>().ok().map(|kib| kib as f64)).sum();
        found.push((WRITTEN, kib.map(|kib| kib * 1024.0).into()));
    }
    found
}

fn cards<'a>(root: &'a Root, folder: &'a str) -> impl Iterator<Item = String> + 'a {
    let is_card = |path: &String| path.rsplit('/').next().is_some_and(|name| name.starts_with(CARD));
    root.entries(folder).into_iter().filter(is_card)
}

/// JESD84-B51, DEVICE_LIFE_TIME_EST_TYP_A and _B: two bytes, each a tenth of the life that is used, 1
/// for 0 to 10 %, 10 for 90 to 100 %, 11 for more; 0 is not defined. The upper end of the worse one.
/// None where the chip does not say; the value is none where the text is no such thing.
fn wear_percent(text: &str) -> Option<Option<f64>> {
    let tenths: Option<Vec<u8>> = text.split_whitespace().map(hexadecimal).collect();
    match tenths.as_deref() {
        Some([0, 0]) => None,
        Some([a, b]) if *a.max(b) <= 11 => Some(Some(f64::from(*a.max(b)) * 10.0)),
        _ => Some(None),
    }
}

/// JESD84-B51, PRE_EOL_INFO: 1 normal, 2 four fifths of the spare blocks are used, 3 nine tenths; 0
/// is not defined.
fn spare_state(text: &str) -> Option<Option<f64>> {
    match hexadecimal(text.trim()) {
        Some(0) => None,
        Some(state @ 1..=3) => Some(Some(f64::from(state))),
        _ => Some(None),
    }
}

fn hexadecimal(word: &str) -> Option<u8> {
    u8::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_half_of_an_emmc_counts_and_silence_is_no_zero() {
        assert_eq!(wear_percent("0x01 0x01\n"), Some(Some(10.0)));
        assert_eq!(wear_percent("0x02 0x05\n"), Some(Some(50.0)));
        assert_eq!(wear_percent("0x0b 0x00\n"), Some(Some(110.0)));
        assert_eq!(wear_percent("0x00 0x00\n"), None);
        for broken in ["", "0x01", "0x0c 0x01", "what", "0x01 0x01 0x01"] {
            assert_eq!(wear_percent(broken), Some(None), "{broken}");
        }
        assert_eq!(
            [spare_state("0x01"), spare_state("0x03"), spare_state("0x00")],
            [Some(Some(1.0)), Some(Some(3.0)), None]
        );
        assert_eq!(spare_state("0x04"), Some(None));
    }
}
