//! A Raspberry Pi's complaints about its supply and its heat: turns the firmware's bits, or the
//! kernel's alarm where the bits are not shown, into points. Asks the firmware nothing itself.

use super::{Found, Root, flag};
use crate::driver::Quantity;

const UNDERVOLTAGE: Quantity = Quantity::flag("computer_undervoltage");
const THROTTLED: Quantity = Quantity::flag("computer_throttled");
const UNDERVOLTAGE_SINCE_BOOT: Quantity = Quantity::flag("computer_undervoltage_since_boot");
const THROTTLED_SINCE_BOOT: Quantity = Quantity::flag("computer_throttled_since_boot");

/// Devices of the firmware's driver, by whatever name a model's device tree gives them: `soc:firmware`
/// up to the Pi 4, others since. Each has a file `get_throttled`, in hexadecimal, where the kernel is
/// Raspberry Pi's own.
const FIRMWARE_DRIVER: &str = "sys/bus/platform/drivers/raspberrypi-firmware";
/// The same up to the Pi 4.
const FIRMWARE_DEVICE: &str = "sys/devices/platform/soc/soc:firmware";

/// Bits as Raspberry Pi documents them for `vcgencmd get_throttled`.
/// <https://www.raspberrypi.com/documentation/computers/os.html#get_throttled>
/// Bit 0: the supply is under 4.63 V now.
const UNDERVOLTAGE_BIT: u32 = 1;
/// Bits 1 to 3: frequency capped, throttled, soft temperature limit, each now.
const THROTTLED_BITS: u32 = 0b1110;
/// The same have happened since the firmware started: 16 bits up.
const SINCE_BOOT: u32 = 16;

/// What the firmware, or else the kernel, says.
pub(super) fn read(root: &Root) -> Vec<Found> {
    if let Some(text) = throttled(root) {
        let bits = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok();
        let says = |mask: u32| bits.map(|bits| flag(bits & mask != 0)).into();
        return vec![
            (UNDERVOLTAGE, says(UNDERVOLTAGE_BIT)),
            (THROTTLED, says(THROTTLED_BITS)),
            (UNDERVOLTAGE_SINCE_BOOT, says(UNDERVOLTAGE_BIT << SINCE_BOOT)),
            (THROTTLED_SINCE_BOOT, says(THROTTLED_BITS << SINCE_BOOT)),
        ];
    }
    // The driver `raspberrypi-hwmon`: whether the supply was too low within its last two seconds.
    let alarm = root
        .entries("sys/class/hwmon")
        .into_iter()
        .find(|hwmon| root.text(&format!("{hwmon}/name")).is_some_and(|name| name.trim() == "rpi_volt"));
    let Some(hwmon) = alarm else { return Vec::new() };
    let alarm = root.text(&format!("{hwmon}/in0_lcrit_alarm"));
    let low = alarm.and_then(|text| match text.trim() {
        "0" => Some(0.0),
        "1" => Some(1.0),
        _ => None,
    });
    vec![(UNDERVOLTAGE, low.into())]
}

fn throttled(root: &Root) -> Option<String> {
    let devices = root.entries(FIRMWARE_DRIVER).into_iter().chain([FIRMWARE_DEVICE.to_owned()]);
    devices.into_iter().find_map(|device| root.text(&format!("{device}/get_throttled")))
}
