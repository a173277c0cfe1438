//! Turns what a rule remembers of one subject into bytes that survive a restart, and back.
//! Bytes of a later version, or broken ones, are refused rather than guessed at.

use wire::{Id, PointName, Source};

mod past;

use super::{
    run::{Phase, Run, Worst},
    silent::Silence,
    track::Memory,
};
use crate::episode::Subject;

/// Version of the layout, the first byte of every value.
const VERSION: u8 = 1;

/// The key of a track: `rule/venue/room/agent/point`, with an empty point for the agent.
#[must_use]
pub fn key(rule: &Id, subject: &Subject) -> Vec<u8> {
    let point = subject.point.as_ref().map_or("", PointName::as_str);
    format!("{rule}/{}/{point}", subject.source).into_bytes()
}

/// Reads a key.
#[must_use]
pub fn parse_key(bytes: &[u8]) -> Option<(Id, Subject)> {
    let mut parts = std::str::from_utf8(bytes).ok()?.split('/');
    let mut id = || Id::parse(parts.next()?).ok();
    let (rule, venue, room, agent) = (id()?, id()?, id()?, id()?);
    let point = match parts.next()? {
        "" => None,
        name => Some(PointName::parse(name).ok()?),
    };
    parts.next().is_none().then_some((rule, Subject { source: Source { venue, room, agent }, point }))
}

/// Writes a value.
#[must_use]
pub fn print(memory: &Memory) -> Vec<u8> {
    let mut out = vec![VERSION];
    match memory {
        Memory::Value { live, late, pasts } => {
            out.push(if pasts.is_some() { b'p' } else { b'v' });
            print_run(live, &mut out);
            print_run(late.as_deref().unwrap_or(&Run::default()), &mut out);
            if let Some(pasts) = pasts {
                past::print(&pasts.0, &mut out);
                past::print(&pasts.1, &mut out);
            }
        }
        Memory::Silent(s) => {
            out.push(b's');
            out.push(phase_byte(s.phase));
            for number in [s.began_at, s.good_at, s.heard_at] {
                out.extend(number.to_le_bytes());
            }
        }
    }
    out
}

/// Reads a value.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Memory> {
    let mut input = bytes;
    if take::<1>(&mut input)? != [VERSION] {
        return None;
    }
    let memory = match take::<1>(&mut input)? {
        [b'v'] => Memory::Value { live: parse_run(&mut input)?, late: parse_late(&mut input)?, pasts: None },
        [b'p'] => Memory::Value {
            live: parse_run(&mut input)?,
            late: parse_late(&mut input)?,
            pasts: Some(Box::new((past::parse(&mut input)?, past::parse(&mut input)?))),
        },
        [b's'] => Memory::Silent(Silence {
            phase: parse_phase(&mut input)?,
            began_at: parse_i64(&mut input)?,
            good_at: parse_i64(&mut input)?,
            heard_at: parse_i64(&mut input)?,
        }),
        _ => return None,
    };
    input.is_empty().then_some(memory)
}

/// A run that remembers nothing is one byte; the others have a fixed length.
fn print_run(run: &Run, out: &mut Vec<u8>) {
    let Some((last_at, last_value)) = run.last else { return out.push(b'-') };
    out.push(phase_byte(run.phase));
    for number in [run.began_at, run.good_at, last_at, run.worst.at] {
        out.extend(number.to_le_bytes());
    }
    // NaN stands for "no limit": no rule can have it as one.
    for number in [last_value, run.worst.value, run.worst.limit.unwrap_or(f64::NAN), run.worst.excess, run.told_excess]
    {
        out.extend(number.to_le_bytes());
    }
}

fn parse_run(input: &mut &[u8]) -> Option<Run> {
    if input.first() == Some(&b'-') {
        *input = &input[1..];
        return Some(Run::default());
    }
    let phase = parse_phase(input)?;
    let (began_at, good_at) = (parse_i64(input)?, parse_i64(input)?);
    let (last_at, worst_at) = (parse_i64(input)?, parse_i64(input)?);
    let last_value = parse_f64(input)?;
    let worst = Worst {
        at: worst_at,
        value: parse_f64(input)?,
        limit: Some(parse_f64(input)?).filter(|l| !l.is_nan()),
        excess: parse_f64(input)?,
    };
    Some(Run { phase, began_at, good_at, last: Some((last_at, last_value)), worst, told_excess: parse_f64(input)? })
}

