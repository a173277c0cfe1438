//! Samples and hours as lines.

use super::*;

fn one(facts: &Facts, venue: &str, sample: &Sample) -> Parsed {
    let mut out = String::new();
    sample_line(&mut out, facts, &source(venue), sample);
    let mut all = lines(&out);
    assert_eq!(all.len(), 1);
    let line = all.remove(0);
    assert_eq!(strangers(&line), Vec::<String>::new());
    line
}

#[test]
fn a_sample_is_one_line_that_says_all_of_it() {
    let facts = facts();
    let mut s = sample(
        ms("2026-11-23T20:00:00+08:00"),
        &[("temperature_celsius", 23.5), ("co2_ppm", 612.0), ("room_occupied", 1.0)],
    );
    s.faults.push((point("illuminance_lux"), Fault::BadCrc));
    let mut out = String::new();
    sample_line(&mut out, &facts, &source("nanshan"), &s);
    assert_eq!(
        out,
        "room,venue=nanshan,room=k01,agent=pi-1 temperature_celsius=23.5,co2_ppm=612.0,room_occupied=1.0,\
         temperature_celsius_in_band=0.0,co2_ppm_in_band=1.0,illuminance_lux_fault=\"bad_crc\",venue_open=1.0,\
         sample_seq=7.0,sample_spool=\"k3f9\",sample_boot=\"7c1e\" 1795435200000000000\n"
    );
    s.clock = Clock::Uncertain { uncertainty_ms: 90_000 };
    let line = one(&facts, "nanshan", &s);
    assert_eq!(
        (line.number("sample_clock_uncertain"), line.number("sample_uncertainty_ms")),
        (Some(1.0), Some(90_000.0))
    );
}

#[test]
fn in_band_is_said_only_while_the_rule_matters() {
    let facts = facts();
    let check = |at: &str, celsius: f64, occupied: Option<f64>, expected: Option<f64>| {
        let mut points = vec![("temperature_celsius", celsius)];
        points.extend(occupied.map(|is| ("room_occupied", is)));
        let line = one(&facts, "nanshan", &sample(ms(at), &points));
        assert_eq!(line.number("temperature_celsius_in_band"), expected, "{at} {celsius} {occupied:?}");
    };
    check("2026-11-23T20:00:00+08:00", 18.0, None, Some(1.0));
    check("2026-11-23T20:00:00+08:00", 22.0, Some(1.0), Some(1.0));
    check("2026-11-23T20:00:00+08:00", 22.1, Some(0.0), Some(0.0));
    check("2026-11-24T01:59:59+08:00", 17.9, None, Some(0.0));
    check("2026-11-24T02:00:00+08:00", 17.9, None, None);
    check("2026-11-23T18:09:59+08:00", 20.0, None, None);
    check("2026-11-23T18:10:00+08:00", 20.0, None, Some(1.0));
    // Years ago and years ahead: hours hold without a clock.
    check("2019-03-01T20:00:00+08:00", 20.0, None, Some(1.0));
    check("2031-03-01T12:00:00+08:00", 20.0, None, None);
}

#[test]
fn rules_of_other_kinds_of_venues_say_nothing() {
    let facts = facts();
    let line = one(&facts, "always", &sample(ms("2026-11-23T20:00:00+08:00"), &[("temperature_celsius", 20.0)]));
    assert_eq!(line.number("temperature_celsius_in_band"), None);
    assert_eq!(line.number("venue_open"), None, "nobody said when it is open");
}

#[test]
fn a_point_with_the_name_of_a_derived_field_stands_itself() {
    let facts = facts();
    let at = ms("2026-11-23T20:00:00+08:00");
    let mut s = sample(
        at,
        &[
            ("temperature_celsius", 20.0),
            ("temperature_celsius_in_band", 42.5),
            ("venue_open", 3.0),
            ("sample_seq", 9.5),
            ("sample_spool", 1.0),
            ("lamp_fault", 1.0),
        ],
    );
    s.faults.push((point("lamp"), Fault::Stuck));
    let mut out = String::new();
    sample_line(&mut out, &facts, &source("nanshan"), &s);
    let line = &lines(&out)[0];
    for (name, value) in
        [("temperature_celsius_in_band", 42.5), ("venue_open", 3.0), ("sample_seq", 9.5), ("lamp_fault", 1.0)]
    {
        assert_eq!(line.number(name), Some(value), "{name}");
    }
}

#[test]
fn an_hour_is_the_same_whatever_the_order_of_its_samples() {
    let facts = facts();
    let from = ms("2026-11-23T18:00:00+08:00");
    let mut samples: Vec<Sample> = (0..60_i32)
        .map(|i| sample(from + i64::from(i) * 60_000, &[("temperature_celsius", 20.0 + f64::from(i % 10) * 0.5)]))
        .collect();
    samples.push(sample(from + HOUR_MS, &[("temperature_celsius", 99.0)]));
    samples.push(sample(from - 1, &[("temperature_celsius", 99.0)]));
    let mut text = String::new();
    hour_line(&mut text, &facts, &source("nanshan"), from, &samples);
    samples.reverse();
    let mut again = String::new();
    hour_line(&mut again, &facts, &source("nanshan"), from, &samples);
    assert_eq!(lines(&text), lines(&again));
    let line = &lines(&text)[0];
    assert_eq!(strangers(line), Vec::<String>::new());
    let of = |end: &str| line.number(&format!("temperature_celsius{end}")).unwrap();
    assert!((of("_mean") - 22.25).abs() < 1e-9);
    assert_eq!((of("_min"), of("_max"), of("_count")), (20.0, 24.5, 60.0));
    // From 18:10 on the rule matters: 50 readings, of which those up to 22.0 (5 of 10) are in band.
    assert!((of("_in_band_share") - 0.5).abs() < 1e-9);
    assert_eq!(line.number("open_seconds"), Some(1_800.0));
    assert_eq!(line.time_ns, from * 1_000_000);
    let mut none = String::new();
    hour_line(&mut none, &facts, &source("nanshan"), from + 5 * HOUR_MS, &samples);
    assert!(none.is_empty());
}

use super::super::hour::HOUR_MS;
