//! Tests of warm_up.
