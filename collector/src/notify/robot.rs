//! What chat robots have in common: texts that must fit, and letters that mean something to them.

/// `text`, or as much of it as fits `bytes_max` with `…` behind it; never half a letter.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> String {
    const MORE: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub(MORE.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MORE}", &text[..end])
}

/// Text that a robot shows as it stands: what a person or a device wrote must mention nobody and be no
/// link, no picture and no markup.
#[must_use]
pub fn plain(text: &str) -> String {
    let swap = |letter: char| match letter {
        '<' => '＜',
        '>' => '＞',
        '*' => '＊',
        '`' => '＇',
        '@' => '＠',
        other => other,
    };
    // A link is a pair of brackets with an address behind it.
    text.chars().map(swap).collect::<String>().replace("](", "] (")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_letter() {
        assert_eq!(cut("室温", 6), "室温");
        for bytes in 0..12 {
            let short = cut("室温过高", bytes);
            assert!(short.len() <= bytes.max("…".len()), "{bytes}: {short}");
        }
        assert_eq!(cut("室温过高", 9), "室温…");
    }

    #[test]
    fn nobody_is_mentioned_by_what_a_person_writes() {
        assert_eq!(plain("<@all> [here](http://x) **b**"), "＜＠all＞ [here] (http://x) ＊＊b＊＊");
    }
}
