//! Breaks JSON as JSON: other types, absurd numbers, missing, foreign and doubled fields, depth.
//! Most of what it makes parses as JSON, so that the readers behind the JSON parser are reached.

use serde_json::{Map, Value, json};

use super::bytes;
use crate::Rng;

/// Replacements for a value; each has bitten some reader somewhere.
fn odd_value(rng: &mut Rng) -> Value {
    let number = rng.next_u64();
    match rng.below(20) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(i64::MIN),
        6 => json!(9_007_199_254_740_993_u64),
        7 => json!(1e308),
        8 => json!(-0.0),
        9 => json!(0.1),
        10 => json!(1.0),
        11 => json!(""),
        12 => json!("a".repeat(65)),
        13 => json!("厅房\u{0}\u{202e}"),
        14 => json!([]),
        15 => json!({}),
        16 => json!([[[[[[]]]]]]),
        17 => json!(number),
        18 => json!(number as f64 / 1e12),
        _ => json!("never_durable"),
    }
}

/// One of `corpus` with its tree changed in one to four places, and at times wounded as bytes too.
pub fn mutate(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let seed = rng.pick(corpus);
    let Ok(mut tree) = serde_json::from_slice::<Value>(seed) else { return bytes::mutate(rng, corpus) };
    for _ in 0..=rng.below(4) {
        change(rng, &mut tree);
    }
    let mut input = tree.to_string().into_bytes();
    match rng.below(8) {
        0 => bytes::wound(rng, &mut input, corpus),
        1 => double_a_field(rng, &mut input),
        2 => bury(rng, &mut input),
        _ => {}
    }
    input.truncate(bytes::INPUT_BYTES_MAX);
    input
}

fn change(rng: &mut Rng, value: &mut Value) {
    let deeper = rng.below(4) != 0;
    match value {
        Value::Object(fields) if !fields.is_empty() && deeper => {
            let key = fields.keys().nth(rng.below(fields.len())).cloned().unwrap_or_default();
            change_field(rng, fields, &key);
        }
        Value::Array(items) if !items.is_empty() && deeper => {
            let at = rng.below(items.len());
            match rng.below(5) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, items[at].clone()),
                2 => items.reverse(),
                _ => change(rng, &mut items[at]),
            }
        }
        _ => *value = odd_value(rng),
    }
}

fn change_field(rng: &mut Rng, fields: &mut Map<String, Value>, key: &str) {
    match rng.below(8) {
        0 => drop(fields.remove(key)),
        1 => drop(fields.insert(format!("{key}x"), odd_value(rng))),
        2 => {
            let value = fields.remove(key).unwrap_or(Value::Null);
            let renamed = *rng.pick(&["", "at", "seq", "upto", "faults", "lost", "Temperature", "x/y", "温度_celsius"]);
            fields.insert(renamed.to_owned(), value);
        }
        3 => drop(fields.insert(key.to_owned(), odd_value(rng))),
        _ => {
            if let Some(value) = fields.get_mut(key) {
                change(rng, value);
            }
        }
    }
}

/// `{"a":1,…}` → `{"a":1,"a":1,…}`: JSON allows it, and readers differ in which one counts.
fn double_a_field(rng: &mut Rng, input: &mut Vec<u8>) {
    let commas: Vec<usize> = (0..input.len()).filter(|at| input[*at] == b',').collect();
    if let (Some(open), false) = (input.iter().position(|byte| *byte == b'{'), commas.is_empty()) {
        let upto = *rng.pick(&commas);
        if open < upto {
            let piece = input[open + 1..=upto].to_vec();
            input.splice(open + 1..open + 1, piece);
        }
    }
}

/// Deep nesting, on which a recursive reader without a limit overflows its stack.
fn bury(rng: &mut Rng, input: &mut Vec<u8>) {
    let depth = 1 + rng.below(20_000);
    input.splice(0..0, std::iter::repeat_n(b'[', depth));
    if rng.below(2) == 0 {
        input.extend(std::iter::repeat_n(b']', depth));
    }
}
