//! What parameters mean: turns the text of an answer into points, or into a fault where the text is
//! none that the specification allows. Reads no clock and talks to nobody.

use wire::Fault;

use super::line::Question;
use crate::driver::{Measured, Quantity};

/// 1 while on or warming up, 0 in standby and while cooling down.
pub const POWER_ON: Quantity = Quantity::flag("power_on");
/// 0 standby, 1 on, 2 cooling down, 3 warming up (§4.2). Displays know the first two.
pub const POWER_STATE: Quantity = Quantity::resting("power_state", "1", 0.0, 3.0, 0);
/// 0 well, 1 warning, 2 error, in the order of the digits (§4.7). A part that the device does not
/// watch is 0.
pub const ERRORS: [Quantity; 6] = [
    Quantity::resting("fan_error", "1", 0.0, 2.0, 0),
    Quantity::resting("lamp_error", "1", 0.0, 2.0, 0),
    Quantity::resting("temperature_error", "1", 0.0, 2.0, 0),
    Quantity::resting("cover_error", "1", 0.0, 2.0, 0),
    Quantity::resting("filter_error", "1", 0.0, 2.0, 0),
    Quantity::resting("other_error", "1", 0.0, 2.0, 0),
];
/// Of the lamp that has burnt longest, five digits at most (§4.8). Left out where the device does not
/// count, which it says by 0.
pub const LAMP_HOURS: Quantity = Quantity::resting("lamp_hours", "h", 0.0, 99_999.0, 0);
/// 1 while a lamp is lit.
pub const LAMP_ON: Quantity = Quantity::flag("lamp_on");
/// 1 while the picture is dark on purpose.
pub const MUTE_VIDEO: Quantity = Quantity::flag("mute_video");
/// 1 while the sound is off on purpose.
pub const MUTE_AUDIO: Quantity = Quantity::flag("mute_audio");
/// 1 while the input brings a picture.
pub const INPUT_SIGNAL: Quantity = Quantity::flag("input_signal");
/// Hours of the filter, five digits at most (§4.20); left out where they are not counted.
pub const FILTER_HOURS: Quantity = Quantity::resting("filter_hours", "h", 0.0, 99_999.0, 0);

/// Lamps of one device (§4.8).
const LAMPS_MAX: usize = 8;

/// The points that a question is about.
#[must_use]
pub fn quantities(question: Question) -> Vec<Quantity> {
    match question {
        Question::Power => vec![POWER_ON, POWER_STATE],
        Question::Errors => ERRORS.to_vec(),
        Question::Lamps => vec![LAMP_HOURS, LAMP_ON],
        Question::Mute => vec![MUTE_VIDEO, MUTE_AUDIO],
        Question::Resolution => vec![INPUT_SIGNAL],
        Question::Filter => vec![FILTER_HOURS],
        Question::Class | Question::Maker | Question::Product | Question::Name => Vec::new(),
    }
}

/// The points in an answer; where its text cannot be, each of them as a fault.
#[must_use]
pub fn points(question: Question, value: &[u8]) -> Vec<Measured> {
    let points = match question {
        Question::Power => power(value),
        Question::Errors => errors(value),
        Question::Lamps => lamps(value),
        Question::Mute => mute(value),
        Question::Resolution => resolution(value),
        Question::Filter => filter(value),
        Question::Class | Question::Maker | Question::Product | Question::Name => Some(Vec::new()),
    };
    points.unwrap_or_else(|| faults(question, &Fault::BadResponse))
}

/// Every point of a question with the same fault.
#[must_use]
pub fn faults(question: Question, fault: &Fault) -> Vec<Measured> {
    quantities(question).into_iter().map(|quantity| Measured::fault(quantity.name, fault.clone())).collect()
}

