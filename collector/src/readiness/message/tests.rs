//! The message fits every chat service, the worst first, and says how many it leaves out.

use super::*;
use crate::{
    config::Rules,
    packs::Packs,
    readiness::{Reason, What, report::Yesterday, warm_up::Forecast},
    venues::{Holidays, Venues},
};

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn room(n: usize, verdict: Verdict, reasons: Vec<Reason>) -> Room {
    Room { room: id(&format!("k{n:03}")), verdict, reasons, remarks: Vec::new() }
}

fn cold(value: f64) -> Reason {
    let what = What::OutOfBand {
        agent: id("pi-1"),
        point: wire::PointName::parse("temperature_celsius").unwrap(),
        value,
        low: Some(18.0),
        high: Some(22.0),
        forecast: Some(Forecast::NotStarted { by: 1_795_407_900_000, in_time: false, mornings: 9 }),
    };
    Reason { what, severity: Severity::P3, rule: Some(id("air-temperature")), ticket: None }
}

fn report(rooms: Vec<Room>) -> Report {
    Report {
        venue: id("nanshan"),
        date: "2026-11-23".into(),
        opening: 1_795_406_400_000,
        at: 1_795_404_660_000,
        made: Made::InTime,
        rooms,
        yesterday: Yesterday { date: "2026-11-22".into(), opened: 7, ended: 5, left: Vec::new() },
        urgent: Vec::new(),
        rounds: Vec::new(),
        extinguishers: Vec::new(),
        duty: Vec::new(),
        at_opening: None,
        opening_missed: false,
    }
}

fn texts_of(report: &Report) -> [String; 2] {
    let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
    let file = "[venue.nanshan]\nname_zh = \"南山店\"\nzone = \"Asia/Shanghai\"\n[[venue.nanshan.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n";
    let venues = Venues::of(&[("a.toml".into(), file.into())], Holidays::default(), "UTC").unwrap();
    [Language::ZhCn, Language::En]
        .map(|language| text(report, Scene { language, packs: &packs, venues: &venues, venue: &report.venue }))
}

#[test]
fn a_message_says_why_and_what_to_do_and_neighbours_alike_share_a_line() {
    let silent = |since| Reason {
        what: What::AgentSilent { agent: id("pi-1"), since, stopped: false },
        severity: Severity::P2,
        rule: None,
        ticket: Some("nanshan-20261123-001".into()),
    };
    let rooms = vec![
        room(1, Verdict::NotReady, vec![cold(14.2)]),
        room(2, Verdict::Unknown, vec![silent(None)]),
        room(3, Verdict::Unknown, vec![silent(None)]),
        room(4, Verdict::Ready, Vec::new()),
        room(5, Verdict::Locked, Vec::new()),
    ];
    let [zh, en] = texts_of(&report(rooms));
    let expected = "今天 12:00 开门\n【未就绪】\n· K001：温度 14.2 °C，应为 18–22 °C，还没有开始变化，现在开空调要到 12:25（按以往 9 个营业日推算）\n　处理：现在就开空调。查看房间空调是否开启、模式和设定温度是否正确、出风口有无风；设定无误仍不降（升）温，请空调班组检修。\n【无法确认，请派人去看】\n· K002、K003：采集器 pi-1 没有数据（工单 nanshan-20261123-001）\n　处理：到房间逐项看一遍；检查采集器的电源和网线，仍不上线请报电脑房。\n停用：K005\n昨日工单：新开 7 张，已关闭 5 张，未完 2 张\n今日巡检：无\n灭火器（30 天内到期或有问题）：无\n当班：没有排班";
    assert_eq!(zh, expected);
    assert!(
        en.starts_with("opens at 12:00 today\nNOT READY\n· K001: ")
            && en.contains("K002, K003: nothing from agent pi-1"),
        "{en}"
    );
}

#[test]
fn two_hundred_rooms_fit_and_those_left_out_are_counted() {
    for wrong in [0, 1, 5, 20, 60, 200] {
        let one = |n: usize| vec![Reason { ticket: Some(format!("nanshan-20261123-{n:03}")), ..cold(14.0) }];
        let of = |n: usize| match n < wrong {
            // No two alike, so that none share a line.
            true if n.is_multiple_of(2) => room(n, Verdict::NotReady, one(n)),
            true => room(n, Verdict::Unknown, one(n)),
            false => room(n, Verdict::Ready, Vec::new()),
        };
        let mut rooms: Vec<Room> = (0..200).map(of).collect();
        crate::readiness::room::sort(&mut rooms);
        for text in texts_of(&report(rooms)) {
            assert!(text.len() <= TEXT_BYTES_MAX, "{wrong}: {} bytes", text.len());
            let named = text.matches("· K").count();
            let number =
                |line: &str| line.chars().filter(char::is_ascii_digit).collect::<String>().parse::<usize>().ok();
            let more = |line: &&str| line.starts_with("· 还有") || line.contains("more rooms");
            let left: usize = text.lines().filter(more).filter_map(number).sum();
            assert_eq!(named + left, wrong, "{text}");
            assert!(wrong == 0 || named > 0);
        }
    }
}

#[test]
fn all_ready_is_one_line() {
    let [zh, en] = texts_of(&report(vec![room(1, Verdict::Ready, Vec::new())]));
    assert!(zh.contains("所有厅房都可以开业。") && en.contains("Every room can be opened."), "{zh}");
}
