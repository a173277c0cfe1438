//! Tests of duty.
