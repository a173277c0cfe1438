//! What is wrong with a pack, in words that name the file, the rule, the key and the way out.

use std::path::PathBuf;

/// A pack that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error(
        "cannot read the rule pack `{path}`\nhint: `rules.files` names packs of your own; let the collector's user read them"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No built-in pack has that name.
    #[error(
        "`rules.packs`: no built-in pack is named `{name}`\nhint: there are {known}; a file of your own goes into `rules.files`"
    )]
    Unknown {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The file is not TOML, or has a key or a type that packs do not have.
    #[error(
        "rule pack `{pack}`: {reason}\nhint: `hallwatch-collector rules show air-temperature` shows a rule with all its keys"
    )]
    Toml {
        /// File or name of the pack.
        pack: String,
        /// What, with line and column.
        reason: String,
    },
    /// A key of a rule that does not fit.
    #[error("rule pack `{pack}`, rule `{rule}`, `{key}`: {reason}\nhint: {hint}")]
    Rule {
        /// File or name of the pack.
        pack: String,
        /// Id of the rule, or its place where it has none.
        rule: String,
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// `rules.enable` names a rule that is not there.
    #[error(
        "`rules.enable`: no rule is named `{rule}`\nhint: `hallwatch-collector rules list` shows the names, optional ones too"
    )]
    Enable {
        /// The name.
        rule: String,
    },
    /// `without` names a rule that is not there.
    #[error(
        "rule pack `{pack}`, `without`: no rule is named `{rule}`\nhint: `hallwatch-collector rules list` shows the names"
    )]
    Without {
        /// File or name of the pack.
        pack: String,
        /// Id of the rule.
        rule: String,
    },
}
