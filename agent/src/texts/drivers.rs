//! What `hallwatch-agent drivers` and `hallwatch-agent scan` say, in two languages.

use super::Lang;
use crate::driver::Sits;

/// Heads of the table of drivers.
#[must_use]
pub fn heads(lang: Lang) -> [&'static str; 5] {
    lang.pick(["DRIVER", "MEASURES", "WHERE", "PERIOD", "PARTS"], ["驱动", "测量内容", "位置", "周期", "适用器件"])
}

/// A period that `[sampler]` decides.
#[must_use]
pub fn any_period(lang: Lang) -> &'static str {
    lang.pick("[sampler]", "[sampler]")
}

/// Where sensors sit that sit on no I2C bus.
#[must_use]
pub fn place(sits: Sits, lang: Lang) -> &'static str {
    match sits {
        Sits::I2c(_) => "I2C",
        Sits::Gpio => "GPIO",
        Sits::OneWire => "1-Wire",
        Sits::Network => lang.pick("network", "网络"),
        Sits::Computer => lang.pick("this computer", "本机"),
    }
}

/// Below the table.
#[must_use]
pub fn foot(lang: Lang) -> &'static str {
    lang.pick(
        "agent.toml in the source tree explains every key; agent/README.md shows the wiring.",
        "源码中的 agent.toml 说明了每个键；agent/README.md 介绍接线方法。",
    )
}

/// Before a configuration that `scan` suggests.
#[must_use]
pub fn suggestion(lang: Lang) -> &'static str {
    lang.pick(
        "## Suggested by `hallwatch-agent scan` from what answers. Set the three names, give each sensor\n\
         ## that watches an asset an `asset`, and try it: hallwatch-agent check --config FILE",
        "## 由 `hallwatch-agent scan` 根据实际应答生成。请填写以下三个名称，为监测设备的传感器\n\
         ## 补上 `asset`，然后检查：hallwatch-agent check --config 文件",
    )
}

/// Somebody answers whom no driver knows.
#[must_use]
pub fn unproven(place: &str, candidates: &str, lang: Lang) -> String {
    lang.pick(
        format!("## {place}: somebody answers, but is none of {candidates} as far as can be told."),
        format!("## {place}：有应答，但无法确认是 {candidates} 中的哪一种。"),
    )
}

/// A multiplexer.
#[must_use]
pub fn multiplexer(place: &str, lang: Lang) -> String {
    lang.pick(
        format!("## {place}: a TCA9548A or PCA9548 multiplexer."),
        format!("## {place}：TCA9548A 或 PCA9548 多路复用器。"),
    )
}

/// A bus that cannot be asked.
#[must_use]
pub fn no_bus(place: &str, error: &str, lang: Lang) -> String {
    lang.pick(
        format!(
            "## {place}: {error}\n## hint: enable I2C (`raspi-config`, Interface Options) and join the groups `i2c` and `gpio`"
        ),
        format!("## {place}：{error}\n## 提示：请启用 I2C(`raspi-config` 的 Interface Options)，并加入 `i2c` 和 `gpio` 用户组"),
    )
}

/// No computer with I2C buses.
#[must_use]
pub fn no_bus_at_all(lang: Lang) -> &'static str {
    lang.pick(
        "## No /dev/i2c-* is here: on a Raspberry Pi enable I2C (`raspi-config`, Interface Options).",
        "## 未找到 /dev/i2c-*：在树莓派上请启用 I2C(`raspi-config` 的 Interface Options)。",
    )
}

/// Nobody answered in the network.
#[must_use]
pub fn no_projector(lang: Lang) -> &'static str {
    lang.pick(
        "## No PJLink device of class 2 answered; class 1 devices cannot be found this way.",
        "## 没有 PJLink 2 类设备应答；1 类设备无法用此方式发现。",
    )
}

/// The network cannot be asked.
#[must_use]
pub fn no_network(address: &str, error: &str, lang: Lang) -> String {
    lang.pick(
        format!("## {address}: {error}\n## hint: give the broadcast address of this network, as `ip address` shows it behind `brd`"),
        format!("## {address}：{error}\n## 提示：请填写本网络的广播地址，即 `ip address` 中 `brd` 之后的地址"),
    )
}

/// Progress, to standard error.
#[must_use]
pub fn asking(place: &str, lang: Lang) -> String {
    lang.pick(format!("asking around on {place} …"), format!("正在扫描 {place} …"))
}
