//! Cuts the power at every write of the agent's spool and opens what is left: nothing that was
//! acknowledged to the sampler is lost, no number is given twice, every other number has a reason.
//! Three planted mistakes must be found by the very same search, or it proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![allow(clippy::print_stdout, reason = "the seed and the counts are what a person reads")]

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use agent::{
    draft::Draft,
    spool::{Settings, Spool},
};
use tests::{
    card::{self, Card, Lie, Op},
    rng::Rng,
};
use wire::{Entry, Id, PointName};

/// States that one run tries at least.
const STATES_MIN: usize = 20_000;
/// States tried after each write.
const STATES_A_WRITE: usize = 6;

/// What was promised by the time of a write.
#[derive(Debug, Clone, Default)]
struct Promise {
    /// Writes done by then.
    ops: usize,
    /// Numbers acknowledged to the sampler, as places in [`Life::given`].
    durable: HashSet<usize>,
    /// Highest number that the collector has, by spool.
    collected: HashMap<Id, u64>,
    /// Numbers given so far.
    given: usize,
}

/// A life of a spool, as seen from outside.
struct Life {
    card: Card,
    promises: Vec<Promise>,
    /// Every number that was given, and the value of its sample.
    given: Vec<((Id, u64), f64)>,
    /// Where the numbers of the run that goes on now begin: what an earlier run had not promised,
    /// nobody promises later.
    run: usize,
}

fn settings() -> Settings {
    // Small, so that a short life sees many reservations and files.
    Settings { reserve_numbers: 7, segment_bytes: 600, ..Settings::new(1 << 30, Duration::from_secs(1)) }
}

fn open(card: &Card, boot: &str, seed: u64, now: Duration) -> Spool<Card> {
    let mut rng = Rng::new(seed);
    let boot = Id::parse(boot).unwrap();
    let mut spool = Spool::open(card.clone(), settings(), boot, Box::new(move || rng.next_u64()), now);
    spool.trust(now, 1_763_880_000_000);
    spool
}

fn draft(now: Duration, value: f64) -> Draft {
    Draft { read_at: now, points: vec![(PointName::parse("temperature_celsius").unwrap(), value)], faults: Vec::new() }
}

/// Samples come, the collector is there or not, the agent ends in order or is killed and starts anew.
fn live(card: Card, seed: u64, steps: usize) -> Life {
    let mut rng = Rng::new(seed);
    let mut now = Duration::from_secs(10);
    let mut boots = 0;
    let mut spool = open(&card, "boot-0", seed, now);
    let mut life = Life { card, promises: vec![Promise::default()], given: Vec::new(), run: 0 };
    let mut promise = Promise::default();
    let mut online = true;
    for step in 0..steps {
        now += Duration::from_millis(200 + rng.below(1_500) as u64);
        match rng.below(40) {
            0 => online = !online,
            1 => {
                if rng.below(2) == 0 {
                    spool.close(now);
                    note(&spool, &mut promise, &mut life);
                }
                boots += 1;
                life.run = life.given.len();
                now += Duration::from_secs(5);
                spool = open(&life.card, &format!("boot-{boots}"), seed + boots, now);
            }
            _ => {
                let value = step as f64;
                life.given.push((spool.append(draft(now, value), now), value));
            }
        }
        spool.tick(now);
        note(&spool, &mut promise, &mut life);
        if online {
            let waiting: Vec<(Id, u64)> = spool.waiting().map(|(id, from)| (id.clone(), from)).collect();
            for (id, from) in waiting {
                let Some(last) = spool.entries(&id, from, 1 + rng.below(20)).last().map(|entry| entry.seqs().1) else {
                    continue;
                };
                // The collector commits, and only then says so.
                let collected = promise.collected.entry(id.clone()).or_default();
                *collected = (*collected).max(last);
                note(&spool, &mut promise, &mut life);
                spool.ack(&id, last);
                note(&spool, &mut promise, &mut life);
            }
        }
    }
    life
}

/// Writes down what is promised from now on.
fn note(spool: &Spool<Card>, promise: &mut Promise, life: &mut Life) {
    let durable: HashMap<Id, u64> = spool.durable().map(|(id, upto)| (id.clone(), upto)).collect();
    for (place, ((id, seq), _)) in life.given.iter().enumerate().skip(life.run) {
        if durable.get(id).is_some_and(|upto| seq <= upto) {
            promise.durable.insert(place);
        }
    }
    promise.ops = life.card.done();
    promise.given = life.given.len();
    life.promises.push(promise.clone());
}

