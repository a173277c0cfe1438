//! Accounts of silence over a real collector and a real broker: an hour that comes live, an outage of the
//! broker, a spool that overflowed and drains, a restart in the middle of it. Every second is where it
//! belongs, in the ledger, in the API, on the page and in the terminal.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use collector::silence::{
    Account, Reason,
    total::{self, Which},
};
use wire::{Entry, Fault, Lost, LostReason, PointName, Sample, UnixMs};

use crate::bench::{Bench, Broker, Held, PATIENCE, body, sample};

/// Sample `k` is read ten seconds after the one before.
fn reading(begin: UnixMs, k: u64, faulty: bool) -> Entry {
    let mut read = Sample { at: begin + k as i64 * 10_000, ..sample(k + 1, 20.0) };
    read.points.push((PointName::parse("co2_ppm").unwrap(), 600.0));
    if faulty {
        let (name, _) = read.points.remove(0);
        read.faults.push((name, Fault::BadCrc));
    }
    Entry::Sample(read)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_backfilled_lost_and_measured_to_the_second() {
    // The command line looks back from the real present.
    let real = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let begin = (real - 4 * 3_600) * 1_000;
    let clock = Held::at(begin);
    let at = |seconds: i64| clock.set(begin + seconds * 1_000);
    let mut bench = Bench::start_at(Broker::Mosquitto, clock.clone(), true).await;
    let mut agent = bench.agent("pi-1").await;
    let about = br#"{"model":"Pi","version":"1","points":{"temperature_celsius":{"unit":"Cel","period_seconds":10},
        "co2_ppm":{"unit":"ppm","period_seconds":10}}}"#;
    agent.publish("about", about, true).await;
    for k in (0..360).step_by(20) {
        at(k * 10);
        agent.send(&(k..k + 20).map(|k| reading(begin, k as u64, false)).collect::<Vec<_>>()).await;
        agent.acked("spool-a", k as u64 + 20).await;
    }
    drop(agent);

    // Forty minutes without a broker; the spool holds thirty-five of them.
    bench.kill_broker();
    at(6_000);
    let mut away = Account { measured_ms: 3_605_000, ..Account::default() };
    away.lose(Reason::AgentAway, 2_035_000);
    // While nobody knows better.
    accounted(&bench, "temperature_celsius", &away).await;
    bench.revive_broker();
    bench.restart().await;
    let mut agent = bench.agent("pi-1").await;
    let lost = Lost { spool: body("spool-a"), seq: 361, upto: 390, reason: LostReason::Evicted };
    let mut entries = vec![Entry::Lost(lost)];
    entries.extend((390..450).map(|k| reading(begin, k, false)));
    agent.send(&entries).await;
    agent.acked("spool-a", 450).await;
    drop(agent);
    bench.restart().await;
    let mut agent = bench.agent("pi-1").await;
    agent.send(&(450..510).map(|k| reading(begin, k, true)).collect::<Vec<_>>()).await;
    agent.send(&(510..600).map(|k| reading(begin, k, false)).collect::<Vec<_>>()).await;
    agent.acked("spool-a", 600).await;
    for k in (600..720).step_by(20) {
        at(k * 10 + 190);
        agent.send(&(k..k + 20).map(|k| reading(begin, k as u64, false)).collect::<Vec<_>>()).await;
        agent.acked("spool-a", k as u64 + 20).await;
    }
    at(7_560);
    let mut wanted = Account { measured_ms: 5_105_000, backfilled_ms: 1_200_000, ..Account::default() };
    wanted.lose(Reason::Evicted, 295_000);
    wanted.lose(Reason::Fault(Fault::BadCrc), 600_000);
    assert_eq!(wanted.counted_ms(), 7_200_000);
    accounted(&bench, "temperature_celsius", &wanted).await;
    let mut wanted = Account { measured_ms: 5_105_000, backfilled_ms: 1_800_000, ..Account::default() };
    wanted.lose(Reason::Evicted, 295_000);
    accounted(&bench, "co2_ppm", &wanted).await;
    shown(&bench, begin);
    bench.stop().await;
}

/// Waits until the account of a point is the wanted one.
async fn accounted(bench: &Bench, point: &str, wanted: &Account) {
    let began = Instant::now();
    while shares(bench, point).as_ref() != Some(wanted) {
        assert!(began.elapsed() < PATIENCE, "{point}: {:?}, not {wanted:?}", shares(bench, point));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn rooms(bench: &Bench) -> Vec<total::RoomTotal> {
    let now = bench.shared().clock.now();
    let which = Which { from: now - 12 * 3_600_000, to: now, ..Which::default() };
    total::rooms(&*bench.shared().reader, &bench.shared().venues.get(), &which).unwrap()
}

fn shares(bench: &Bench, point: &str) -> Option<Account> {
    let rooms = rooms(bench);
    Some(rooms.first()?.points.iter().find(|p| p.point.as_str() == point)?.account.clone())
}

/// The same in the API, on the page and in the terminal.
fn shown(bench: &Bench, begin: UnixMs) {
    let answer = bench.page(&format!("/api/v1/silence?venue=nanshan&room=k01&from={}", begin - 3_600_000));
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let room = &answer["rooms"][0];
    let keys = ["measured_ppm", "backfilled_ppm", "lost_ppm", "planned_off_ppm"];
    assert_eq!(keys.iter().map(|key| room[key].as_i64().unwrap()).sum::<i64>(), 1_000_000, "{room}");
    assert_eq!(room["points"][0]["point"], "temperature_celsius", "the worst first");
    assert_eq!(room["points"][0]["lost"][0]["reason"], "bad_crc");
    let page = bench.page("/rooms/nanshan/k01?lang=en");
    assert!(page.contains("data: 70.9 % measured, 20.8 % backfilled, 8.3 % lost: mostly checksum error"), "{page}");
    let ledger = bench.ledger();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-collector"));
    command.args(["silence", "nanshan/k01", "--since", "12h", "--lang", "zh-CN", "--ledger"]).arg(&ledger);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("数据校验错误 8.3%") && text.contains("采集器存满 4.1%"), "{text}");
    println!("{text}");
}
