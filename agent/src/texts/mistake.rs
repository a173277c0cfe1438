//! Mistakes in a configuration, in two languages.

use super::Lang;
use crate::config::mistake::{Expected, Mistake, Problem};

/// What was expected of a value.
fn expected(expected: &Expected, lang: Lang) -> String {
    let list = |words: &[&str]| words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(lang.pick(", ", "、"));
    match expected {
        Expected::Id => {
            lang.pick("a name of 1 to 64 of a-z, 0-9 and `-`", "由 a-z、0-9 和 `-` 组成的 1 到 64 个字符的名称").into()
        }
        Expected::Point => lang
            .pick(
                "a point name: a-z, then up to 63 of a-z, 0-9 and `_`",
                "测点名：以 a-z 开头，后接最多 63 个 a-z、0-9 和 `_`",
            )
            .into(),
        Expected::Text => lang.pick("a text in quotes", "带引号的文本").into(),
        Expected::Flag => lang.pick("`true` or `false`", "`true` 或 `false`").into(),
        Expected::Whole { low, high } => {
            lang.pick(format!("a whole number from {low} to {high}"), format!("{low} 到 {high} 之间的整数"))
        }
        Expected::Number { low, high } => {
            lang.pick(format!("a number from {low} to {high}"), format!("{low} 到 {high} 之间的数"))
        }
        Expected::Address(addresses) => {
            let words: Vec<String> = addresses.iter().map(|address| format!("{address:#04x}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            lang.pick("one of ", "以下之一:").to_owned() + &list(&words)
        }
        Expected::Time { low, high } => lang.pick(
            format!("a duration from `{low}` to `{high}`, such as `10s`"),
            format!("`{low}` 到 `{high}` 之间的时长，例如 `10s`"),
        ),
        Expected::Size { low } => lang.pick(
            format!("a size of at least `{low}`, such as `64MiB`"),
            format!("不小于 `{low}` 的大小，例如 `64MiB`"),
        ),
        Expected::Driver { nearest } => {
            let nearest = nearest.as_ref().map_or_else(String::new, |nearest| {
                lang.pick(format!("; did you mean `{nearest}`?"), format!("；是否想写 `{nearest}`?"))
            });
            lang.pick("a driver that `hallwatch-agent drivers` lists", "`hallwatch-agent drivers` 所列的驱动")
                .to_owned()
                + &nearest
        }
        Expected::OneOf(words) => lang.pick("one of ", "以下之一:").to_owned() + &list(words),
        Expected::OneWireId => lang
            .pick(
                "a name below /sys/bus/w1/devices, such as `28-3c01b556a1b2`",
                "/sys/bus/w1/devices 下的名称，例如 `28-3c01b556a1b2`",
            )
            .into(),
        Expected::Url => lang.pick("an `http://` or `https://` address", "`http://` 或 `https://` 开头的地址").into(),
        Expected::HostName => lang.pick("a name such as `www.example.com`", "`www.example.com` 这样的域名").into(),
        Expected::IpAddress => lang.pick("an address such as `192.168.1.10`", "`192.168.1.10` 这样的 IP 地址").into(),
        Expected::TagUid => lang
            .pick(
                "a tag's UID of 14 hexadecimal digits, which `tag read` shows",
                "14 位十六进制的标签 UID，可用 `tag read` 查看",
            )
            .into(),
        Expected::Password { low } => {
            lang.pick(format!("a password of at least {low} letters"), format!("至少 {low} 个字符的密码"))
        }
        Expected::Table => lang.pick("a table", "一个表(table)").into(),
        Expected::Tables => {
            lang.pick("a list of tables, each under its own `[[…]]`", "表的列表，每个表写在各自的 `[[…]]` 下").into()
        }
    }
}

/// A mistake in a configuration, ending with a way out.
#[must_use]
pub fn mistake(mistake: &Mistake, lang: Lang) -> String {
    let Mistake { origin, key, problem } = mistake;
    let (what, hint) = match problem {
        Problem::Unknown { nearest: Some(nearest), .. } => (
            lang.pick("unknown key".into(), "未知的键".into()),
            lang.pick(format!("did you mean `{nearest}`?"), format!("是否想写 `{nearest}`?")),
        ),
        Problem::Unknown { nearest: None, known } => {
            let known = known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(lang.pick(", ", "、"));
            (
                lang.pick("unknown key".into(), "未知的键".into()),
                lang.pick(format!("known here are {known}"), format!("此处可用的键：{known}")),
            )
        }
        Problem::Missing { expected: wanted } => (
            lang.pick("missing".into(), "缺少该项".into()),
            lang.pick("write ", "请填写").to_owned() + &expected(wanted, lang),
        ),
        Problem::Wrong { expected: wanted, found } => {
            let wanted = expected(wanted, lang);
            (
                lang.pick(format!("found `{found}`"), format!("当前值为 `{found}`")),
                lang.pick(format!("write {wanted}"), format!("应为{wanted}")),
            )
        }
        Problem::NoBus { bus, nearest } => (
            lang.pick(format!("no `[[bus]]` has the name `{bus}`"), format!("没有名为 `{bus}` 的 `[[bus]]`")),
            match nearest {
                Some(nearest) => lang.pick(format!("did you mean `{nearest}`?"), format!("是否想写 `{nearest}`?")),
                None => lang.pick(
                    format!("add a `[[bus]]` with `name = \"{bus}\"`"),
                    format!("请添加一个 `name = \"{bus}\"` 的 `[[bus]]`"),
                ),
            },
        ),
        Problem::Twice { value, first } => (
            lang.pick(format!("`{value}` is already taken by `{first}`"), format!("`{value}` 已被 `{first}` 占用")),
            lang.pick("give each its own".into(), "请为每一项使用不同的值".into()),
        ),
        Problem::Together { with } => (
            lang.pick(format!("stands without `{with}`"), format!("缺少与之配套的 `{with}`")),
            lang.pick(format!("give both, or neither (`{with}`)"), format!("两项须同时填写或同时省略(`{with}`)")),
        ),
        Problem::Either { or } => (
            lang.pick(format!("stands beside `{or}`"), format!("与 `{or}` 同时出现")),
            lang.pick("keep one of the two".into(), "请只保留其中一项".into()),
        ),
        Problem::Reserved { name } => (
            lang.pick(format!("`{name}` is a header field of a sample"), format!("`{name}` 是采样数据的头部字段名")),
            lang.pick(
                format!("say what it is, such as `{name}_count`"),
                format!("请换一个说明含义的名称，例如 `{name}_count`"),
            ),
        ),
        Problem::TooFast { found, least } => (
            lang.pick(format!("found `{found}`"), format!("当前值为 `{found}`")),
            lang.pick(
                format!("such a device must not be asked more often than every `{least}`"),
                format!("此类设备的查询间隔不得短于 `{least}`"),
            ),
        ),
        Problem::TooMany { count, limit } => (
            lang.pick(format!("gives {count} points"), format!("共有 {count} 个测点")),
            lang.pick(
                format!("a sample carries {limit}; divide the sensors between two agents"),
                format!("一次采样最多 {limit} 个测点；请将传感器分给两个采集器"),
            ),
        ),
    };
    lang.pick(
        format!("`{origin}`: `{key}`: {what}\n  hint: {hint}"),
        format!("`{origin}`:`{key}`：{what}\n  提示：{hint}"),
    )
}

/// A file that cannot be read.
#[must_use]
pub fn unreadable(path: &std::path::Path, source: &std::io::Error, lang: Lang) -> String {
    let path = path.display();
    lang.pick(
        format!(
            "cannot read `{path}`: {source}\n  hint: name the file with `--config`; agent.toml in the source tree explains every key"
        ),
        format!("无法读取 `{path}`：{source}\n  提示：请用 `--config` 指定配置文件；源码中的 agent.toml 说明了每个键"),
    )
}

/// A file that is no TOML.
#[must_use]
pub fn syntax(file: &str, reason: &str, lang: Lang) -> String {
    let reason = reason.trim_end();
    lang.pick(
        format!("`{file}` is not TOML: {reason}\n  hint: texts need quotes; tables start with `[name]` or `[[name]]`"),
        format!("`{file}` 不是合法的 TOML：{reason}\n  提示：文本须加引号；表以 `[名称]` 或 `[[名称]]` 开头"),
    )
}
