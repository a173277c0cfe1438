//! Extinguishers in a simulated room: the real driver over a register-level reader with tags that are
//! put before it, taken away, forged, copied and torn off.
#![allow(clippy::unwrap_used)]

#[path = "support/bracket.rs"]
mod bracket;
mod support;

use agent::driver::{
    Chip, Measured, Mux,
    bus::mux,
    simulated::{
        FaultKind, Target, mcp23017,
        ntag::Ntag,
        pn532::{Broken, Pn532},
    },
    tag::{
        desk::{AssetUrl, specimen},
        extinguisher::{Extinguisher, Settings},
        pn532::ADDRESS,
    },
};
use bracket::{Bracket, OTHER, UID, key_file};
use support::value;
use wire::Fault;

/// A poll that takes the tag for wrong, and believes nothing that it says.
fn refused(measured: &[Measured]) {
    assert_eq!(value(measured, "present"), 1.0);
    assert_eq!(value(measured, "tag_valid"), 0.0);
    for name in ["type_code", "made_month", "serviced_month", "due_month", "scrap_month"] {
        assert!(measured.iter().all(|one| one.quantity != name), "{name} of a tag that is not genuine");
    }
}

#[test]
fn a_tag_that_belongs_here_says_all_that_stands_on_it() {
    let mut bracket = Bracket::usual();
    let measured = bracket.poll().unwrap();
    for (name, expected) in [
        ("present", 1.0),
        ("tag_valid", 1.0),
        ("type_code", 2.0),
        ("made_month", 202_301.0),
        ("serviced_month", 202_301.0),
        ("due_month", 202_801.0),
        ("scrap_month", 203_301.0),
        ("tag_id", 177_789_161_760_246.0),
    ] {
        assert_eq!(value(&measured, name), expected, "{name}");
    }
    assert_eq!(measured.len(), 8);
    assert_eq!(bracket.chip.identity().as_deref(), Some("PN532 1.6"));
    assert!(!bracket.reader(|reader| reader.field()), "the field is off between polls");
}

#[test]
fn an_extinguisher_is_removed_after_three_misses_and_restored_at_once() {
    let mut bracket = Bracket::usual();
    assert_eq!(bracket.says("present"), Some(Ok(1.0)));
    let tag = bracket.reader(Pn532::take).unwrap();
    assert_eq!(bracket.says("present"), Some(Ok(1.0)), "one miss");
    assert_eq!(bracket.says("present"), Some(Ok(1.0)), "two misses");
    let removed = bracket.poll().unwrap();
    assert_eq!(value(&removed, "present"), 0.0);
    assert_eq!(removed.len(), 1, "nothing is known of a tag that is not there");
    bracket.reader(|reader| reader.put(tag));
    let restored = bracket.poll().unwrap();
    assert_eq!(value(&restored, "present"), 1.0);
    assert_eq!(value(&restored, "tag_valid"), 1.0);
}

#[test]
fn two_misses_are_forgotten_once_the_tag_answers() {
    let mut bracket = Bracket::usual();
    bracket.poll().unwrap();
    for _ in 0..3 {
        let tag = bracket.reader(Pn532::take).unwrap();
        assert_eq!(bracket.says("present"), Some(Ok(1.0)));
        assert_eq!(bracket.says("present"), Some(Ok(1.0)));
        bracket.reader(|reader| reader.put(tag));
        assert_eq!(bracket.says("present"), Some(Ok(1.0)));
    }
}

#[test]
fn an_empty_bracket_is_told_by_the_first_reading_of_an_agent() {
    let mut bracket = Bracket::usual();
    bracket.reader(Pn532::take);
    assert_eq!(bracket.says("present"), Some(Ok(0.0)));
}

#[test]
fn a_dead_reader_is_a_fault_and_no_theft() {
    let mut bracket = Bracket::usual();
    bracket.poll().unwrap();
    for (kind, fault) in [
        (FaultKind::Absent, Fault::NoResponse),
        (FaultKind::WrongDevice, Fault::WrongDevice),
        (FaultKind::BadCrc, Fault::BadCrc),
        (FaultKind::Flat(0x00), Fault::NoResponse),
        (FaultKind::Latched, Fault::BusFailed),
    ] {
        if kind == FaultKind::WrongDevice {
            bracket.room.fault(Target::Chip(ADDRESS), FaultKind::Absent);
            bracket.poll().unwrap_err();
        }
        bracket.room.fault(Target::Chip(ADDRESS), kind);
        for _ in 0..5 {
            assert_eq!(bracket.poll().unwrap_err().fault(), fault, "{kind:?}");
        }
        bracket.room.clear(Target::Chip(ADDRESS));
        assert_eq!(bracket.says("present"), Some(Ok(1.0)), "after {kind:?}");
    }
}

