//! `--help` of the command line: English stands in the derive of the arguments, Chinese here.

use clap::Command;

/// Examples at the end of `--help`.
pub const EXAMPLES: &str = "\
Examples:
  hallwatch-agent check --config agent.toml     what is wired, and what answers
  hallwatch-agent run --config agent.toml       read and publish until told to stop
  hallwatch-agent config --config agent.toml    the configuration with every default
  hallwatch-agent drivers                       every sensor that it knows
  hallwatch-agent scan > agent.toml             a configuration of what answers on this computer
  HALLWATCH_AGENT__MQTT__HOST=10.0.0.5 hallwatch-agent run

Exit codes: 0 done; 1 a sensor does not answer, or the agent failed; 2 wrong arguments;
78 the configuration is wrong.";

const EXAMPLES_ZH: &str = "\
示例:
  hallwatch-agent check --config agent.toml     查看接了什么、哪些有应答
  hallwatch-agent run --config agent.toml       持续采集并上报,直到收到停止信号
  hallwatch-agent config --config agent.toml    显示包含全部默认值的配置
  hallwatch-agent drivers                       列出支持的全部传感器
  hallwatch-agent scan > agent.toml             根据本机实际应答生成配置
  HALLWATCH_AGENT__MQTT__HOST=10.0.0.5 hallwatch-agent run

退出码:0 正常;1 有传感器没有应答,或采集器运行失败;2 参数错误;78 配置有误。";

/// The same command with Chinese texts.
#[must_use]
pub fn chinese(command: Command) -> Command {
    command
        .about("读取一个厅房的传感器并上报读数,不丢失任何数据")
        .after_help(EXAMPLES_ZH)
        .mut_arg("config", |arg| arg.help("配置文件"))
        .mut_arg("lang", |arg| arg.help("输出语言:en 或 zh-CN;默认取自 LANG"))
        .mut_arg("log", |arg| arg.help("日志内容:error、warn、info、debug,或按模块指定;写入标准错误"))
        .mut_subcommand("run", |sub| sub.about("持续采集并上报,直到收到 SIGTERM 或 Ctrl-C"))
        .mut_subcommand("check", |sub| sub.about("每个传感器读一次,说明接了什么、哪些有应答"))
        .mut_subcommand("drivers", |sub| sub.about("列出支持的传感器:测量什么、接在哪里"))
        .mut_subcommand("scan", |sub| {
            sub.about("扫描各总线,并输出列有应答器件的配置")
                .mut_arg("network", |arg| arg.help("同时查找 PJLink 投影机和显示器:本网络的广播地址"))
        })
        .mut_subcommand("config", |sub| sub.about("以 TOML 显示生效的配置,密码已隐去"))
        .mut_subcommand("tag", tag_in_chinese)
}

fn tag_in_chinese(command: Command) -> Command {
    let sensor = "driver = \"pn532\" 的 `[[sensor]]` 的名称";
    command
        .about("制作灭火器标签，须先停止采集器")
        .mut_subcommand("read", |sub| sub.about("显示读卡器前标签的内容").mut_arg("sensor", |arg| arg.help(sensor)))
        .mut_subcommand("write", |sub| {
            sub.about("向读卡器前的标签写入带签名的记录，并回读核对")
                .mut_arg("sensor", |arg| arg.help(sensor))
                .mut_arg("serial", |arg| arg.help("灭火器编号"))
                .mut_arg("filling", |arg| arg.help("灭火剂类型"))
                .mut_arg("made", |arg| arg.help("生产年月"))
                .mut_arg("serviced", |arg| arg.help("上次维修年月；未维修过则取生产年月"))
                .mut_arg("due", |arg| arg.help("下次维修年月"))
                .mut_arg("scrap", |arg| arg.help("报废年月"))
                .mut_arg("asset_url", |arg| arg.help("设备网址：https://主机名/x/ULID"))
                .mut_arg("overwrite", |arg| arg.help("无论标签中有什么内容都覆盖"))
        })
}
