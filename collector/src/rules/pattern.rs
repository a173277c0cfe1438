//! Tells whether a name fits a pattern in which `*` stands for any run of characters.
//! Never allocates; the work is bounded by the lengths of both.

/// Whether `name` fits `pattern`.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go back to: the character after the last `*`, and what it has swallowed so far.
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            p += 1;
            retry = Some((p, n));
        } else if p < pattern.len() && pattern[p] == name[n] {
            p += 1;
            n += 1;
        } else if let Some((after_star, swallowed)) = retry {
            p = after_star;
            n = swallowed + 1;
            retry = Some((after_star, n));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        let check = |pattern, name, expected| assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        check("co2_ppm", "co2_ppm", true);
        check("co2_ppm", "co2_ppm2", false);
        check("*", "", true);
        check("*_reachable", "song_server_reachable", true);
        check("*_reachable", "song_server_reachable_ms", false);
        check("amplifier*_on", "amplifier_on", true);
        check("amplifier*_on", "amplifier2_on", true);
        check("a*b*c", "aXbYbZc", true);
        check("a*b*c", "aXbYbZ", false);
        check("", "", true);
        check("", "x", false);
    }
}
