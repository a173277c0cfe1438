//! Files of venues: the shipped sample is valid and gives no advice, each mistake has a file and its
//! message in both languages, and one mistake refuses the whole set.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use collector::{
    config::Language,
    venues::{Error, Holidays, Venues},
};
use jiff::civil::date;

fn load(text: &str, name: &str) -> Result<Venues, Error> {
    Venues::of(&[(name.into(), text.into())], Holidays::default(), "Asia/Shanghai")
}

fn manifest(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_shipped_sample_is_valid_and_only_lacks_a_holiday_list() {
    let venues = Venues::load(&manifest("venues.toml"), None, "Asia/Shanghai").unwrap();
    let kinds: Vec<_> = venues.venues.values().map(|v| v.file.kind.as_ref().unwrap().as_str()).collect();
    assert_eq!(kinds, ["telecom-hall", "bank", "ktv"]);
    let advice: Vec<_> = venues.advice(date(2026, 11, 23)).into_iter().map(|a| (a.kind, a.venue)).collect();
    assert_eq!(advice, [("no_list", "futian-hall".into()), ("no_list", "luohu-bank".into())]);
}

#[test]
fn each_mistake_has_its_message() {
    let mut files: Vec<_> = fs::read_dir(manifest("tests/bad-venues")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    assert!(files.len() >= 20, "only {} files", files.len());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let error = load(&fs::read_to_string(&file).unwrap(), name).expect_err(name);
        assert!(error.text(Language::ZhCn).contains("\n提示："), "{name}");
        let message = format!("{}\n", error.text(Language::En));
        assert!(message.contains(&format!("`{name}`")) && message.contains("\nhint: "), "{message}");
        let expected_file = file.with_extension("txt");
        // HALLWATCH_BLESS=1 writes what is said now, to be read and committed by a person.
        if std::env::var_os("HALLWATCH_BLESS").is_some() {
            fs::write(&expected_file, &message).unwrap();
        }
        assert_eq!(message, fs::read_to_string(&expected_file).unwrap_or_default(), "{name}");
    }
}

#[test]
fn a_folder_is_refused_whole_and_a_venue_stands_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "[venue.a]\n").unwrap();
    fs::write(folder.path().join("b.toml"), "[venue.b]\n").unwrap();
    let load = || Venues::load(folder.path(), None, "Asia/Shanghai");
    assert_eq!(load().unwrap().venues.len(), 2);
    fs::write(folder.path().join("b.toml"), "[venue.a]\n").unwrap();
    assert_eq!(load().unwrap_err().problem, "twice");
    fs::write(folder.path().join("b.toml"), "[venue.b]\nzone = \"Mars/Olympus\"\n").unwrap();
    assert_eq!(load().unwrap_err().problem, "zone");
}

#[test]
fn karaoke_by_night_and_a_business_day_cut_in_two_are_pointed_out() {
    let text = "[venue.a]\nkind = \"ktv\"\n[[venue.a.hours]]\nopen = \"18:00\"\nclose = \"06:30\"\n";
    let advice = load(text, "a.toml").unwrap().advice(date(2026, 11, 23));
    assert_eq!(advice.iter().map(|a| a.kind).collect::<Vec<_>>(), ["ktv_night", "cut_off_open"]);
    for language in [Language::ZhCn, Language::En] {
        assert!(advice.iter().all(|a| a.text(language).0.contains("`a`")));
    }
}

struct Now;

impl collector::world::Clock for Now {
    fn now(&self) -> wire::UnixMs {
        1_795_435_500_000
    }
}

/// A real collector whose venues are one file.
async fn started(folder: &Path) -> (collector::Handle, std::path::PathBuf) {
    let file = folder.join("venues.toml");
    fs::write(&file, "[venue.a]\nname_zh = \"一店\"\n").unwrap();
    let mut config = collector::Config::default();
    config.ledger.path = folder.join("hallwatch.db");
    config.mqtt.listen = ([127, 0, 0, 1], 0).into();
    config.web.enabled = false;
    config.venues.path = Some(file.clone());
    (collector::start(config, collector::World { clock: std::sync::Arc::new(Now) }).await.unwrap(), file)
}

async fn until(mut there: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !there() {
        assert!(std::time::Instant::now() < end, "did not come within a minute");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_files_are_read_again_and_a_mistake_leaves_the_old_set_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (handle, file) = started(folder.path()).await;
    let shared = handle.shared.clone();
    let a = wire::Id::parse("a").unwrap();
    let name = || shared.venues.get().name(&a, Language::ZhCn).to_owned();
    let trouble = || shared.health.troubles().into_iter().find(|(part, _)| part.as_str() == "venues");
    assert_eq!(name(), "一店");
    fs::write(&file, "[venue.a]\nname_zh = \"二号店\"\n").unwrap();
    until(|| name() == "二号店").await;
    fs::write(&file, "[venue.a]\nzone = \"Mars/Olympus\"\n").unwrap();
    until(|| trouble().is_some()).await;
    assert_eq!(name(), "二号店");
    let (_, told) = trouble().unwrap();
    assert!(told.reason.contains("venue.a.zone") && told.reason.contains("hint: "), "{}", told.reason);
    fs::write(&file, "[venue.a]\nname_zh = \"三号店在此\"\n").unwrap();
    until(|| name() == "三号店在此" && trouble().is_none()).await;
    handle.stop().await.unwrap();
}

#[test]
fn a_channel_that_the_configuration_does_not_have_is_refused() {
    let text = "[venue.a.team.av]\nchannels = [\"av-group\"]\n[[venue.a.escalation.P1]]\nafter = \"3m\"\nchannels = [\"boss\"]\n";
    let venues = load(text, "a.toml").unwrap();
    assert!(venues.check_channels(|name| ["av-group", "boss"].contains(&name)).is_ok());
    let wrong = |known: &'static str| venues.check_channels(|name| name == known).unwrap_err();
    assert_eq!((wrong("boss").key.as_str(), wrong("boss").problem), ("venue.a.team.av.channels", "no_channel"));
    assert_eq!(wrong("av-group").key, "venue.a.escalation.P1[1].channels");
}
