//! What `hallwatch-agent check` says, in two languages.

use wire::Fault;

use super::Lang;
use crate::driver::{Place, Settings, table};

/// Heads of the table of a bus.
#[must_use]
pub fn bus_heads(lang: Lang) -> [&'static str; 5] {
    lang.pick(["PLACE", "SENSOR", "DRIVER", "ANSWERED", "READING"], ["位置", "传感器", "驱动", "应答", "读数"])
}

/// Heading of what sits on no bus.
#[must_use]
pub fn no_bus(lang: Lang) -> &'static str {
    lang.pick("this computer and its probes", "本机与网络探测")
}

/// Heading of a bus.
#[must_use]
pub fn bus(name: &str, backend: &str, lang: Lang) -> String {
    lang.pick(format!("bus `{name}` ({backend})"), format!("总线 `{name}`({backend})"))
}

/// A bus that failed as a whole.
#[must_use]
pub fn failed_bus(names: &str, lang: Lang) -> String {
    lang.pick(
        format!("THE BUS FAILED: nothing on it can be read ({names})"),
        format!("总线故障：其上所有传感器均无法读取（{names}）"),
    )
}

/// A bus on which nothing is configured.
#[must_use]
pub fn empty(lang: Lang) -> &'static str {
    lang.pick("nothing is configured", "未配置任何传感器")
}

/// Chips that answer and that the configuration does not name.
#[must_use]
pub fn strangers(addresses: &[u8], lang: Lang) -> String {
    let list: Vec<String> = addresses
        .iter()
        .map(|address| {
            let mut words: Vec<&str> = table::at(*address).map(|kind| kind.word).collect();
            if words.is_empty() {
                words.push("TCA9548A");
            }
            let words = words.join("/");
            lang.pick(format!("{address:#04x} ({words}?)"), format!("{address:#04x}({words}?)"))
        })
        .collect();
    let list = list.join(lang.pick(", ", "、"));
    lang.pick(
        format!("also answering, but in no `[[sensor]]`: {list}"),
        format!("另有应答、但未写入任何 `[[sensor]]`：{list}"),
    )
}

/// In the column of what answered.
#[must_use]
pub fn answered(yes: bool, lang: Lang) -> &'static str {
    if yes { lang.pick("yes", "有") } else { lang.pick("NO", "无") }
}

/// A fault in a few words.
#[must_use]
pub fn fault(fault: &Fault, lang: Lang) -> String {
    let (en, zh) = match fault {
        Fault::NoResponse => ("no response", "无应答"),
        Fault::BadCrc => ("bad checksum", "校验错误"),
        Fault::OutOfRange => ("out of range", "超出量程"),
        Fault::Stuck => ("stuck", "读数卡死"),
        Fault::WarmingUp => ("warming up", "预热中"),
        Fault::WrongDevice => ("wrong device", "器件型号不符"),
        Fault::BusFailed => ("bus failed", "总线故障"),
        Fault::BadResponse => ("bad response", "应答无效"),
        Fault::NotPermitted => ("not permitted", "权限不足"),
        Fault::Other(other) => (&**other, &**other),
    };
    lang.pick(en, zh).to_owned()
}

