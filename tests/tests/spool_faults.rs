//! What a card may do to the spool beside losing power: flipped, cut and zeroed bytes, refusals at
//! every write; how often the spool touches it; and what time its samples then say.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use agent::{
    draft::Draft,
    spool::{Settings, Spool},
};
use tests::{card::Card, rng::Rng};
use wire::{Ack, Clock, Entry, Id, LostReason, PointName, Sample};

const WALL_MS: i64 = 1_763_880_000_000;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn settings() -> Settings {
    Settings { reserve_numbers: 16, segment_bytes: 800, ..Settings::new(1 << 30, seconds(1)) }
}

fn open(card: &Card, boot: &str, settings: Settings, now: Duration) -> Spool<Card> {
    let mut rng = Rng::new(now.as_secs() ^ boot.len() as u64);
    Spool::open(card.clone(), settings, Id::parse(boot).expect("a name"), Box::new(move || rng.next_u64()), now)
}

fn draft(now: Duration, value: u64) -> Draft {
    let name = PointName::parse("temperature_celsius").expect("a name");
    Draft { read_at: now, points: vec![(name, value as f64)], faults: Vec::new() }
}

/// Everything that waits, by identity and number.
fn all(spool: &mut Spool<Card>) -> HashMap<(Id, u64), Result<Sample, LostReason>> {
    let waiting: Vec<(Id, u64)> = spool.waiting().map(|(id, from)| (id.clone(), from)).collect();
    let mut found = HashMap::new();
    for (id, from) in waiting {
        let mut expected = from;
        for entry in spool.entries(&id, from, usize::MAX) {
            assert_eq!(entry.seqs().0, expected, "no hole");
            expected = entry.seqs().1 + 1;
            match entry {
                Entry::Sample(sample) => drop(found.insert((id.clone(), sample.seq), Ok(sample))),
                Entry::Lost(lost) => {
                    for seq in lost.seq..=lost.upto {
                        found.insert((id.clone(), seq), Err(lost.reason));
                    }
                }
            }
        }
    }
    found
}

/// A card with 40 synced samples of an agent that was killed; the value of each is its number.
fn offline_card() -> (BTreeMap<String, Vec<u8>>, Id) {
    let card = Card::default();
    let mut spool = open(&card, "boot-a", settings(), seconds(1));
    spool.trust(seconds(1), WALL_MS);
    for seq in 1..=40 {
        let now = seconds(seq * 3);
        assert_eq!(spool.append(draft(now, seq), now).1, seq);
        spool.tick(now + seconds(2));
    }
    let id = spool.id().clone();
    assert_eq!(spool.durable().last(), Some((&id, 40)));
    (card.files(), id)
}

/// Opens a wounded card and says which of the 40 samples are gone; each must have a reason, and the
/// others must be what they were.
fn gone(files: BTreeMap<String, Vec<u8>>, id: &Id) -> Vec<u64> {
    gone_from(files, id, 41)
}

/// The same where numbers from `unknown` on may be known to nobody: where the end of the last file
/// is gone, the reservation that spoke of them may be gone with it.
fn gone_from(files: BTreeMap<String, Vec<u8>>, id: &Id, unknown: u64) -> Vec<u64> {
    let mut spool = open(&Card::with(files), "boot-b", settings(), seconds(5));
    spool.trust(seconds(5), WALL_MS + 1_000_000);
    let found = all(&mut spool);
    let mut gone = Vec::new();
    for seq in 1..=40 {
        match found.get(&(id.clone(), seq)) {
            Some(Ok(sample)) => assert_eq!(sample.points[0].1, seq as f64, "{seq} came back as another sample"),
            Some(Err(reason)) => {
                assert_eq!(*reason, LostReason::Corrupt, "{seq}");
                gone.push(seq);
            }
            None if seq >= unknown => gone.push(seq),
            None => panic!("{seq} is missing without a reason"),
        }
    }
    gone
}

#[test]
fn a_flipped_byte_costs_one_sample_at_most_and_it_is_named() {
    let (files, id) = offline_card();
    let mut flipped = 0;
    for (name, bytes) in &files {
        for at in 0..bytes.len() {
            let mut wounded = files.clone();
            wounded.get_mut(name).expect("it is there")[at] ^= 0x40;
            let gone = gone(wounded, &id);
            assert!(gone.len() <= 1, "byte {at} of {name} cost {gone:?}");
            flipped += 1;
        }
    }
    assert!(flipped > 2_000, "only {flipped} bytes were tried");
}