#[test]
fn a_broken_reader_is_named_and_mended() {
    let mut bracket = Bracket::usual();
    for (broken, fault) in [
        (Broken::LengthSum, Fault::BadCrc),
        (Broken::NeverReady, Fault::NoResponse),
        (Broken::Truncated, Fault::BadCrc),
    ] {
        bracket.poll().unwrap();
        bracket.reader(|reader| reader.break_by(Some(broken)));
        assert_eq!(bracket.poll().unwrap_err().fault(), fault, "{broken:?}");
        bracket.reader(|reader| reader.break_by(None));
    }
    bracket.poll().unwrap();
    bracket.reader(|reader| reader.break_by(Some(Broken::AlwaysReady)));
    bracket.poll().unwrap_err();
    bracket.reader(|reader| reader.break_by(Some(Broken::OneDataSum)));
    assert_eq!(bracket.says("tag_valid"), Some(Ok(1.0)), "one wrong checksum is asked for again");
}

#[test]
fn a_port_expander_at_the_readers_address_is_left_as_it_is() {
    let mut bracket = Bracket::usual();
    bracket.room.fit(None, ADDRESS, Box::new(mcp23017::Mcp23017::new()));
    assert_eq!(bracket.poll().unwrap_err().fault(), Fault::WrongDevice);
    let mut directions = [0; 2];
    bracket.bus.write_read(ADDRESS, &[0x00], &mut directions).unwrap();
    assert_eq!(directions, [0xFF, 0xFF], "its pins are inputs still");
    let drove = bracket.room.device(None, ADDRESS, |chip: &mut mcp23017::Mcp23017| chip.drove());
    assert_eq!(drove, Some(false), "and were so all the time");
}

#[test]
fn a_tag_of_another_key_is_refused() {
    let mut bracket = Bracket::usual();
    let forged =
        specimen(&Settings { tag_key_file: Some(key_file(&bracket.folder, "5a")), ..bracket.settings.clone() });
    bracket.swap(forged);
    refused(&bracket.poll().unwrap());
}

#[test]
fn a_record_copied_to_another_tag_is_refused_wherever_it_hangs() {
    for uid in [Some(UID), None] {
        let mut bracket = Bracket::new(|settings| settings.uid = uid);
        let original = bracket.reader(Pn532::take).unwrap();
        let mut copy = Ntag::ntag213(OTHER);
        copy.pages[4..40].copy_from_slice(&original.pages[4..40]);
        bracket.swap(copy);
        refused(&bracket.poll().unwrap());
    }
}

#[test]
fn a_genuine_tag_of_another_place_is_refused_and_says_which_it_is() {
    let mut bracket = Bracket::usual();
    let neighbour = specimen(&Settings { uid: Some(OTHER), ..bracket.settings.clone() });
    bracket.swap(neighbour);
    let measured = bracket.poll().unwrap();
    assert_eq!(value(&measured, "present"), 1.0);
    assert_eq!(value(&measured, "tag_valid"), 0.0);
    assert_eq!(value(&measured, "tag_id"), 1_108_152_157_446.0);
}

#[test]
fn a_blank_tag_and_a_tag_of_another_make_are_refused() {
    let mut bracket = Bracket::usual();
    bracket.swap(Ntag::ntag213(UID));
    refused(&bracket.poll().unwrap());
    let mut ultralight = Ntag::ntag213(UID);
    ultralight.storage = None;
    bracket.swap(ultralight);
    refused(&bracket.poll().unwrap());
    let mut unformatted = Ntag::ntag213(UID);
    unformatted.pages[3..].fill([0; 4]);
    bracket.swap(unformatted);
    refused(&bracket.poll().unwrap());
}

#[test]
fn every_flipped_bit_of_a_tags_memory_is_noticed_or_changes_nothing() {
    let mut bracket = Bracket::usual();
    let good = bracket.reader(|reader| reader.tag().unwrap().clone());
    let expected = bracket.poll().unwrap();
    for bit in 0..36 * 32 {
        let mut tag = good.clone();
        tag.pages[4 + bit / 32][bit / 8 % 4] ^= 1 << (bit % 8);
        bracket.swap(tag);
        // As after a restart, so that the memory is read.
        bracket.chip = Extinguisher::new(bracket.settings.clone());
        let measured = bracket.poll().unwrap();
        if measured != expected {
            refused(&measured);
        }
    }
}

#[test]
fn a_tag_torn_away_while_it_is_read_gives_no_wrong_value() {
    for exchanges in 0..6 {
        let mut bracket = Bracket::new(|settings| settings.read_count = true);
        bracket.reader(|reader| {
            reader.tag().unwrap().counter = Some(7);
            reader.out_of_reach_after(Some(exchanges));
        });
        let torn = bracket.poll().unwrap();
        match torn.iter().find(|one| one.quantity == "tag_valid").map(|one| &one.value) {
            None => assert_eq!(value(&torn, "present"), 0.0),
            Some(Err(fault)) => assert_eq!(*fault, Fault::BadResponse, "{exchanges}"),
            Some(Ok(valid)) => assert_eq!(*valid, 1.0, "{exchanges}"),
        }
        bracket.reader(|reader| reader.out_of_reach_after(Some(0)));
        for _ in 0..3 {
            bracket.poll().unwrap();
        }
        assert_eq!(bracket.says("present"), Some(Ok(0.0)), "{exchanges}");
        bracket.reader(|reader| reader.out_of_reach_after(None));
        assert_eq!(bracket.says("tag_valid"), Some(Ok(1.0)), "{exchanges}");
    }
}