/// What to do about a fault of a sensor.
#[must_use]
pub fn hint(fault: &Fault, driver: &dyn Settings, lang: Lang) -> &'static str {
    let place = driver.place();
    match (fault, place.bus().is_some()) {
        (Fault::NoResponse, true) => lang.pick(
            "check supply, ground, SDA, SCL and the address; `i2cdetect -y 1` shows who answers",
            "请检查供电、地线、SDA、SCL 和地址；`i2cdetect -y 1` 可列出有应答的地址",
        ),
        (Fault::NoResponse, false) => lang.pick(
            "it took longer than its time-out; look at the network and the name server",
            "超时未完成；请检查网络和域名服务器",
        ),
        (Fault::BadCrc, _) => lang.pick(
            "disturbed wires: shorten the cable, keep it from mains and speakers, check the pull-ups, use 100 kHz",
            "线路受干扰：请缩短线缆、远离市电和音箱线、检查上拉电阻，并使用 100 kHz",
        ),
        (Fault::OutOfRange, _) => lang
            .pick("no sensor of this kind can mean that value: replace it", "该数值超出此类传感器的量程：请更换传感器"),
        (Fault::Stuck, _) => {
            lang.pick("switch its supply off and on; if it stays, replace it", "请断电重启该传感器；若仍无变化，请更换")
        }
        (Fault::WarmingUp, _) => lang.pick("ask again in a few seconds", "请几秒后重试"),
        (Fault::WrongDevice, _) => lang.pick(
            "another chip sits at this address: check the part and `address`",
            "该地址上是另一种芯片：请核对器件型号和 `address`",
        ),
        (Fault::BusFailed, _) if matches!(place, Place::Line { .. }) => lang.pick(
            "check `gpio` of the bus and `line`; `gpioinfo` shows chips, lines and who uses them",
            "请核对总线的 `gpio` 和 `line`;`gpioinfo` 可列出芯片、线路及占用者",
        ),
        (Fault::BusFailed, _) => lang.pick(
            "enable I2C (`raspi-config`, Interface Options), and check that no wire holds SDA or SCL low",
            "请启用 I2C(`raspi-config` 的 Interface Options)，并确认 SDA、SCL 未被拉低",
        ),
        (Fault::BadResponse, true) => lang.pick(
            "its answers make no sense: switch its supply off and on; a tag may be at the edge of the field",
            "应答内容不合理：请断电重启该器件；若是标签，可能离天线太远",
        ),
        (Fault::BadResponse, _) if driver.kind().word.starts_with("snmp") => lang.pick(
            "the device lacks that object, or something else answers: check host, port, device and interface",
            "设备没有该对象，或应答的不是该设备：请检查主机、端口、设备号和接口名",
        ),
        (Fault::BadResponse, _) => lang.pick("check host, port and name server", "请检查主机、端口和域名服务器"),
        (Fault::NotPermitted, true) if driver.kind().word == "pn532" => lang.pick(
            "`tag_key_file` must be readable for the agent's user, who must be in the group `i2c`",
            "运行采集器的用户必须能读取 `tag_key_file`，并加入 `i2c` 用户组",
        ),
        (Fault::NotPermitted, true) => lang.pick(
            "add the agent's user to the groups `i2c` and `gpio`",
            "请将运行采集器的用户加入 `i2c` 和 `gpio` 用户组",
        ),
        (Fault::NotPermitted, false) if driver.kind().word == "pjlink" => lang.pick(
            "`password` or `password_file` must be the PJLink password in the device's network menu, and readable",
            "`password` 或 `password_file` 应与设备网络菜单中的 PJLink 密码一致，且采集器用户可读取",
        ),
        (Fault::NotPermitted, false) if driver.kind().word.starts_with("snmp") => lang.pick(
            "check `user`, `auth` and both passwords; their files must be readable for the agent's user",
            "请检查 `user`、`auth` 和两个密码；运行采集器的用户必须能读取密码文件",
        ),
        (Fault::NotPermitted, false) if driver.kind().word != "icmp" => {
            lang.pick("a firewall on this computer forbids it", "本机防火墙禁止了该连接")
        }
        (Fault::NotPermitted, false) => lang.pick(
            "allow ping to ordinary users: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"",
            "请允许普通用户发送 ping:sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"",
        ),
        (Fault::Other(_), _) => lang.pick("see the log", "请查看日志"),
    }
}

/// The word before a hint.
#[must_use]
pub fn hint_word(lang: Lang) -> &'static str {
    lang.pick("hint: ", "提示：")
}

/// Whether the broker's port accepts.
#[must_use]
pub fn broker(place: &str, reachable: bool, lang: Lang) -> String {
    if reachable {
        lang.pick(format!("broker `{place}`: reachable"), format!("消息服务器 `{place}`：可连接"))
    } else {
        lang.pick(
            format!("broker `{place}`: not reachable; samples will wait in the spool\n  hint: start it, or set `mqtt.host` and `mqtt.port`"),
            format!("消息服务器 `{place}`：无法连接；采样将暂存在本地\n  提示：请启动它，或设置 `mqtt.host` 和 `mqtt.port`"),
        )
    }
}

/// Whether the spool's folder can be written.
#[must_use]
pub fn spool(path: &str, trouble: Option<&str>, lang: Lang) -> String {
    match trouble {
        None => lang.pick(format!("spool `{path}`: writable"), format!("本地暂存 `{path}`：可写")),
        Some(trouble) => lang.pick(
            format!(
                "spool `{path}`: {trouble}\n  hint: `run` needs it; create it for the agent's user, or set `spool.path`"
            ),
            format!(
                "本地暂存 `{path}`：{trouble}\n  提示：`run` 需要该目录；请为采集器用户创建它，或设置 `spool.path`"
            ),
        ),
    }
}

/// The last line.
#[must_use]
pub fn verdict(sensors: usize, silent: usize, lang: Lang) -> String {
    match silent {
        0 => lang.pick(format!("all {sensors} sensors answer"), format!("{sensors} 个传感器全部正常")),
        _ => lang.pick(
            format!("{silent} of {sensors} sensors do not answer"),
            format!("{sensors} 个传感器中有 {silent} 个没有应答"),
        ),
    }
}
