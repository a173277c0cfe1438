//! What chat robots have in common: letters that mean something to them, and must not.

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
    fn nobody_is_mentioned_by_what_a_person_writes() {
        assert_eq!(plain("<@all> [here](http://x) **b**"), "＜＠all＞ [here] (http://x) ＊＊b＊＊");
    }
}
