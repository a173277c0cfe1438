//! The lines of PJLink: turns a question into the bytes that ask it, and bytes from the device into a
//! greeting, an answer or nothing. Talks to nobody. References are to "PJLink Specifications", version
//! 2.00 of 2017 (JBMIA, pjlink.jbmia.or.jp), whose class 1 is that of version 1.04.
//!
//! Devices differ in case, spaces, line ends and in the class that they put before an answer; all of
//! that is forgiven. What a value may be is not.

use md5::{Digest, Md5};

/// The longest parameter (§2.5).
pub const PARAMETER_BYTES_MAX: usize = 128;

/// What is asked. Each is a query; this driver orders nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// §4.2: standby, on, cooling or warming.
    Power,
    /// §4.14: which class the device speaks.
    Class,
    /// §4.7: six digits of trouble.
    Errors,
    /// §4.8: hours and state of each lamp.
    Lamps,
    /// §4.6: picture and sound muted.
    Mute,
    /// §4.18, class 2: the resolution of the input.
    Resolution,
    /// §4.20, class 2: hours of the filter.
    Filter,
    /// §4.11.
    Maker,
    /// §4.12.
    Product,
    /// §4.10.
    Name,
}

impl Question {
    /// Its four letters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Power => "POWR",
            Self::Class => "CLSS",
            Self::Errors => "ERST",
            Self::Lamps => "LAMP",
            Self::Mute => "AVMT",
            Self::Resolution => "IRES",
            Self::Filter => "FILT",
            Self::Maker => "INF1",
            Self::Product => "INF2",
            Self::Name => "NAME",
        }
    }

    /// The line that asks it (§2.1): header and class, command, a space, `?`, carriage return.
    #[must_use]
    pub fn print(self) -> String {
        let class = if matches!(self, Self::Resolution | Self::Filter) { 2 } else { 1 };
        format!("%{class}{} ?\r", self.word())
    }
}

/// What the device says first (§5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// `PJLINK 0`: no password.
    Open,
    /// `PJLINK 1` and a random number: the password must be proved.
    Locked {
        /// The random number, eight hexadecimal digits.
        random: String,
    },
    /// A way to prove it that came after version 2.00.
    Unknown,
}

/// The greeting in a line; none where it is no greeting of PJLink.
#[must_use]
pub fn greeting(line: &[u8]) -> Option<Greeting> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    if !words.next()?.eq_ignore_ascii_case("PJLINK") {
        return None;
    }
    match (words.next()?, words.next(), words.next()) {
        ("0", None, _) => Some(Greeting::Open),
        ("1", Some(random), None) if random.len() <= RANDOM_BYTES_MAX => {
            Some(Greeting::Locked { random: random.to_owned() })
        }
        (word, _, _) if word.bytes().all(|byte| matches!(byte, b'2'..=b'9')) => Some(Greeting::Unknown),
        _ => None,
    }
}

/// Eight by the specification; some send more.
const RANDOM_BYTES_MAX: usize = 64;

/// What goes immediately before the first command (§5.1): MD5 of the random number and the password
/// behind it, as 32 small hexadecimal digits.
#[must_use]
pub fn proof(random: &str, password: &str) -> String {
    hex::encode(Md5::new().chain_update(random).chain_update(password).finalize())
}

/// What a line says about a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The parameter, without spaces around it.
    Value(Vec<u8>),
    /// ERR1: the device knows no such command; of lamps and filters, it has none.
    Undefined,
    /// ERR2: not with this parameter.
    OutOfParameter,
    /// ERR3: not now. In standby and while the lamp warms up that is how it should be.
    NotNow,
    /// ERR4: the device itself failed.
    Failed,
    /// `PJLINK ERRA`: the password is wrong (§5.1).
    WrongPassword,
}

/// The answer to `question` in a line; none where the line says something else.
#[must_use]
pub fn answer(line: &[u8], question: Question) -> Option<Answer> {
    let line = trim(line);
    if let Some(rest) = strip_word(line, b"PJLINK") {
        return trim(rest).eq_ignore_ascii_case(b"ERRA").then_some(Answer::WrongPassword);
    }
    let [b'%', class, rest @ ..] = line else { return None };
    if !class.is_ascii_digit() {
        return None;
    }
    let rest = strip_word(trim(rest), question.word().as_bytes())?;
    let [b'=', parameter @ ..] = trim(rest) else { return None };
    let parameter = trim(parameter);
    if parameter.len() > PARAMETER_BYTES_MAX {
        return None;
    }
    Some(match parameter.to_ascii_uppercase().as_slice() {
        b"ERR1" => Answer::Undefined,
        b"ERR2" => Answer::OutOfParameter,
        b"ERR3" => Answer::NotNow,
        b"ERR4" => Answer::Failed,
        _ => Answer::Value(parameter.to_owned()),
    })
}

