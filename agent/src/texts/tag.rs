//! What `hallwatch-agent tag` says, in two languages.

use super::{Lang, check};
use crate::driver::{
    Settings as _,
    tag::{
        content::Content,
        desk::{Refusal, Report},
        extinguisher::Settings,
        key::KeyError,
        ntag::Trouble,
        record::Filling,
    },
};

/// A message that ends with a way out.
fn with_hint(lang: Lang, en: (String, &str), zh: (String, &str)) -> String {
    let (text, hint) = lang.pick(en, zh);
    format!("{text}\n  {}{hint}", check::hint_word(lang))
}

/// What an extinguisher is filled with.
#[must_use]
pub fn filling(filling: Filling, lang: Lang) -> &'static str {
    match filling {
        Filling::Water => lang.pick("water", "水基型"),
        Filling::Powder => lang.pick("powder", "干粉"),
        Filling::Co2 => lang.pick("CO2", "二氧化碳"),
        Filling::CleanGas => lang.pick("clean gas", "洁净气体"),
        Filling::Foam => lang.pick("foam", "泡沫"),
        Filling::Other => lang.pick("other", "其他"),
    }
}

/// What stands before a tag that was read, line by line: a head and what belongs to it.
#[must_use]
pub fn report(report: &Report, lang: Lang) -> Vec<(&'static str, String)> {
    let reader = format!("PN532 {}.{}", report.firmware.version, report.firmware.revision);
    let uid = hex::encode(&report.uid);
    let mut lines = vec![(lang.pick("reader", "读卡器"), reader), (lang.pick("UID", "UID"), uid)];
    let tag = lang.pick("tag", "标签");
    match &report.content {
        Content::Foreign => lines.push((tag, lang.pick("no NTAG of this family", "不是该系列的 NTAG").to_owned())),
        Content::Blank(model) => {
            lines.push((tag, lang.pick(format!("{}, blank", model.name()), format!("{}，空白", model.name()))));
        }
        Content::Odd(model, found) => lines.push((
            tag,
            lang.pick(
                format!("{}, holds something else: {found}", model.name()),
                format!("{}，内容不是灭火器记录：{found}", model.name()),
            ),
        )),
        Content::Record { model, url, signed } => {
            let record = &signed.record;
            lines.push((tag, model.name().to_owned()));
            lines.push((lang.pick("address", "网址"), url.clone().unwrap_or_default()));
            lines.push((lang.pick("serial", "编号"), record.serial.clone()));
            lines.push((lang.pick("type", "类型"), filling(record.filling, lang).to_owned()));
            lines.push((lang.pick("made", "生产"), record.made.to_string()));
            lines.push((lang.pick("serviced", "上次维修"), record.serviced.to_string()));
            lines.push((lang.pick("due", "下次维修"), record.due.to_string()));
            lines.push((lang.pick("scrap", "报废"), record.scrap.to_string()));
            lines.push((lang.pick("signature", "签名"), genuine(report.genuine, lang).to_owned()));
        }
    }
    if let Some(count) = report.count {
        lines.push((lang.pick("read", "读取次数"), count.to_string()));
    }
    lines
}

fn genuine(genuine: Option<bool>, lang: Lang) -> &'static str {
    match genuine {
        Some(true) => lang.pick("genuine", "有效"),
        Some(false) => lang.pick("WRONG: another key, or copied from another tag", "无效：密钥不同，或复制自其他标签"),
        None => lang.pick("not looked at, there is no key", "未验证：没有密钥"),
    }
}

/// After a tag was written.
#[must_use]
pub fn written(lang: Lang) -> &'static str {
    lang.pick("written, read back and verified", "已写入，并回读核对无误")
}

/// Why nothing was read or written.
#[must_use]
pub fn refusal(refusal: &Refusal, settings: &Settings, lang: Lang) -> String {
    let en = refusal.to_string();
    let (en, zh) = match refusal {
        Refusal::Reader(error) => {
            let fault = error.fault();
            let place = settings.place();
            let text = |lang| format!("`{place}`: {}: {error}", check::fault(&fault, lang));
            let hint = |lang| check::hint(&fault, settings, lang);
            ((text(Lang::En), hint(Lang::En)), (text(Lang::ZhCn), hint(Lang::ZhCn)))
        }
        Refusal::NoTag => (
            (en, "hold the tag flat before the antenna, 1 to 3 cm away; a usual sticker on steel is never seen"),
            (
                "读卡器前没有标签应答".to_owned(),
                "请将标签平贴在天线前 1 至 3 厘米处；普通贴纸贴在钢瓶上无法读取，请用抗金属标签",
            ),
        ),
        Refusal::TwoTags => ((en, "take the others away"), ("读卡器前有不止一个标签".to_owned(), "请移开其他标签")),
        Refusal::Foreign { uid } => (
            (en, "use an NTAG213, NTAG215 or NTAG216"),
            (
                format!("标签 {} 不是 NTAG213、NTAG215 或 NTAG216", hex::encode(uid)),
                "请使用 NTAG213、NTAG215 或 NTAG216",
            ),
        ),
        Refusal::NotExpected { uid } => (
            (en, "take the right tag, or change `uid` of the sensor"),
            (format!("标签 {} 不是配置中指定的标签", hex::encode(uid)), "请换用正确的标签，或修改该传感器的 `uid`"),
        ),
        Refusal::Taken { found } => (
            (en, "take another tag, or say `--overwrite`"),
            (format!("标签中已有其他内容：{found}"), "请换用其他标签，或加上 `--overwrite`"),
        ),
        Refusal::Tag(trouble) => tag_trouble(trouble),
        Refusal::NotKept => (
            (en, "write it once more; if it stays, the tag is worn: take another"),
            ("回读内容与写入内容不一致".to_owned(), "请重新写入；若仍不一致，说明标签已损坏，请更换"),
        ),
    };
    with_hint(lang, en, zh)
}

