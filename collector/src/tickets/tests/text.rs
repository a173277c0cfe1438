//! Explanations as people read them, word for word.

use super::*;
use crate::{
    config::{Language, Rules},
    packs::Packs,
    tickets::text::{Scene, explain, news, note},
    venues::{Holidays, Venues},
};

fn ticket(rule: &str, point: Option<&str>, value: Option<f64>, limit: Option<f64>) -> Ticket {
    let mut state = State::new(Settings::default(), HashMap::new(), Arc::new(|_, _| 20_261_123));
    let source = Source { venue: id("nanshan"), room: id("k04"), agent: id("pi-k04") };
    let subject = Subject { source, point: point.map(|p| PointName::parse(p).unwrap()) };
    // 2026-11-23T20:05:00+08:00, and a quarter of an hour later.
    let began_at = 1_795_435_500_000;
    let key = EpisodeKey { rule: id(rule), subject, began_at };
    let seen = Seen { at: began_at + 60_000, value, limit };
    let mut out = Vec::new();
    let home = Home::own(&key, None, Severity::P3, id("hvac"));
    let event = Event::Began { key, home, seen };
    step(&mut state, &event, began_at + 15 * MINUTE, &mut out);
    state.ticket("nanshan-20261123-001").unwrap().clone()
}

fn check(ticket: &Ticket, zh: &str, en: &str) {
    let packs = Packs::load(&Rules::default()).unwrap();
    let file = "[venue.nanshan]\nname_zh = \"南山店\"\nname_en = \"Nanshan\"\n";
    let venues = Venues::of(&[("venues.toml".into(), file.into())], Holidays::default(), "Asia/Shanghai").unwrap();
    for (language, expected) in [(Language::ZhCn, zh), (Language::En, en)] {
        let scene = Scene { language, packs: &packs, venues: &venues };
        assert_eq!(explain(ticket, scene).text(language), expected);
    }
}

#[test]
fn a_band_names_value_limit_and_next_step() {
    check(
        &ticket("air-temperature", Some("temperature_celsius"), Some(23.75), Some(22.0)),
        "K04 室温不在 18–22 °C\n\
         地点：南山店 K04\n\
         情况：温度 23.75 °C，高于上限 22 °C\n\
         开始：11月23日 20:05，15 分钟后开单\n\
         级别：P3 一般，班组：空调班组\n\
         下一步：查看房间空调是否开启、模式和设定温度是否正确、出风口有无风；设定无误仍不降（升）温，请空调班组检修。",
        "K04: room is not between 18 and 22 °C\n\
         Where: Nanshan, K04\n\
         What: temperature 23.75 °C, above the limit of 22 °C\n\
         Since: 23 Nov 20:05; the ticket was opened 15 min later\n\
         How bad: P3 one room; team: HVAC\n\
         Next: See whether the air conditioner is on, its mode and set point right and air coming out; if they are and \
         the room does not follow, HVAC must look at the unit.",
    );
}

#[test]
fn a_state_says_what_it_means() {
    check(
        &ticket("amplifier-power", Some("amplifier_power_on"), Some(0.0), None),
        "K04 功放没有通电\n\
         地点：南山店 K04\n\
         情况：功放没有通电\n\
         开始：11月23日 20:05，15 分钟后开单\n\
         级别：P3 一般，班组：空调班组\n\
         下一步：看功放电源开关、插座和房间空气开关；开关都在位仍没电，请总控带万用表检查。",
        "K04: amplifier has no power\n\
         Where: Nanshan, K04\n\
         What: amplifier has no power\n\
         Since: 23 Nov 20:05; the ticket was opened 15 min later\n\
         How bad: P3 one room; team: HVAC\n\
         Next: Look at its switch, the socket and the breaker of the room; if all are on, the AV control room must \
         measure.",
    );
}

#[test]
fn a_silence_names_who_is_silent_and_for_how_long() {
    let mut both = ticket("sensor-silent", Some("temperature_celsius"), None, Some(180.0));
    both.open_points.push(PointName::parse("humidity_percent").unwrap());
    let line = |t: &Ticket, language| {
        let packs = Packs::load(&Rules::default()).unwrap();
        let venues = Venues::none("UTC");
        explain(t, Scene { language, packs: &packs, venues: &venues }).lines[1].clone()
    };
    assert_eq!(line(&both, Language::ZhCn), "情况：温度、湿度 没有有效读数，允许的最长间隔为 3 分钟");
    assert_eq!(
        line(&both, Language::En),
        "What: no value of temperature, humidity; at most 3 min without one is allowed"
    );
    let agent = ticket("agent-silent", None, None, Some(180.0));
    assert_eq!(line(&agent, Language::ZhCn), "情况：采集器 pi-k04 没有数据，允许的最长间隔为 3 分钟");
    assert_eq!(
        line(&agent, Language::En),
        "What: nothing heard from agent pi-k04; at most 3 min of silence is allowed"
    );
}

#[test]
fn what_the_readings_did_is_translated_and_what_a_person_wrote_is_not() {
    let ticket = ticket("air-temperature", Some("temperature_celsius"), Some(23.75), Some(22.0));
    let moved = |who: &str, words: &str| Transition {
        ticket: 1,
        at: 0,
        who: who.into(),
        from: Some(Stage::Verifying),
        to: Stage::InProgress,
        note: words.into(),
        value: Some(23.4),
        line: 3,
    };
    assert_eq!(note(&moved(DATA, note::STILL_BAD), Language::ZhCn), "数据仍不正常，退回处理");
    assert_eq!(note(&moved("老李", "加了雪种"), Language::En), "加了雪种");
    let words = |language| news(News::StillBad, &ticket, &moved(DATA, note::STILL_BAD), language);
    assert_eq!(words(Language::ZhCn), "修复未通过：现在仍为 23.4 °C");
    assert_eq!(words(Language::En), "Fix refused: it is still 23.4 °C");
}