/// The class in an answer; none where it is none that anybody defined.
#[must_use]
pub fn class(value: &[u8]) -> Option<u8> {
    match value {
        [digit @ b'1'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}

/// A text that can be shown: at most 64 letters (§4.10), none of them a control.
#[must_use]
pub fn name(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let shown: String = text.chars().filter(|letter| !letter.is_control()).take(NAME_LETTERS_MAX).collect();
    shown.trim().to_owned()
}

/// Longest name of a device (§4.10).
const NAME_LETTERS_MAX: usize = 64;

fn power(value: &[u8]) -> Option<Vec<Measured>> {
    let [digit @ b'0'..=b'3'] = value else { return None };
    let is_on = matches!(digit, b'1' | b'3');
    Some(vec![Measured::flag(POWER_ON.name, is_on), Measured::plain(POWER_STATE.name, f64::from(digit - b'0'))])
}

fn errors(value: &[u8]) -> Option<Vec<Measured>> {
    let digits: &[u8; 6] = value.try_into().ok()?;
    let is_level = |digit: &u8| (b'0'..=b'2').contains(digit);
    digits.iter().all(is_level).then(|| {
        ERRORS
            .iter()
            .zip(digits)
            .map(|(error, digit)| Measured::plain(error.name.clone(), f64::from(digit - b'0')))
            .collect()
    })
}

fn lamps(value: &[u8]) -> Option<Vec<Measured>> {
    let text = std::str::from_utf8(value).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    if words.is_empty() || !words.len().is_multiple_of(2) || words.len() > 2 * LAMPS_MAX {
        return None;
    }
    let (mut most, mut lit) = (0, false);
    for lamp in words.chunks(2) {
        most = most.max(hours(lamp[0])?);
        lit |= match lamp[1] {
            "0" => false,
            "1" => true,
            _ => return None,
        };
    }
    let mut points = counted(&LAMP_HOURS, most);
    points.push(Measured::flag(LAMP_ON.name, lit));
    Some(points)
}

fn filter(value: &[u8]) -> Option<Vec<Measured>> {
    Some(counted(&FILTER_HOURS, hours(std::str::from_utf8(value).ok()?)?))
}

/// One to five digits.
fn hours(text: &str) -> Option<u32> {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Hours that a device does not count are 0.
fn counted(quantity: &Quantity, hours: u32) -> Vec<Measured> {
    (hours > 0).then(|| Measured::plain(quantity.name.clone(), f64::from(hours))).into_iter().collect()
}

fn mute(value: &[u8]) -> Option<Vec<Measured>> {
    let (video, audio) = match value {
        b"11" => (true, false),
        b"21" => (false, true),
        b"31" => (true, true),
        // The specification knows 30; Panasonic's manuals also show the other two.
        b"30" | b"20" | b"10" => (false, false),
        _ => return None,
    };
    Some(vec![Measured::flag(MUTE_VIDEO.name, video), Measured::flag(MUTE_AUDIO.name, audio)])
}

fn resolution(value: &[u8]) -> Option<Vec<Measured>> {
    let has_signal = match value {
        b"-" => false,
        // A signal that the device cannot name.
        b"*" => true,
        _ => {
            let text = std::str::from_utf8(value).ok()?;
            let (width, height) = text.split_once(['x', 'X'])?;
            hours(width.trim()).and(hours(height.trim()))?;
            true
        }
    };
    Some(vec![Measured::flag(INPUT_SIGNAL.name, has_signal)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(question: Question, value: &str, expected: &[(&str, f64)]) {
        let points = points(question, value.as_bytes());
        let found: Vec<_> = points.iter().map(|m| (m.quantity.as_ref(), m.value.clone().expect(value))).collect();
        assert_eq!(found, expected, "{value}");
    }

    fn refuse(question: Question, values: &[&str]) {
        for value in values {
            let points = points(question, value.as_bytes());
            assert_eq!(points, faults(question, &Fault::BadResponse), "{value}");
            assert!(!points.is_empty());
        }
    }

    #[test]
    fn power_has_four_states_and_two_of_them_are_on() {
        check(Question::Power, "0", &[("power_on", 0.0), ("power_state", 0.0)]);
        check(Question::Power, "1", &[("power_on", 1.0), ("power_state", 1.0)]);
        check(Question::Power, "2", &[("power_on", 0.0), ("power_state", 2.0)]);
        check(Question::Power, "3", &[("power_on", 1.0), ("power_state", 3.0)]);
        refuse(Question::Power, &["", "4", "01", "on", "OK"]);
    }

    #[test]
    fn each_digit_of_trouble_has_its_place() {
        check(
            Question::Errors,
            "012012",
            &[
                ("fan_error", 0.0),
                ("lamp_error", 1.0),
                ("temperature_error", 2.0),
                ("cover_error", 0.0),
                ("filter_error", 1.0),
                ("other_error", 2.0),
            ],
        );
        refuse(Question::Errors, &["00000", "0000000", "000003", "00 000", "ok"]);
    }

    #[test]
    fn of_several_lamps_the_oldest_counts_and_one_that_is_lit_is_light() {
        check(Question::Lamps, "8253 1", &[("lamp_hours", 8253.0), ("lamp_on", 1.0)]);
        check(Question::Lamps, "120 0  13442 1", &[("lamp_hours", 13442.0), ("lamp_on", 1.0)]);
        check(Question::Lamps, "99999 0", &[("lamp_hours", 99999.0), ("lamp_on", 0.0)]);
        refuse(Question::Lamps, &["", "1", "1 0 10", "1 2", "-1 0", "100000 1", "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"]);
    }

    #[test]
    fn hours_that_nobody_counts_are_left_out() {
        check(Question::Lamps, "0 1", &[("lamp_on", 1.0)]);
        check(Question::Filter, "0", &[]);
        check(Question::Filter, "250", &[("filter_hours", 250.0)]);
        refuse(Question::Filter, &["", "x", "1.5", "123456"]);
    }

    #[test]
    fn picture_and_sound_are_muted_each_for_itself() {
        check(Question::Mute, "11", &[("mute_video", 1.0), ("mute_audio", 0.0)]);
        check(Question::Mute, "21", &[("mute_video", 0.0), ("mute_audio", 1.0)]);
        check(Question::Mute, "31", &[("mute_video", 1.0), ("mute_audio", 1.0)]);
        check(Question::Mute, "30", &[("mute_video", 0.0), ("mute_audio", 0.0)]);
        refuse(Question::Mute, &["", "3", "41", "32", "311"]);
    }

    #[test]
    fn an_input_without_a_picture_is_a_dash() {
        check(Question::Resolution, "-", &[("input_signal", 0.0)]);
        check(Question::Resolution, "*", &[("input_signal", 1.0)]);
        check(Question::Resolution, "1920x1080", &[("input_signal", 1.0)]);
        check(Question::Resolution, "1920 X 1080", &[("input_signal", 1.0)]);
        refuse(Question::Resolution, &["", "1920", "x", "1920x", "wide x high"]);
    }

    #[test]
    fn a_name_is_short_and_cannot_move_the_cursor() {
        assert_eq!(name("K01 投影 ".as_bytes()), "K01 投影");
        assert_eq!(name(b"\x1b[2Jfine\xff"), "[2Jfine\u{fffd}");
        assert_eq!(name(&[b'x'; 200]).len(), NAME_LETTERS_MAX);
    }

    proptest! {
        #[test]
        fn no_text_gives_a_value_out_of_range(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            use Question::{Errors, Filter, Lamps, Mute, Power, Resolution};
            for question in [Power, Errors, Lamps, Mute, Resolution, Filter] {
                for point in points(question, &bytes) {
                    let mut own = quantities(question).into_iter();
                    let quantity = own.find(|q| q.name == point.quantity).expect("is its own");
                    if let Ok(value) = point.value {
                        prop_assert!((quantity.low..=quantity.high).contains(&value));
                    }
                }
            }
        }
    }
}