fn parse_late(input: &mut &[u8]) -> Option<Option<Box<Run>>> {
    let run = parse_run(input)?;
    Some(run.last.is_some().then(|| Box::new(run)))
}

fn phase_byte(phase: Phase) -> u8 {
    match phase {
        Phase::Good => b'g',
        Phase::Pending => b'p',
        Phase::Open => b'o',
        Phase::Clearing => b'c',
    }
}

fn parse_phase(input: &mut &[u8]) -> Option<Phase> {
    Some(match take::<1>(input)? {
        [b'g'] => Phase::Good,
        [b'p'] => Phase::Pending,
        [b'o'] => Phase::Open,
        [b'c'] => Phase::Clearing,
        _ => return None,
    })
}

fn parse_i64(input: &mut &[u8]) -> Option<i64> {
    take::<8>(input).map(i64::from_le_bytes)
}

fn parse_f64(input: &mut &[u8]) -> Option<f64> {
    take::<8>(input).map(f64::from_le_bytes)
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        judge::Past,
        rate::Slope,
        share::{PARTS, Shares},
        stuck::Still,
    };

    fn run() -> Run {
        Run {
            phase: Phase::Clearing,
            began_at: 1,
            good_at: -2,
            last: Some((3, 21.5)),
            worst: Worst { at: 4, value: 24.0, limit: None, excess: 2.0 },
            told_excess: 1.5,
        }
    }

    fn past() -> Past {
        let parts = (0..u32::try_from(PARTS).unwrap()).map(|n| (n, n / 2)).collect();
        Past {
            still: Some(Still { since: -3, low: 1.5, high: 2.5 }),
            slope: Some(Slope { older: Some((1, 2.0)), last: (3, 4.0) }),
            shares: Some(Box::new(Shares::new(-7, (9, true), parts))),
        }
    }

    #[test]
    fn a_track_reads_back_as_written() {
        let with_limit = Run { worst: Worst { limit: Some(22.0), ..run().worst }, ..run() };
        for memory in [
            Memory::Value { live: run(), late: None, pasts: None },
            Memory::Value { live: Run::default(), late: Some(Box::new(with_limit)), pasts: Some(Box::default()) },
            Memory::Value {
                live: run(),
                late: Some(Box::new(run())),
                pasts: Some(Box::new((past(), Past::default()))),
            },
            Memory::Silent(Silence { phase: Phase::Open, began_at: 7, good_at: 8, heard_at: 9 }),
        ] {
            assert_eq!(parse(&print(&memory)), Some(memory));
        }
    }

    /// What version 0.1 wrote, before kinds had memories of their own.
    const RELEASED: [&str; 2] = [
        "0176630100000000000000feffffffffffffff0300000000000000040000000000000000000000008035400000000000003840000000000000f87f0000000000000040000000000000f83f2d",
        "01736f070000000000000008000000000000000900000000000000",
    ];

    #[test]
    fn what_an_older_version_kept_is_still_read() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
        };
        let value = Memory::Value { live: run(), late: None, pasts: None };
        let silence = Memory::Silent(Silence { phase: Phase::Open, began_at: 7, good_at: 8, heard_at: 9 });
        for (hex, memory) in RELEASED.into_iter().zip([value, silence]) {
            assert_eq!(parse(&bytes(hex)), Some(memory.clone()));
            assert_eq!(print(&memory), bytes(hex));
        }
    }

    #[test]
    fn broken_bytes_are_refused_at_every_length() {
        let whole =
            print(&Memory::Value { live: run(), late: Some(Box::new(run())), pasts: Some(Box::new((past(), past()))) });
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), None, "{end}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(parse(&longer), None);
        assert_eq!(parse(b"\x02s"), None, "a later version");
    }

    #[test]
    fn a_key_names_rule_and_subject() {
        let id = |t| Id::parse(t).unwrap();
        let source = Source { venue: id("nanshan"), room: id("k01"), agent: id("pi-1") };
        for point in [None, Some(PointName::parse("co2_ppm").unwrap())] {
            let subject = Subject { source: source.clone(), point };
            assert_eq!(parse_key(&key(&id("air-co2"), &subject)), Some((id("air-co2"), subject)));
        }
        for bad in [&b""[..], b"a/b/c/d", b"a/b/c/d/e/f", b"A/b/c/d/", b"\xff"] {
            assert_eq!(parse_key(bad), None);
        }
    }
}
