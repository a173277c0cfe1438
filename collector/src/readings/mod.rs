//! Answers what charts, dashboards and back-tests ask of the past.
