//! Sensirion's gas index, held against Sensirion's own library.
#![allow(clippy::unwrap_used)]

use agent::driver::air::gas_index::{GasIndex, Learned, NOX, VOC};

/// Noise that needs no library, the same in every language.
struct Noise(u32);

impl Noise {
    fn counts(&mut self, span: u32) -> i32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as i32 % span as i32 - span as i32 / 2
    }
}

/// Ten hours up, ten hours down, a spray at four hours, a bad evening from the eighth, fresh air.
fn voc_raw(second: i32, noise: &mut Noise) -> u16 {
    let drift = (second / 60) % 600;
    let mut raw = 31_000 + drift.min(600 - drift) + noise.counts(61);
    raw -= if (14_400..15_000).contains(&second) { 3000 } else { 0 };
    raw -= if (28_800..46_800).contains(&second) { 1500 } else { 0 };
    raw += if (50_000..50_200).contains(&second) { 600 } else { 0 };
    raw as u16
}

fn nox_raw(second: i32, noise: &mut Noise) -> u16 {
    let mut raw = 16_000 + noise.counts(41);
    raw += if (14_400..15_000).contains(&second) { 1200 } else { 0 };
    raw += if (28_800..46_800).contains(&second) { 400 } else { 0 };
    raw as u16
}

/// What Sensirion's library, version 3.2.0 in C, says of the same raw signals at these seconds.
const REFERENCE: [(i32, f64, f64); 27] = [
    (2900, 101.0, 1.0),
    (5900, 82.0, 1.0),
    (8900, 66.0, 1.0),
    (11900, 54.0, 1.0),
    (14500, 497.0, 2.0),
    (14700, 500.0, 2.0),
    (14900, 500.0, 2.0),
    (17900, 43.0, 1.0),
    (20900, 53.0, 1.0),
    (23900, 68.0, 1.0),
    (26900, 84.0, 1.0),
    (29900, 498.0, 1.0),
    (32900, 498.0, 1.0),
    (35900, 499.0, 1.0),
    (38900, 498.0, 1.0),
    (41900, 464.0, 1.0),
    (44900, 405.0, 1.0),
    (47900, 64.0, 1.0),
    (50100, 21.0, 1.0),
    (50900, 60.0, 1.0),
    (53900, 57.0, 1.0),
    (56900, 63.0, 1.0),
    (59900, 70.0, 1.0),
    (62900, 78.0, 1.0),
    (65900, 86.0, 1.0),
    (68900, 95.0, 1.0),
    (71900, 104.0, 1.0),
];

#[test]
fn twenty_hours_of_air_get_the_indices_of_the_reference() {
    let (mut voc, mut nox) = (GasIndex::new(VOC), GasIndex::new(NOX));
    let (mut voc_noise, mut nox_noise) = (Noise(1), Noise(2));
    let mut expected = REFERENCE.iter();
    let mut next = expected.next();
    for second in 0..72_000 {
        voc.feed(voc_raw(second, &mut voc_noise));
        nox.feed(nox_raw(second, &mut nox_noise));
        if let Some((_, voc_index, nox_index)) = next.filter(|(at, ..)| *at == second) {
            let says = [voc.index().unwrap(), nox.index().unwrap()];
            // Single precision there, double here.
            assert!((says[0] - voc_index).abs() <= 1.0, "VOC at {second}: {says:?}, reference {voc_index}");
            assert!((says[1] - nox_index).abs() <= 1.0, "NOx at {second}: {says:?}, reference {nox_index}");
            next = expected.next();
        }
    }
    assert_eq!(next, None, "every second of the reference was met");
    let learned = voc.learned().unwrap();
    assert!((learned.mean - 11_026.67).abs() < 3.0, "{learned:?}");
    assert!((learned.spread - 428.07).abs() < 1.0, "{learned:?}");
}

#[test]
fn what_was_learned_is_taken_up_again_like_the_reference_does() {
    let mut voc = GasIndex::resumed(VOC, Learned { mean: 11_026.672_852, spread: 428.069_427 });
    let mut noise = Noise(3);
    let reference = [(500, 105.0), (1100, 103.0), (1700, 101.0), (2300, 99.0), (2900, 97.0), (3200, 303.0)];
    for second in 0..3300 {
        let spray = if (3000..3300).contains(&second) { 800 } else { 0 };
        voc.feed(voc_raw(second, &mut noise) - spray);
        if let Some((_, index)) = reference.iter().find(|(at, _)| *at == second) {
            assert!((voc.index().unwrap() - index).abs() <= 1.0, "{second}: {:?}", voc.index());
        }
    }
}

#[test]
fn it_says_nothing_before_it_knows_and_keeps_nothing_for_three_hours() {
    let mut voc = GasIndex::new(VOC);
    for second in 0..166 {
        assert_eq!(voc.index(), None, "{second}");
        voc.feed(30_000);
    }
    assert!((99.0..=100.0).contains(&voc.index().unwrap()));
    let mut resumed = GasIndex::resumed(VOC, Learned { mean: 10_000.0, spread: 60.0 });
    for second in 0..47 {
        assert_eq!(resumed.index(), None, "{second}");
        resumed.feed(30_000);
    }
    assert_eq!(resumed.index(), Some(100.0));
    for _ in 0..10_500 {
        voc.feed(30_000);
    }
    assert_eq!(voc.learned(), None);
    (0..400).for_each(|_| voc.feed(30_000));
    assert!(voc.learned().is_some());
    assert_eq!(voc.index(), Some(100.0));
}

#[test]
fn whatever_is_fed_the_index_stays_in_its_scale() {
    for gas in [VOC, NOX] {
        let mut index = GasIndex::new(gas);
        let mut noise = Noise(7);
        for _ in 0..20_000 {
            index.feed(noise.counts(251).wrapping_mul(0x2001) as u16);
            assert!(index.index().is_none_or(|index| (1.0..=500.0).contains(&index)));
        }
    }
}
