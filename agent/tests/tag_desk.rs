//! Tags prepared at a simulated reader, by the code of `tag write` and `tag read`: what is refused,
//! what is kept, and what a tag holds that was pulled away in the middle.
#![allow(clippy::unwrap_used)]

#[path = "support/bracket.rs"]
mod bracket;

use agent::driver::{
    bus::BusOf,
    simulated::{FaultKind, Target, ntag::Ntag},
    tag::{
        content::Content,
        desk::{self, AssetUrl, Order, Refusal, Report},
        key::Key,
        ntag::{Model, Trouble},
        pn532::ADDRESS,
        record::{Filling, Month, Record},
    },
};
use bracket::{Bracket, OTHER, Passing, UID};

const ASSET: &str = "https://hw.example.cn/x/01JD9ZK5Q0000000000000000A";
const OTHER_ASSET: &str = "https://hw.example.cn/x/01JD9ZK5Q0000000000000000B";

fn month(yyyymm: u32) -> Month {
    Month::new(yyyymm).unwrap()
}

fn record() -> Record {
    Record {
        serial: "MFZ8-000123".to_owned(),
        filling: Filling::Powder,
        made: month(202_301),
        serviced: month(202_401),
        due: month(202_601),
        scrap: month(203_301),
    }
}

/// What the command line does.
trait AtDesk {
    fn write_as(&mut self, record: &Record, url: &str, overwrite: bool) -> Result<Report, Refusal>;
    fn write(&mut self, url: &str) -> Result<Report, Refusal> {
        self.write_as(&record(), url, false)
    }
    fn read(&mut self) -> Result<Report, Refusal>;
}

impl AtDesk for Bracket {
    fn write_as(&mut self, record: &Record, url: &str, overwrite: bool) -> Result<Report, Refusal> {
        let key = Key::load(self.settings.tag_key_file.as_ref().unwrap()).unwrap();
        let url = AssetUrl::parse(url).unwrap();
        let order = Order { record, url: &url, key: &key, overwrite };
        let bus: &mut BusOf<'_> = &mut *self.bus;
        desk::write(bus, &mut Passing(self.clock.clone()), &self.settings, &order)
    }

    fn read(&mut self) -> Result<Report, Refusal> {
        let key = Key::load(self.settings.tag_key_file.as_ref().unwrap()).unwrap();
        let bus: &mut BusOf<'_> = &mut *self.bus;
        desk::read(bus, &mut Passing(self.clock.clone()), &self.settings, Some(&key))
    }
}

fn holds(report: &Report, url: &str, record: &Record) {
    let Content::Record { url: found, signed, .. } = &report.content else { panic!("{report:?}") };
    assert_eq!((found.as_deref(), &signed.record), (Some(url), record));
    assert_eq!(report.genuine, Some(true));
}

#[test]
fn a_tag_from_its_maker_takes_a_record_and_gives_it_back() {
    for tag in [Ntag::ntag213(UID), Ntag::ntag215(UID), Ntag::ntag216(UID)] {
        let mut bracket = Bracket::usual();
        bracket.swap(tag);
        assert!(matches!(bracket.read().unwrap().content, Content::Blank(_)));
        holds(&bracket.write(ASSET).unwrap(), ASSET, &record());
        holds(&bracket.read().unwrap(), ASSET, &record());
        assert!(!bracket.reader(|reader| reader.field()), "the field is off afterwards");
        // And the agent takes it.
        assert_eq!(bracket.says("tag_valid"), Some(Ok(1.0)));
    }
}

#[test]
fn a_record_takes_121_of_the_144_bytes_of_an_ntag213() {
    let key = Key::parse(&"a5".repeat(32)).unwrap();
    let message = AssetUrl::parse(ASSET).unwrap().message(&record(), &UID, &key);
    assert_eq!(message.len(), 118, "with its type, length and end 121");
    // The longest serial fits beside a host of 13 letters, and not beside one of 14.
    let long = Record { serial: "S".repeat(32), ..record() };
    let longer = ASSET.replace("hw.example.cn", "hw2.example.cn");
    let mut bracket = Bracket::usual();
    bracket.swap(Ntag::ntag213(UID));
    bracket.write_as(&long, ASSET, false).unwrap();
    bracket.swap(Ntag::ntag213(UID));
    let refused = bracket.write_as(&long, &longer, false);
    assert!(matches!(refused, Err(Refusal::Tag(Trouble::TooLong { need: 145, room: 144 }))), "{refused:?}");
    bracket.swap(Ntag::ntag215(UID));
    bracket.write_as(&long, &longer, false).unwrap();
}

#[test]
fn what_another_asset_has_is_only_written_over_when_told_to() {
    let mut bracket = Bracket::usual();
    bracket.swap(Ntag::ntag213(UID));
    bracket.write(ASSET).unwrap();
    let before = bracket.reader(|reader| reader.tag().unwrap().pages.clone());
    let refused = bracket.write(OTHER_ASSET);
    assert!(matches!(&refused, Err(Refusal::Taken { found }) if found == ASSET), "{refused:?}");
    assert_eq!(bracket.reader(|reader| reader.tag().unwrap().pages.clone()), before, "nothing was touched");
    let serviced = Record { serviced: month(202_601), due: month(202_801), ..record() };
    holds(&bracket.write_as(&serviced, ASSET, false).unwrap(), ASSET, &serviced);
    holds(&bracket.write_as(&record(), OTHER_ASSET, true).unwrap(), OTHER_ASSET, &record());
}