type Both = ((String, &'static str), (String, &'static str));

fn tag_trouble(trouble: &Trouble) -> Both {
    let en = trouble.to_string();
    match trouble {
        Trouble::Radio(_) | Trouble::Short => (
            (en, "hold it still, closer to the antenna, and say the same once more"),
            ("标签应答不完整".to_owned(), "请将标签贴近天线、保持不动，然后重试"),
        ),
        Trouble::Container(container) => (
            (en, "it is made for something else: take another tag"),
            (format!("能力容器(CC)为 {container:02x?}，不是 NDEF 标签"), "该标签另有用途，请更换"),
        ),
        Trouble::Broken => {
            ((en, "write it anew with `--overwrite`"), ("标签内容已损坏".to_owned(), "请加上 `--overwrite` 重新写入"))
        }
        Trouble::TooLong { need, room } => (
            (en, "shorten the host of the address or the serial, or take an NTAG215"),
            (format!("内容需要 {need} 字节，标签只有 {room} 字节"), "请缩短网址中的主机名或编号，或改用 NTAG215"),
        ),
        Trouble::Refused { page, cause } => (
            (en, "it is locked, or slipped away; a locked tag never takes another record"),
            (format!("第 {page} 页无法写入：{cause}"), "标签已锁定或被移开；已锁定的标签无法再写入"),
        ),
    }
}

/// The file with the key gives none.
#[must_use]
pub fn no_key(path: &str, error: &KeyError, lang: Lang) -> String {
    let hint = lang.pick(
        "`openssl rand -hex 32` makes a key; the file must be readable by whoever says this",
        "可用 `openssl rand -hex 32` 生成密钥；执行本命令的用户必须能读取该文件",
    );
    let why = match error {
        KeyError::Unreadable(cause) => cause.to_string(),
        KeyError::NotAKey => lang.pick(error.to_string(), "首行不是 64 位十六进制数".to_owned()),
    };
    format!("`{path}`{}{why}\n  {}{hint}", lang.pick(": ", "："), check::hint_word(lang))
}

/// The sensor has no file with a key.
#[must_use]
pub fn key_needed(name: &str, lang: Lang) -> String {
    with_hint(
        lang,
        (format!("`{name}` has no `tag_key_file`"), "without a key no tag can be signed"),
        (format!("`{name}` 未设置 `tag_key_file`"), "没有密钥就无法为标签签名"),
    )
}

/// No sensor of that name reads tags.
#[must_use]
pub fn no_reader(name: &str, readers: &[String], lang: Lang) -> String {
    let known = readers.join(lang.pick(", ", "、"));
    let hint = match (readers.is_empty(), lang) {
        (true, Lang::En) => "add a `[[sensor]]` with driver = \"pn532\"".to_owned(),
        (true, Lang::ZhCn) => "请添加 driver = \"pn532\" 的 `[[sensor]]`".to_owned(),
        (false, Lang::En) => format!("the configuration has {known}"),
        (false, Lang::ZhCn) => format!("配置中有 {known}"),
    };
    let text = lang.pick(
        format!("`--sensor`: no sensor `{name}` reads tags"),
        format!("`--sensor`：没有名为 `{name}` 的标签读卡器"),
    );
    format!("{text}\n  {}{hint}", check::hint_word(lang))
}

/// An argument is not what it should be.
#[must_use]
pub fn wrong(argument: &str, found: &str, lang: Lang) -> String {
    let (en, zh) = match argument {
        "--asset-url" => ("write https://HOST/x/ULID", "请写成 https://主机名/x/ULID"),
        "--serial" => ("write at most 32 bytes without control characters", "最多 32 字节，不含控制字符"),
        _ => ("write a month such as 202301", "请写年月，例如 202301"),
    };
    with_hint(lang, (format!("`{argument}`: found `{found}`"), en), (format!("`{argument}`：写的是 `{found}`"), zh))
}

/// A process has the bus open.
#[must_use]
pub fn busy(path: &str, process: u32, lang: Lang) -> String {
    with_hint(
        lang,
        (format!("`{path}` is in use by process {process}"), "stop the agent first: `systemctl stop hallwatch-agent`"),
        (format!("`{path}` 正被进程 {process} 使用"), "请先停止采集器：`systemctl stop hallwatch-agent`"),
    )
}

/// The bus cannot be opened.
#[must_use]
pub fn no_bus(name: &str, cause: &str, lang: Lang) -> String {
    with_hint(
        lang,
        (format!("bus `{name}`: {cause}"), "see what `hallwatch-agent check` says of it"),
        (format!("总线 `{name}`：{cause}"), "请用 `hallwatch-agent check` 查看详情"),
    )
}
