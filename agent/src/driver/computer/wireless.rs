//! How well the Wi-Fi hears its access point: turns `/proc/net/wireless` into a signal and a link
//! quality. Never scans, which would disturb the link.

use super::{Found, Root, Said};
use crate::driver::Quantity;

const SIGNAL: Quantity = Quantity::resting("computer_wifi_signal_dbm", "dBm", -120.0, 0.0, 0);
const LINK: Quantity = Quantity::resting("computer_wifi_link_percent", "%", 0.0, 100.0, 0);

const INTERFACES: &str = "sys/class/net";
/// The best quality that the kernel's cfg80211 gives.
const QUALITY_MAX: f64 = 70.0;
/// `IFF_UP`: somebody wants to use it. A Pi on a cable leaves its Wi-Fi down, and that is no fault.
const UP: u32 = 1;

/// The first interface that is in use. Without an access point its link is 0 and it has no signal.
pub(super) fn read(root: &Root) -> Vec<Found> {
    let in_use = |interface: &String| {
        let flags = root.text(&format!("{interface}/flags"));
        let flags = flags.and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok());
        root.exists(&format!("{interface}/phy80211")) && flags.is_some_and(|flags| flags & UP != 0)
    };
    let Some(interface) = root.entries(INTERFACES).into_iter().find(in_use) else { return Vec::new() };
    let Some(table) = root.text("proc/net/wireless") else { return Vec::new() };
    let name = interface.rsplit('/').next().unwrap_or_default();
    match heard(&table, name) {
        None => vec![(LINK, Said::Value(0.0)), (SIGNAL, Said::Nothing)],
        Some((quality, signal)) => vec![(LINK, quality.into()), (SIGNAL, signal.into())],
    }
}

/// Quality in percent and level in dBm of one interface; none without an access point. A level that
/// is not negative is no dBm but some old driver's own scale.
fn heard(table: &str, interface: &str) -> Option<(Option<f64>, Option<f64>)> {
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix(interface)?.strip_prefix(':'))?;
    let mut words = line.split_whitespace().skip(1).map(|word| word.trim_end_matches('.').parse::<f64>().ok());
    let mut next = |range: std::ops::RangeInclusive<f64>| words.next().flatten().filter(|value| range.contains(value));
    let quality = next(0.0..=QUALITY_MAX);
    let signal = next(-120.0..=-1.0);
    Some((quality.map(|quality| 100.0 * quality / QUALITY_MAX), signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   56.  -54.  -256        0      0      0      0     12        0
";

    #[test]
    fn the_kernels_table_gives_quality_and_signal() {
        assert_eq!(heard(TABLE, "wlan0"), Some((Some(80.0), Some(-54.0))));
        assert_eq!(heard(TABLE, "wlan1"), None);
        assert_eq!(heard(TABLE, "wlan"), None);
    }

    #[test]
    fn a_level_that_is_no_dbm_is_no_value() {
        assert_eq!(heard("wlan0: 0000 56. 202. 0", "wlan0"), Some((Some(80.0), None)));
        assert_eq!(heard("wlan0:", "wlan0"), Some((None, None)));
        assert_eq!(heard("wlan0: 0000 what", "wlan0"), Some((None, None)));
    }
}
