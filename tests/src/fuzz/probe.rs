//! Lines that a network device could say to a probe, cut, flipped, doubled or made up. Seeds are what the
//! specification shows. Nothing may panic, and no point may leave its range.

use agent::driver::probe::pjlink::{
    line::{self, Answer, Question},
    values,
};

use super::{Target, bytes};

/// The targets.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![Target { name: "probe_pjlink", seeds: pjlink_seeds, mutate: bytes::mutate, run: read_pjlink }]
}

/// What gives points.
const QUESTIONS: [Question; 6] =
    [Question::Power, Question::Errors, Question::Lamps, Question::Mute, Question::Resolution, Question::Filter];

fn pjlink_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "PJLINK 0",
        "PJLINK 1 498e4a67",
        "PJLINK ERRA",
        "%1POWR=1",
        "%1POWR=ERR3",
        "%1ERST=012012",
        "%1LAMP=8253 1 13442 0",
        "%1AVMT=31",
        "%2IRES=1920x1080",
        "%2IRES=-",
        "%2FILT=250",
        "%2FILT=ERR1",
    ];
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

/// Takes a line for a greeting and for the answer to each question.
///
/// # Panics
/// When a point leaves the range that it is announced with.
#[must_use]
pub fn read_pjlink(line: &[u8]) -> bool {
    let mut accepted = line::greeting(line).is_some();
    for question in QUESTIONS {
        let Some(answer) = line::answer(line, question) else { continue };
        accepted = true;
        let Answer::Value(value) = answer else { continue };
        let quantities = values::quantities(question);
        for point in values::points(question, &value) {
            let own = quantities.iter().find(|quantity| quantity.name == point.quantity);
            let quantity = own.expect("a point is one of its question's");
            let is_in_range = |value: &f64| (quantity.low..=quantity.high).contains(value);
            assert!(point.value.as_ref().ok().is_none_or(is_in_range), "{point:?}");
        }
    }
    accepted
}
