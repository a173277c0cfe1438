//! The collector's configuration: a TOML file and environment overrides; unknown keys are errors.
