//! Keeps samples until the collector has committed them.