#[test]
fn a_file_that_is_cut_or_zeroed_costs_what_it_held_and_no_more() {
    let (files, id) = offline_card();
    let mut rng = Rng::new(5);
    let names: Vec<String> = files.keys().cloned().collect();
    for name in &names {
        for _ in 0..60 {
            let mut wounded = files.clone();
            let bytes = wounded.get_mut(name).expect("it is there");
            let from = rng.below(bytes.len());
            if rng.below(2) == 0 {
                bytes.truncate(from);
            } else {
                let to = from + rng.below(bytes.len() - from) + 1;
                bytes[from..to.min(files[name].len())].fill(0);
            }
            // A file holds about ten samples, and the last one also what was reserved.
            let unknown = if Some(name) == names.last() { 25 } else { 41 };
            let gone = gone_from(wounded, &id, unknown);
            assert!(gone.len() <= 16, "{name} cost {gone:?}");
            assert!(gone.windows(2).all(|pair| pair[1] == pair[0] + 1), "{gone:?} is one stretch");
        }
    }
    let mut without = files.clone();
    without.remove(&names[1]);
    let mut spool = open(&Card::with(without), "boot-b", settings(), seconds(5));
    spool.trust(seconds(5), WALL_MS);
    assert!(all(&mut spool).values().filter(|found| found.is_ok()).count() >= 24);
}

#[test]
fn a_card_that_refuses_loses_nothing_while_the_agent_runs() {
    for good in 0..60 {
        let card = Card::default();
        let mut spool = open(&card, "boot-a", settings(), seconds(1));
        spool.trust(seconds(1), WALL_MS);
        let mut given = Vec::new();
        card.good_for(Some(good));
        for number in 1..=60 {
            let now = seconds(number * 3);
            if number == 40 {
                card.good_for(None);
            }
            given.push((spool.append(draft(now, number), now), number));
            spool.tick(now + seconds(2));
        }
        // Healed: everything is on the card soon.
        spool.tick(seconds(300));
        for (id, upto) in spool.durable() {
            let last = given.iter().filter(|((known, _), _)| known == id).map(|((_, seq), _)| *seq).max();
            assert!(last.is_none_or(|last| upto >= last), "{good}: {id} is durable up to {upto} of {last:?}");
        }
        drop(spool);
        let mut spool = open(&card, "boot-b", settings(), seconds(5));
        spool.trust(seconds(5), WALL_MS + 1_000_000);
        let found = all(&mut spool);
        for ((id, seq), number) in given {
            let sample = found.get(&(id.clone(), seq)).and_then(|found| found.as_ref().ok());
            let sample = sample.unwrap_or_else(|| panic!("{good}: {id} {seq} is gone"));
            assert_eq!(sample.points[0].1, number as f64);
        }
    }
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let card = Card::default();
    let mut spool = open(&card, "boot-a", Settings { bytes_max: 3_000, ..settings() }, seconds(1));
    spool.trust(seconds(1), WALL_MS);
    for seq in 1..=400 {
        let now = seconds(seq * 3);
        spool.append(draft(now, seq), now);
        spool.tick(now + seconds(2));
        assert!(spool.stats().bytes <= 3_000 + 1_000, "{} bytes", spool.stats().bytes);
    }
    let found = all(&mut spool);
    let lost: Vec<u64> = found.iter().filter(|(_, kept)| kept.is_err()).map(|((_, seq), _)| *seq).collect();
    assert_eq!(spool.stats().evicted, lost.len() as u64);
    assert!(found.values().filter_map(|kept| kept.as_ref().err()).all(|reason| *reason == LostReason::Evicted));
    let oldest_kept = 1 + lost.iter().max().copied().expect("some were dropped");
    assert!(found.iter().filter(|(_, kept)| kept.is_ok()).all(|((_, seq), _)| *seq >= oldest_kept));
    assert_eq!(found.len(), 400);
}