/// Without the zero bytes and white space that some devices put around a line.
fn trim(mut bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    while let [first, rest @ ..] = bytes
        && is_blank(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(last)
    {
        bytes = rest;
    }
    bytes
}

fn strip_word<'a>(bytes: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Option<Answer> {
        Some(Answer::Value(text.as_bytes().to_owned()))
    }

    #[test]
    fn questions_are_the_bytes_of_the_specification() {
        assert_eq!(Question::Power.print(), "%1POWR ?\r");
        assert_eq!(Question::Errors.print(), "%1ERST ?\r");
        assert_eq!(Question::Resolution.print(), "%2IRES ?\r");
        assert_eq!(Question::Filter.print(), "%2FILT ?\r");
    }

    #[test]
    fn the_proof_is_that_of_the_specifications_example() {
        // §5.1: random number 498e4a67, password JBMIAProjectorLink.
        assert_eq!(proof("498e4a67", "JBMIAProjectorLink"), "5d8409bc1c3fa39749434aa3a5c38682");
    }

    #[test]
    fn both_greetings_are_understood_in_either_case() {
        let locked = Greeting::Locked { random: "498e4a67".into() };
        for (line, expected) in [
            ("PJLINK 0", Some(Greeting::Open)),
            ("pjlink  0 ", Some(Greeting::Open)),
            ("PJLINK 1 498e4a67", Some(locked.clone())),
            ("\nPJLink 1  498e4a67", Some(locked)),
            ("PJLINK 2 0123456789abcdef", Some(Greeting::Unknown)),
            ("PJLINK 1", None),
            ("PJLINK 1 498e4a67 more", None),
            ("PJLINK", None),
            ("PJLINK ERRA", None),
            ("SSH-2.0-OpenSSH_9.2", None),
            ("", None),
        ] {
            assert_eq!(greeting(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(greeting(b"\xff\xfe"), None);
    }

    #[test]
    fn answers_are_understood_whatever_case_spaces_and_class_they_have() {
        for line in ["%1POWR=1", "%2POWR=1", "%1powr=1", "\n%1POWR = 1 ", "%1POWR=\t1\0", "%1 POWR=1"] {
            assert_eq!(answer(line.as_bytes(), Question::Power), value("1"), "{line}");
        }
        assert_eq!(answer(b"%1NAME=", Question::Name), value(""));
        assert_eq!(answer("%1NAME=K01 投影".as_bytes(), Question::Name), value("K01 投影"));
    }

    #[test]
    fn errors_are_told_apart() {
        for (line, expected) in [
            ("%2FILT=ERR1", Answer::Undefined),
            ("%2filt=err2", Answer::OutOfParameter),
            ("%1FILT=ERR3", Answer::NotNow),
            ("%2FILT= ERR4", Answer::Failed),
            ("PJLINK ERRA", Answer::WrongPassword),
            ("pjlink erra", Answer::WrongPassword),
        ] {
            assert_eq!(answer(line.as_bytes(), Question::Filter), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_answers_another_question_or_none_is_no_answer() {
        let long = format!("%1POWR={}", "1".repeat(PARAMETER_BYTES_MAX + 1));
        for line in ["%1LAMP=1", "%1POWR", "%1POWR ?", "POWR=1", "%POWR=1", "%1POWRX=1", "PJLINK 0", "", "%", &long] {
            assert_eq!(answer(line.as_bytes(), Question::Power), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = greeting(&bytes);
            let _ = answer(&bytes, Question::Lamps);
        }

        #[test]
        fn a_value_comes_back_as_it_was_sent(value in "[!-~]([ -~]{0,100}[!-~])?", class in 1..=2) {
            prop_assume!(!value.to_ascii_uppercase().starts_with("ERR"));
            let line = format!("%{class}INF1={value}");
            prop_assert_eq!(answer(line.as_bytes(), Question::Maker), Some(Answer::Value(value.into_bytes())));
        }

        #[test]
        fn one_letter_that_differs_is_another_answer(at in 0usize..7, byte: u8) {
            let mut line = *b"%1LAMP=";
            let is_forgiven = line[at].eq_ignore_ascii_case(&byte) || (at == 1 && byte.is_ascii_digit());
            prop_assume!(!is_forgiven);
            line[at] = byte;
            prop_assert_eq!(answer(&[&line[..], b"12 1"].concat(), Question::Lamps), None);
        }
    }
}
