//! Turns readings of many sensors into one flat draft a tick.