/// Cuts the power after each write in several ways; gives the number of states and what was broken.
fn search(life: &Life, seed: u64, ways: usize) -> (usize, Vec<String>) {
    let ops = life.card.ops();
    let mut rng = Rng::new(seed);
    let mut broken = Vec::new();
    let mut states = 0;
    for cut in 0..=ops.len() {
        // What was promised before the write that the cut comes after was done.
        let promise =
            life.promises.iter().rev().find(|promise| promise.ops <= cut).expect("the first promises nothing");
        for _ in 0..ways {
            states += 1;
            let files = card::cut(&ops[..cut], &mut rng);
            if let Err(what) = check(files, promise, life, !seed ^ states as u64) {
                let last: Vec<String> = ops[..cut].iter().rev().take(6).map(brief).collect();
                broken.push(format!("cut after write {cut} of {}: {what}; the last writes: {last:?}", ops.len()));
            }
        }
    }
    (states, broken)
}

fn brief(op: &Op) -> String {
    match op {
        Op::Append(name, bytes) => format!("append {} B to {name}", bytes.len()),
        other => format!("{other:?}"),
    }
}

fn check(files: BTreeMap<String, Vec<u8>>, promise: &Promise, life: &Life, seed: u64) -> Result<(), String> {
    let now = Duration::from_secs(1);
    let mut spool = open(&Card::with(files), "boot-after", seed, now);
    let mut found: HashMap<(Id, u64), Option<f64>> = HashMap::new();
    let waiting: Vec<(Id, u64)> = spool.waiting().map(|(id, from)| (id.clone(), from)).collect();
    for (id, from) in waiting {
        let mut expected = from;
        for entry in spool.entries(&id, from, usize::MAX) {
            let (first, last) = entry.seqs();
            if first != expected {
                return Err(format!("{id} goes on with {first} in place of {expected}"));
            }
            expected = last + 1;
            match entry {
                Entry::Sample(sample) => drop(found.insert((id.clone(), sample.seq), Some(sample.points[0].1))),
                Entry::Lost(_) => (first..=last).for_each(|seq| {
                    found.insert((id.clone(), seq), None);
                }),
            }
        }
    }
    for (place, ((id, seq), value)) in life.given[..promise.given].iter().enumerate() {
        let collected = promise.collected.get(id).is_some_and(|upto| seq <= upto);
        let durable = promise.durable.contains(&place);
        match found.get(&(id.clone(), *seq)) {
            Some(Some(kept)) if kept != value => return Err(format!("{id} {seq} came back as another sample")),
            Some(None) | None if durable && !collected => {
                let now = match found.get(&(id.clone(), *seq)) {
                    Some(_) => "called lost",
                    None => "not named at all",
                };
                return Err(format!("{id} {seq} was acknowledged to the sampler and is gone ({now})"));
            }
            _ => {}
        }
    }
    let given: HashSet<&(Id, u64)> = life.given[..promise.given].iter().map(|(named, _)| named).collect();
    for _ in 0..20 {
        let named = spool.append(draft(now, -1.0), now);
        if given.contains(&named) {
            return Err(format!("{} {} is given twice", named.0, named.1));
        }
    }
    Ok(())
}

#[test]
fn no_power_cut_loses_what_was_acknowledged_or_gives_a_number_twice() {
    let seed = Rng::seed_from_env();
    println!("HALLWATCH_SEED={seed}");
    let mut states = 0;
    let mut lives = 0;
    while states < STATES_MIN {
        let life = live(Card::default(), seed.wrapping_add(lives), 160);
        let (tried, broken) = search(&life, seed ^ lives, STATES_A_WRITE);
        assert!(broken.is_empty(), "life {lives}: {} of {tried} states are broken; {}", broken.len(), broken[0]);
        states += tried;
        lives += 1;
    }
    println!("{states} states of {lives} lives opened again, 0 broken");
}

#[test]
fn a_card_that_lies_about_syncs_is_found_out() {
    for lie in [Lie::Files, Lie::Folder] {
        let life = live(Card::lying(lie), 7, 160);
        let (states, broken) = search(&life, 7, STATES_A_WRITE);
        println!("{lie:?}: {} of {states} states are broken", broken.len());
        assert!(broken.iter().any(|what| what.contains("is gone")), "{lie:?} was not found");
    }
}

#[test]
fn numbers_that_are_given_before_they_are_reserved_are_found_out() {
    // The mistake: an identity that is not random, and a reservation that never reached the card.
    let life = live(Card::lying(Lie::Files), 11, 160);
    let ops = life.card.ops();
    let promise = life.promises.last().expect("a life has promises").clone();
    let mut rng = Rng::new(3);
    let twice = (0..200).any(|_| {
        let files = card::cut(&ops[..ops.len() / 2], &mut rng);
        check(files, &Promise { durable: HashSet::new(), ..promise.clone() }, &life, 11)
            .is_err_and(|what| what.contains("given twice"))
    });
    assert!(twice, "a number that was used again was not found");
    assert!(ops.iter().all(|op| !matches!(op, Op::Sync(_))));
}
