//! `hallwatch-agent tag`, the program itself before a simulated reader: what it prints, in which
//! language, and with which exit code it ends.
#![allow(clippy::unwrap_used)]

use std::{
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Output},
};

const ASSET: &str = "https://hw.example.cn/x/01JD9ZK5Q0000000000000000B";

/// A folder with a key and a configuration of two brackets, the second without a key.
struct Desk {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
        let config = folder.path().join("agent.toml");
        let head = "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[bus]]\nname = \"i2c-1\"\nbackend = \"simulated\"\n";
        let sensor = |number: u8, more: &str| {
            format!(
                "[[sensor]]\nname = \"extinguisher-{number}\"\nasset = \"extinguisher-{number}\"\n\
                 driver = \"pn532\"\nbus = \"i2c-1\"\nmux = 0x70\nchannel = {number}\n{more}\n"
            )
        };
        let keyed = format!("tag_key_file = {:?}", key.display().to_string());
        std::fs::write(&config, format!("{head}{}{}", sensor(1, &keyed), sensor(2, ""))).unwrap();
        Self { folder, config }
    }

    fn tag(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-agent"));
        for name in ["LC_ALL", "LC_MESSAGES", "LANG", "HALLWATCH_LOG", "JOURNAL_STREAM"] {
            command.env_remove(name);
        }
        command.arg("tag").args(arguments).arg("--config").arg(&self.config).output().unwrap()
    }

    fn write(&self, sensor: &str, more: &[&str]) -> Output {
        let mut arguments = vec!["write", "--sensor", sensor, "--type", "powder", "--due", "202801"];
        arguments.extend(["--scrap", "203301"]);
        arguments.extend(more);
        self.tag(&arguments)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert!(out.contains(stdout), "{stdout} in\n{out}");
    assert!(err.contains(stderr), "{stderr} in\n{err}");
}

const WHOLE: [&str; 6] = ["--serial", "MFZ8-1", "--made", "202301", "--asset-url", ASSET];

#[test]
fn a_tag_is_read_with_all_that_stands_on_it() {
    let desk = Desk::new();
    let output = desk.tag(&["read", "--sensor", "extinguisher-1"]);
    for line in ["UID        04a1b2c3d4e501", "tag        NTAG213", "made       2023-01", "signature  genuine"] {
        check(&output, 0, line, "");
    }
    check(&desk.tag(&["read", "--sensor", "extinguisher-2"]), 0, "signature  not looked at, there is no key", "");
    check(&desk.tag(&["read", "--sensor", "extinguisher-1", "--lang", "zh-CN"]), 0, "签名      有效", "");
}

#[test]
fn a_tag_of_another_asset_is_only_written_over_when_told_to() {
    let desk = Desk::new();
    check(&desk.write("extinguisher-1", &WHOLE), 1, "", "hint: take another tag, or say `--overwrite`");
    let output = desk.write("extinguisher-1", &[&WHOLE[..], &["--overwrite"]].concat());
    check(&output, 0, "serial     MFZ8-1\n", "");
    check(&output, 0, "serviced   2023-01\n", "");
    check(&output, 0, "\nwritten, read back and verified\n", "");
    let output = desk.write("extinguisher-1", &[&WHOLE[..], &["--overwrite", "--lang", "zh-CN"]].concat());
    check(&output, 0, "已写入，并回读核对无误", "");
}

#[test]
fn without_a_key_nothing_is_written() {
    let desk = Desk::new();
    check(&desk.write("extinguisher-2", &WHOLE), 1, "", "`extinguisher-2` has no `tag_key_file`");
    std::fs::write(desk.folder.path().join("key"), "secret words").unwrap();
    let output = desk.write("extinguisher-1", &WHOLE);
    check(&output, 1, "", "its first line is not 64 hexadecimal digits\n  hint: `openssl rand -hex 32`");
    assert!(!text(&output.stderr).contains("secret words"), "a key is never shown, not even a wrong one");
}

#[test]
fn wrong_arguments_are_named_with_a_way_out_and_exit_code_2() {
    let desk = Desk::new();
    let with =
        |made, serial, url| desk.write("extinguisher-1", &["--made", made, "--serial", serial, "--asset-url", url]);
    check(&with("202313", "S", ASSET), 2, "", "`--made`: found `202313`\n  hint: write a month such as 202301");
    check(&with("202301", "", ASSET), 2, "", "`--serial`: found ``");
    check(&with("202301", "S", "hw.example"), 2, "", "`--asset-url`: found `hw.example`");
    let output = desk.tag(&["read", "--sensor", "door"]);
    check(
        &output,
        2,
        "",
        "no sensor `door` reads tags\n  hint: the configuration has `extinguisher-1`, `extinguisher-2`",
    );
}

#[test]
fn a_bus_that_somebody_uses_is_left_alone() {
    let desk = Desk::new();
    // A file stands for the bus, and this test for the agent that has it open.
    let device = desk.folder.path().canonicalize().unwrap().join("i2c-9");
    let held = std::fs::File::create(&device).unwrap();
    let linux = format!("backend = \"linux\"\ni2c = {:?}", device.display().to_string());
    let config = std::fs::read_to_string(&desk.config).unwrap().replace("backend = \"simulated\"", &linux);
    std::fs::write(&desk.config, &config).unwrap();
    let message = format!("is in use by process {}\n  hint: stop the agent first", std::process::id());
    check(&desk.tag(&["read", "--sensor", "extinguisher-1"]), 1, "", &message);
    // The same by another name.
    let link = desk.folder.path().join("bus");
    symlink(&device, &link).unwrap();
    let other = config.replace(&device.display().to_string(), &link.display().to_string());
    std::fs::write(&desk.config, other).unwrap();
    check(&desk.tag(&["read", "--sensor", "extinguisher-1"]), 1, "", &message);
    drop(held);
    // Nobody uses it, and it is no bus.
    check(&desk.tag(&["read", "--sensor", "extinguisher-1"]), 1, "", "hint: ");
}