#[test]
fn a_strangers_message_is_only_written_over_when_told_to() {
    let mut bracket = Bracket::usual();
    let mut tag = Ntag::ntag213(UID);
    tag.put_user_bytes(&[0x03, 0x07, 0xD1, 0x01, 0x03, b'U', 0x03, b'a', b'b', 0xFE]);
    bracket.swap(tag);
    let refused = bracket.write(ASSET);
    assert!(matches!(&refused, Err(Refusal::Taken { found }) if found == "http://ab"), "{refused:?}");
    holds(&bracket.write_as(&record(), ASSET, true).unwrap(), ASSET, &record());
}

#[test]
fn a_tag_without_a_container_is_given_one() {
    let mut bracket = Bracket::usual();
    let mut tag = Ntag::ntag215(UID);
    tag.pages[3..].fill([0; 4]);
    bracket.swap(tag);
    holds(&bracket.write(ASSET).unwrap(), ASSET, &record());
    assert_eq!(bracket.reader(|reader| reader.tag().unwrap().pages[3]), Model::Ntag215.container());
}

#[test]
fn a_tag_that_is_pulled_away_while_it_is_written_is_blank_or_whole() {
    let mut exchanges = 1;
    loop {
        let mut bracket = Bracket::usual();
        bracket.swap(Ntag::ntag213(UID));
        bracket.write_as(&Record { serial: "BEFORE".to_owned(), ..record() }, ASSET, false).unwrap();
        bracket.reader(|reader| reader.out_of_reach_after(Some(exchanges)));
        let outcome = bracket.write(ASSET);
        bracket.reader(|reader| reader.out_of_reach_after(None));
        let report = bracket.read().unwrap();
        match &report.content {
            Content::Blank(_) => {}
            Content::Record { signed, .. } => {
                assert!(["BEFORE", "MFZ8-000123"].contains(&signed.record.serial.as_str()), "{report:?}");
                assert_eq!(report.genuine, Some(true), "{exchanges}");
            }
            other => panic!("after {exchanges} exchanges: {other:?}"),
        }
        // Whatever is left can be written anew.
        holds(&bracket.write(ASSET).unwrap(), ASSET, &record());
        match outcome {
            Ok(report) => break holds(&report, ASSET, &record()),
            Err(Refusal::Tag(_)) => exchanges += 1,
            Err(other) => panic!("after {exchanges} exchanges: {other:?}"),
        }
        assert!(exchanges < 100);
    }
    assert!(exchanges > 30, "a write takes at least a page each time: {exchanges}");
}

#[test]
fn no_tag_two_tags_a_locked_tag_and_another_tag_are_refused() {
    let mut bracket = Bracket::new(|settings| settings.uid = None);
    bracket.reader(agent::driver::simulated::pn532::Pn532::take);
    assert!(matches!(bracket.write(ASSET), Err(Refusal::NoTag)));
    assert!(matches!(bracket.read(), Err(Refusal::NoTag)));
    bracket.reader(|reader| reader.put(Ntag::ntag213(UID)));
    bracket.reader(|reader| reader.put(Ntag::ntag213(OTHER)));
    assert!(matches!(bracket.write(ASSET), Err(Refusal::TwoTags)));
    bracket.reader(agent::driver::simulated::pn532::Pn532::take);
    bracket.reader(|reader| reader.tag().unwrap().locked = true);
    let refused = bracket.write(ASSET);
    assert!(matches!(refused, Err(Refusal::Tag(Trouble::Refused { page: 4, .. }))), "{refused:?}");
    let mut ultralight = Ntag::ntag213(UID);
    ultralight.storage = None;
    bracket.swap(ultralight);
    assert!(matches!(bracket.write(ASSET), Err(Refusal::Foreign { .. })));
    let mut expecting = Bracket::usual();
    expecting.swap(Ntag::ntag213(OTHER));
    assert!(matches!(expecting.write(ASSET), Err(Refusal::NotExpected { .. })));
}

#[test]
fn a_reader_that_is_absent_is_refused_as_such() {
    let mut bracket = Bracket::usual();
    bracket.room.fault(Target::Chip(ADDRESS), FaultKind::Absent);
    assert!(matches!(bracket.read(), Err(Refusal::Reader(agent::driver::Error::NoAnswer { .. }))));
}

#[test]
fn a_bracket_behind_a_multiplexer_is_written_through_it_and_closed_again() {
    let mut bracket = Bracket::new(|settings| {
        settings.seat.mux = Some(agent::driver::Mux { address: 0x70, channel: 3 });
    });
    let report = bracket.write_as(&record(), ASSET, true).unwrap();
    holds(&report, ASSET, &record());
    let mut open = [0xFF];
    embedded_hal::i2c::I2c::read(&mut *bracket.bus, 0x70, &mut open).unwrap();
    assert_eq!(open, [0]);
}