#[test]
fn online_almost_nothing_touches_the_card_and_offline_not_more_than_once_a_second() {
    let card = Card::default();
    let mut spool = open(&card, "boot-a", Settings::new(1 << 30, seconds(1)), seconds(1));
    spool.trust(seconds(1), WALL_MS);
    let begun = card.syncs();
    // An hour at a sample a second, each acknowledged after 200 ms.
    for second in 2..3_602 {
        let (id, seq) = spool.append(draft(seconds(second), second), seconds(second));
        let soon = seconds(second) + Duration::from_millis(200);
        spool.tick(soon);
        spool.ack(&id, seq);
        spool.tick(soon);
    }
    let online = card.syncs() - begun;
    assert!(online <= 120, "{online} syncs in an hour online");
    // Ten minutes offline, a contact that flutters twenty times a second.
    let begun = card.syncs();
    for tick in 0..12_000u64 {
        let now = seconds(4_000) + Duration::from_millis(tick * 50);
        spool.append(draft(now, tick), now);
        spool.tick(now);
    }
    let offline = card.syncs() - begun;
    assert!(offline <= 600 + 30, "{offline} syncs in ten minutes offline");
}

#[test]
fn a_stored_time_is_right_within_two_seconds_or_says_how_uncertain_it_is() {
    // The truth: each boot begins at this wall time. The clock of the computer says something else.
    let boots = [(0i64, Some(40)), (600_000, None), (7_200_000, Some(0)), (9_000_000, Some(500))];
    let card = Card::default();
    let mut truth = HashMap::new();
    for (index, (begins_ms, trusted_after)) in boots.into_iter().enumerate() {
        let name = format!("boot-{index}");
        let mut spool = open(&card, &name, settings(), seconds(3));
        for second in (5..600).step_by(7) {
            let now = seconds(second);
            if trusted_after.is_some_and(|after| second >= after) {
                // NTP slews by some milliseconds all the time.
                let wobble = (second as i64 % 11) - 5;
                spool.trust(now, WALL_MS + begins_ms + now.as_millis() as i64 + wobble);
            }
            let named = spool.append(draft(now, second), now);
            truth.insert(named, WALL_MS + begins_ms + now.as_millis() as i64);
            spool.tick(now + seconds(2));
        }
        if index + 1 < boots.len() {
            spool.close(seconds(601));
            continue;
        }
        let mut last: HashMap<Id, i64> = HashMap::new();
        let mut found: Vec<Sample> = all(&mut spool).into_values().flatten().collect();
        found.sort_by_key(|sample| (sample.boot.clone(), sample.seq));
        assert_eq!(found.len(), truth.len());
        let mut uncertain = 0;
        for sample in found {
            let right = truth[&(sample.spool.clone(), sample.seq)];
            let off = (sample.at - right).unsigned_abs();
            match sample.clock {
                Clock::Trusted => assert!(off <= 2_000, "{} is {off} ms off", sample.seq),
                Clock::Uncertain { uncertainty_ms } => {
                    uncertain += 1;
                    assert!(off <= uncertainty_ms, "{} is {off} ms off and says {uncertainty_ms}", sample.seq);
                }
            }
            let before = last.insert(sample.boot.clone(), sample.at).unwrap_or(i64::MIN);
            assert!(before <= sample.at, "order within a boot is kept");
        }
        assert_eq!(uncertain, (5..600).step_by(7).count(), "the boot that never knew the time, and no other");
    }
}

#[test]
fn what_is_sent_again_is_what_was_sent_before() {
    let card = Card::default();
    let mut spool = open(&card, "boot-a", settings(), seconds(1));
    let mut core = agent::uplink::core::Core::new(seconds(10));
    core.connected();
    let (id, _) = spool.append(draft(seconds(2), 1), seconds(2));
    assert_eq!(core.next(&mut spool, seconds(2)), None, "nobody knows what time it is");
    // The collector says what time it is, and that it has nothing.
    let ack = Ack { spool: id.clone(), upto: 0, time: WALL_MS };
    spool.trust(seconds(3), ack.time);
    core.acked(&ack, &mut spool, seconds(3));
    let first = core.next(&mut spool, seconds(3)).expect("time is known");
    spool.tick(seconds(4));
    // Its clock goes a little wrong, the agent dies, and starts again in the same boot.
    drop(spool);
    let mut spool = open(&card, "boot-a", settings(), seconds(20));
    spool.trust(seconds(20), WALL_MS + 17_000 + 300);
    let mut core = agent::uplink::core::Core::new(seconds(10));
    core.connected();
    let again = core.next(&mut spool, seconds(20)).expect("it waits");
    assert!(again.body.contains(first.body.trim_matches(['[', ']'])), "{} is not in {}", first.body, again.body);
}
