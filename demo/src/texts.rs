//! Everything that the demo tells in the terminal, in zh-CN and en, in one place.

use crate::options::Language;

/// What the demo can tell; `{…}` are filled by [`fill`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// First line.
    Title,
    /// How fast the venue's clock runs.
    Speed,
    /// The collector is up.
    CollectorUp,
    /// Agents come up.
    AgentsUp,
    /// All rooms have been heard.
    AllHeard,
    /// Where the pages are.
    Pages,
    /// Where MQTT is.
    Mqtt,
    /// Where the data is.
    Data,
    /// How to look at it by command line.
    Commands,
    /// How to end.
    HowToEnd,
    /// A port was in use.
    PortTaken,
    /// Deed.
    AmplifierOff,
    /// Deed.
    AmplifierOn,
    /// Deed.
    CoolingFails,
    /// Deed.
    CoolingMended,
    /// Deed.
    SensorDies,
    /// Deed.
    SensorReplaced,
    /// Deed.
    Unplugged,
    /// Deed.
    PluggedIn,
    /// Deed.
    SongServerStops,
    /// Deed.
    SongServerRuns,
    /// What a ticket can be about.
    SongServer,
    /// Whose telephone.
    AvPhone,
    /// Whose telephone.
    ItPhone,
    /// Whose telephone.
    HousePhone,
    /// Whose telephone.
    ManagerPhone,
    /// A person does something.
    PersonActs,
    /// No ticket to act on yet.
    NoTicket,
    /// The collector refused it.
    Refused,
    /// The story is over and begins again.
    StoryOver,
    /// Who acts on tickets.
    Porter,
    /// What that person says of a repair.
    FixNote,
    /// A ticket and what happened to it.
    TicketMoved,
    /// Ending.
    Ending,
    /// The sum at the end.
    Sum,
    /// The data stays.
    DataStays,
}

/// The text in a language.
#[must_use]
pub fn text(language: Language, which: Text) -> &'static str {
    let (zh, en) = both(which);
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

/// The text with its `{}` filled in order.
#[must_use]
pub fn fill(language: Language, which: Text, values: &[&str]) -> String {
    let mut parts = text(language, which).split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        filled.push_str(values.get(index).copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}

fn both(which: Text) -> (&'static str, &'static str) {
    match which {
        Text::Title => {
            ("{}：{} 间包厢，传感器是模拟的，其余都是真的", "{}: {} rooms, simulated sensors, everything else real")
        }
        Text::Speed => (
            "店里的时钟从 {} 开始，比现实快 {} 倍（现实 1 秒 = 店里 {}）",
            "the venue's clock starts at {} and runs {} times as fast as life (1 second = {})",
        ),
        Text::CollectorUp => {
            ("汇集器已启动（内置 MQTT 服务器、SQLite 账本）", "collector is up (embedded MQTT broker, SQLite ledger)")
        }
        Text::AgentsUp => ("采集器启动中：已收到 {}/{} 间包厢的数据", "agents start: {} of {} rooms heard"),
        Text::AllHeard => ("所有包厢都已上报，用时 {} 秒", "every room reports, after {} s"),
        Text::Pages => ("打开页面", "open"),
        Text::Mqtt => ("旁听数据", "listen in"),
        Text::Data => ("数据目录", "data"),
        Text::Commands => ("命令行", "command line"),
        Text::HowToEnd => ("按 Ctrl-C 结束", "Ctrl-C ends it"),
        Text::PortTaken => ("地址 {} 已被占用，改用空闲端口", "{} is in use; taking a free port instead"),
        Text::AmplifierOff => ("{} 的功放断电了", "the amplifier of {} loses power"),
        Text::AmplifierOn => ("总控把 {} 的功放重新接上了电", "the AV control room powers the amplifier of {} again"),
        Text::CoolingFails => ("{} 的空调停了", "the air conditioning of {} fails"),
        Text::CoolingMended => ("空调工修好了 {} 的空调", "the air conditioning of {} is mended"),
        Text::SensorDies => ("{} 的光照传感器不再应答", "the light sensor of {} stops answering"),
        Text::SensorReplaced => ("{} 换上了新的光照传感器", "the light sensor of {} is replaced"),
        Text::Unplugged => (
            "{} 的网线被拔掉了，采集器继续采样并存入缓存",
            "the agent of {} loses its network and goes on reading into its spool",
        ),
        Text::PluggedIn => {
            ("{} 的网线插回去了，缓存的数据开始补传", "the agent of {} is plugged in again and brings its backlog")
        }
        Text::SongServerStops => {
            ("点歌服务器死机了，所有包厢都点不了歌", "the song server stops; no room can choose songs")
        }
        Text::SongServerRuns => ("电脑房重启了点歌服务器", "the IT room starts the song server again"),
        Text::SongServer => ("点歌服务器", "the song server"),
        Text::AvPhone => ("总控的手机", "telephone of the AV control room"),
        Text::ItPhone => ("电脑房的手机", "telephone of the IT room"),
        Text::HousePhone => ("工程组的手机", "telephone of the house engineers"),
        Text::ManagerPhone => ("值班经理的手机", "telephone of the manager on duty"),
        Text::PersonActs => ("{} 对 {}：{}", "{} on {}: {}"),
        Text::NoTicket => ("{} 还没有可操作的工单", "{} has no ticket to act on yet"),
        Text::Refused => ("被拒绝：{}", "refused: {}"),
        Text::StoryOver => {
            ("这一晚的故事讲完了，{} 后换几间包厢再来一遍", "the story is told; it begins again in other rooms in {}")
        }
        Text::Porter => ("值班员小林", "Lin, the night porter"),
        Text::FixNote => ("电源插头松了，已插紧", "the plug was loose; pushed in"),
        Text::TicketMoved => ("{} {}:{}", "{} {}: {}"),
        Text::Ending => {
            ("正在结束：采集器交付剩余数据，账本收尾", "ending: agents hand over what they have, the ledger closes")
        }
        Text::Sum => (
            "合计：店里过了 {}，入账采样 {} 条，重复 {} 条，丢失 {} 条；开单 {} 张，关闭 {} 张",
            "sum: {} passed in the venue, {} samples committed, {} doubles dropped, {} lost; {} tickets opened, {} ended",
        ),
        Text::DataStays => ("数据保留在 {}", "the data stays in {}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_the_gaps_in_order() {
        assert_eq!(fill(Language::English, Text::AgentsUp, &["3", "8"]), "agents start: 3 of 8 rooms heard");
        assert_eq!(fill(Language::Chinese, Text::AmplifierOff, &["K03"]), "K03 的功放断电了");
    }
}
