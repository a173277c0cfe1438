//! Explanations as people read them, word for word.

use super::*;
use crate::{
    config::{Language, Rules},
    packs::Packs,
    tickets::text::{Scene, explain, news, note},
    venues::{Holidays, Venues},
};

fn ticket(rule: &str, point: Option<&str>, value: Option<f64>, limit: Option<f64>) -> Ticket {
    let mut state = State::new(Settings::default(), HashMap::new(), Arc::new(plan::OneDay(20_261_123)));
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

fn house() -> (Packs, Venues) {
    let file = "[venue.nanshan]\nname_zh = \"南山店\"\nname_en = \"Nanshan\"\n";
    let venues = Venues::of(&[("venues.toml".into(), file.into())], Holidays::default(), "Asia/Shanghai").unwrap();
    (Packs::load(&Rules::default()).unwrap(), venues)
}

fn check(ticket: &Ticket, zh: &str, en: &str) {
    let (packs, venues) = house();
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
        limit: None,
        point: None,
        line: 3,
    };
    assert_eq!(note(&moved(DATA, note::STILL_BAD), Language::ZhCn), "数据仍不正常，退回处理");
    assert_eq!(note(&moved("老李", "加了雪种"), Language::En), "加了雪种");
    let line = Transition { limit: Some(22.0), ..moved(DATA, note::STILL_BAD) };
    let (packs, venues) = house();
    let words = |language| {
        let scene = Scene { language, packs: &packs, venues: &venues };
        news(News::StillBad, &ticket, &line, scene)
    };
    assert_eq!(words(Language::ZhCn), "修复未通过：现在仍为 23.4 °C（限值 22 °C）");
    assert_eq!(words(Language::En), "Fix refused: it is still 23.4 °C (limit 22 °C)");
}

/// The line that says what is wrong, in both languages.
fn what_is_wrong(ticket: &Ticket) -> [String; 2] {
    let (packs, venues) = (Packs::load(&Rules::default()).unwrap(), Venues::none("UTC"));
    [Language::ZhCn, Language::En]
        .map(|language| explain(ticket, Scene { language, packs: &packs, venues: &venues }).lines[1].clone())
}

#[test]
fn a_number_that_is_no_reading_is_told_as_what_it_is() {
    let check = |rule, point, value, limit, expected: [&str; 2]| {
        assert_eq!(what_is_wrong(&ticket(rule, Some(point), Some(value), limit)), expected);
    };
    check(
        "air-pm10",
        "pm10_ug_m3",
        62.5,
        Some(50.0),
        [
            "情况：PM10，1 小时里有 62.5% 的时间高于 150 µg/m³，允许 50%",
            "What: PM10 above 150 µg/m³ for 62.5 % of 1 h; at most 50 % is allowed",
        ],
    );
    check(
        "cold-rising-fast",
        "fridge_1_temperature_celsius",
        7.2,
        Some(6.0),
        [
            "情况：1 号冷藏柜温度 30 分钟内上升 7.2 °C，允许 6 °C",
            "What: fridge 1 temperature rose by 7.2 °C in 30 min; at most 6 °C is allowed",
        ],
    );
    check(
        "sensor-stuck",
        "co2_ppm",
        612.0,
        None,
        ["情况：二氧化碳停在 612 ppm，2 小时没有变化", "What: CO2 has not moved from 612 ppm for 2 h"],
    );
    let due = "extinguisher-service-due";
    check(
        due,
        "extinguisher_1_service_due_days",
        29.0,
        Some(30.0),
        ["情况：还有 29 天到期（1 号灭火器距维修天数）", "What: due in 29 d (extinguisher 1 days until service)"],
    );
    check(
        due,
        "extinguisher_1_service_due_days",
        0.0,
        Some(30.0),
        ["情况：今天到期（1 号灭火器距维修天数）", "What: due today (extinguisher 1 days until service)"],
    );
    check(
        due,
        "extinguisher_1_service_due_days",
        -3.0,
        Some(30.0),
        ["情况：已过期 3 天（1 号灭火器距维修天数）", "What: 3 d past its date (extinguisher 1 days until service)"],
    );
    check(
        "thermometers-disagree",
        "temperature_celsius",
        7.5,
        Some(6.0),
        [
            "情况：温度与同类读数相差 7.5 °C，允许 6 °C",
            "What: temperature is 7.5 °C away from its like; at most 6 °C is allowed",
        ],
    );
    let refused = |value| Transition {
        ticket: 1,
        at: 0,
        who: DATA.into(),
        from: Some(Stage::Verifying),
        to: Stage::InProgress,
        note: note::STILL_BAD.into(),
        value: Some(value),
        limit: None,
        point: None,
        line: 3,
    };
    let (packs, venues) = (Packs::load(&Rules::default()).unwrap(), Venues::none("UTC"));
    let scene = Scene { language: Language::ZhCn, packs: &packs, venues: &venues };
    let air = ticket("air-pm10", Some("pm10_ug_m3"), Some(62.5), Some(50.0));
    assert_eq!(news(News::StillBad, &air, &refused(55.0), scene), "修复未通过：现在仍为 55%");
}
