//! Rules as people write them: TOML with texts, hints and sources.