#[test]
fn of_two_tags_before_the_antenna_the_right_one_counts() {
    for uid in [Some(UID), None] {
        let mut bracket = Bracket::new(|settings| settings.uid = uid);
        let right = bracket.reader(Pn532::take).unwrap();
        let id = 177_789_161_760_246.0;
        bracket.reader(|reader| reader.put(right));
        if uid.is_none() {
            // Without a name in the configuration the first that was seen is meant.
            bracket.poll().unwrap();
        }
        bracket.reader(|reader| {
            let right = reader.take().unwrap();
            reader.put(Ntag::ntag213(OTHER));
            reader.put(right);
        });
        let measured = bracket.poll().unwrap();
        assert_eq!(value(&measured, "tag_valid"), 1.0, "{uid:?}");
        assert!((value(&measured, "tag_id") - id).abs() < 256.0, "{uid:?}");
    }
}

#[test]
fn polls_do_not_wear_the_counter_of_the_tag() {
    let mut bracket = Bracket::new(|settings| settings.read_count = true);
    bracket.reader(|reader| reader.tag().unwrap().counter = Some(41));
    assert_eq!(bracket.says("read_count"), Some(Ok(42.0)));
    for _ in 0..359 {
        bracket.poll().unwrap();
    }
    assert_eq!(bracket.says("read_count"), Some(Ok(43.0)), "once an hour it is read anew");
}

#[test]
fn a_tag_whose_counter_is_off_says_so() {
    let mut bracket = Bracket::new(|settings| settings.read_count = true);
    assert_eq!(bracket.says("read_count"), Some(Err(Fault::BadResponse)));
    assert_eq!(bracket.says("tag_valid"), Some(Ok(1.0)));
}

#[test]
fn a_missing_key_judges_nobody_and_is_found_as_soon_as_it_is_there() {
    let mut bracket = Bracket::usual();
    let path = bracket.settings.tag_key_file.clone().unwrap();
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let measured = bracket.poll().unwrap();
    assert_eq!(value(&measured, "present"), 1.0);
    assert!(measured.iter().any(|one| one.quantity == "tag_valid" && one.value == Err(Fault::NotPermitted)));
    assert!(measured.iter().all(|one| one.quantity != "due_month"), "what cannot be verified is not believed");
    std::fs::write(&path, key).unwrap();
    assert_eq!(bracket.says("tag_valid"), Some(Ok(1.0)));
}

#[test]
fn two_brackets_behind_a_multiplexer_are_two() {
    let seat = |channel| Mux { address: 0x70, channel };
    let mut bracket = Bracket::new(|settings| {
        settings.seat.mux = Some(seat(0));
        settings.uid = None;
    });
    let mut second = bracket.settings.clone();
    second.seat.mux = Some(seat(1));
    bracket.room.fit_for(&second);
    let mut other = Extinguisher::new(second);
    let mut ids = Vec::new();
    for channel in [0, 1] {
        mux::open(&mut *bracket.bus, seat(channel)).unwrap();
        let measured = bracket.poll().unwrap();
        assert_eq!(value(&measured, "tag_valid"), 1.0);
        ids.push(value(&measured, "tag_id"));
        mux::close(&mut *bracket.bus, seat(channel)).unwrap();
        std::mem::swap(&mut bracket.chip, &mut other);
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(bracket.poll().unwrap_err().fault(), Fault::NoResponse, "no channel is open");
}

#[test]
fn addresses_of_assets_are_of_one_form() {
    let ulid = "01JD9ZK5Q0000000000000000A";
    for good in ["https://hw.example", "http://10.0.0.5:8080", "https://HW.Example"] {
        assert!(AssetUrl::parse(&format!("{good}/x/{ulid}")).is_some(), "{good}");
    }
    for bad in [
        format!("ftp://hw.example/x/{ulid}"),
        format!("https:///x/{ulid}"),
        format!("https://me@hw.example/x/{ulid}"),
        format!("https://hw.example/x/{}", &ulid[1..]),
        format!("https://hw.example/x/{ulid}/y"),
        format!("https://hw.example/x/{}", ulid.to_lowercase()),
        format!("https://{}/x/{ulid}", "h".repeat(200)),
    ] {
        assert!(AssetUrl::parse(&bad).is_none(), "{bad}");
    }
}
