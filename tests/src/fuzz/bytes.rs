//! Breaks bytes without knowing what they mean: flips, cuts, doubles, splices, interesting values.

use crate::Rng;

/// Bytes that readers stumble over.
const INTERESTING: [u8; 12] = [0, 1, b'"', b'\\', b'{', b'}', b'[', b'-', b'e', 0x7f, 0x80, 0xff];

/// Inputs do not grow past this, a little over the largest body of the wire.
pub const INPUT_BYTES_MAX: usize = 80 * 1024;

/// One of `corpus`, with one to eight wounds.
pub fn mutate(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = rng.pick(corpus).clone();
    for _ in 0..=rng.below(8) {
        wound(rng, &mut input, corpus);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

/// One wound.
pub fn wound(rng: &mut Rng, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let at = rng.below(input.len() + 1);
    let upto = (at + 1 + rng.below(32)).min(input.len());
    match rng.below(9) {
        0 if at < input.len() => input[at] ^= 1 << rng.below(8),
        1 if at < input.len() => input[at] = *rng.pick(&INTERESTING),
        2 => input.insert(at, *rng.pick(&INTERESTING)),
        3 if at < upto => drop(input.drain(at..upto)),
        4 if at < upto => {
            let piece = input[at..upto].to_vec();
            let times = 1 + rng.below(64);
            input.splice(at..at, piece.iter().copied().cycle().take(piece.len() * times));
        }
        5 => input.truncate(at),
        6 if at < upto => input[at..upto].fill(0),
        7 => {
            let other = rng.pick(corpus);
            let from = rng.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => input.extend((0..rng.below(16)).map(|_| rng.next_u64() as u8)),
    }
}
