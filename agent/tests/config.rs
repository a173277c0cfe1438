//! The configuration: what is good reads back as printed; each mistake has a file and its message.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use agent::config::{self, Config, Mqtt, Sampler, Spool};

fn manifest(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, config::Error> {
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    config::parse(text, "agent.toml", environment)
}

fn shipped() -> String {
    fs::read_to_string(manifest("agent.toml")).unwrap()
}

#[test]
fn the_shipped_file_is_valid_and_changes_no_default() {
    let config = parse(&shipped(), &[]).unwrap();
    assert_eq!(config.mqtt, Mqtt::default());
    assert_eq!(config.spool, Spool::default());
    assert_eq!(config.sampler, Sampler::default());
    assert_eq!(config.sensors.len(), 5);
}

#[test]
fn the_shipped_file_uncommented_gives_exactly_the_defaults() {
    let uncommented: String = shipped()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with('#') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(uncommented, shipped());
    assert_eq!(parse(&uncommented, &[]).unwrap(), parse(&shipped(), &[]).unwrap());
}

#[test]
fn every_example_in_the_shipped_file_is_valid() {
    let text = shipped();
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(example) = line.strip_prefix("## Example:") {
            open = true;
            let one_line = example.trim();
            blocks.push(if one_line.is_empty() { String::new() } else { format!("[mqtt]\n{one_line}\n") });
        } else if let (true, Some(rest)) = (open, line.strip_prefix("## ")) {
            let is_toml = rest.starts_with('[') || rest.contains(" = ");
            open = is_toml;
            if is_toml && !blocks.last().unwrap().starts_with("[mqtt]\n") {
                *blocks.last_mut().unwrap() += &format!("{rest}\n");
            }
        } else {
            open = false;
        }
    }
    assert!(blocks.len() >= 7, "{blocks:?}");
    for block in blocks {
        let mut text = format!("venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n{block}");
        if block.starts_with("[mqtt]") && block.contains("password_file") {
            text += "username = \"u\"\n";
        }
        if !block.contains("[[bus]]") {
            text += "[[bus]]\nname = \"i2c-1\"\nbackend = \"simulated\"\n";
        }
        parse(&text, &[]).unwrap_or_else(|error| panic!("{block}\n{error}"));
    }
}

#[test]
fn a_configuration_reads_back_as_printed() {
    let config = parse(&shipped(), &[]).unwrap();
    assert_eq!(parse(&config.print(), &[]).unwrap(), config);
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = [
        ("HALLWATCH_AGENT__MQTT__HOST", "broker.local"),
        ("HALLWATCH_AGENT__MQTT__PORT", "1884"),
        ("HALLWATCH_AGENT__ROOM", "k99"),
        ("HALLWATCH_AGENT__SPOOL__BYTES_MAX", "1MiB"),
        ("OTHER", "x"),
    ];
    let config = parse(&shipped(), &environment).unwrap();
    assert_eq!(config.mqtt.host, "broker.local");
    assert_eq!(config.mqtt.port, 1884);
    assert_eq!(config.room.as_str(), "k99");
    assert_eq!(config.spool.bytes_max, 1 << 20);
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    let error = parse(&shipped(), &[("HALLWATCH_AGENT__MQTT__PORT", "many")]).unwrap_err().to_string();
    assert!(error.starts_with("`HALLWATCH_AGENT__MQTT__PORT`: `mqtt.port`: found `many`"), "{error}");
}

#[test]
fn a_password_is_never_printed() {
    let secret = [("HALLWATCH_AGENT__MQTT__USERNAME", "u"), ("HALLWATCH_AGENT__MQTT__PASSWORD", "hush-hush")];
    let config = parse(&shipped(), &secret).unwrap();
    assert_eq!(config.mqtt.password.as_ref().unwrap().expose(), "hush-hush");
    assert!(!config.print().contains("hush"));
    assert!(!format!("{config:?}").contains("hush"));
    let error = parse("[mqtt]\npassword = 4711\n", &[]).unwrap_err().to_string();
    assert!(!error.contains("4711"), "{error}");
}

#[test]
fn a_password_in_an_address_is_never_printed() {
    let head = "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[sensor]]\nname = \"web\"\ndriver = \"http\"\n";
    let config = parse(&format!("{head}url = \"https://me:hu@sh@10.0.0.1/a@b?c=d\"\n"), &[]).unwrap();
    assert_eq!(config.sensors[0].driver.place().to_string(), "https://********@10.0.0.1/a@b?c=d");
    assert!(!config.print().contains("sh@"), "{}", config.print());
    let about = format!("{:?}", agent::sampler::about(&config).unwrap());
    assert!(!about.contains("sh@"), "{about}");
}

#[test]
fn with_tls_the_port_is_the_one_of_tls() {
    let text = "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[mqtt.tls]\n";
    assert_eq!(parse(text, &[]).unwrap().mqtt.port, 8883);
}

#[test]
fn each_mistake_has_its_message() {
    let mut files: Vec<_> =
        fs::read_dir(manifest("tests/bad-config")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "toml")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(file).unwrap();
        let error = config::parse(&text, name, []).expect_err(name);
        let message = format!("{}\n", error.text(agent::texts::Lang::En));
        let expected_file = file.with_extension("txt");
        // HALLWATCH_BLESS=1 writes what is said now, to be read and committed by a person.
        if std::env::var_os("HALLWATCH_BLESS").is_some() {
            fs::write(&expected_file, &message).unwrap();
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        assert_eq!(message, expected, "{name}");
        assert!(message.contains("hint: "), "{name}");
        let chinese = error.text(agent::texts::Lang::ZhCn);
        assert!(chinese.contains("提示"), "{name}: {chinese}");
        count += 1;
    }
    assert!(count >= 20, "only {count} files");
}
