//! The rounds of all venues in force, with the calendar of each: made anew when the files of venues
//! change, and given to the stage whole. Reads no clock.

use std::collections::BTreeMap;

use jiff::civil::Date;
use wire::Id;

use super::{
    plan::{Plan, plans},
    when::{Occurrence, occurrences},
};
use crate::venues::{Calendar, Venues};

/// The rounds of one venue.
#[derive(Debug, Clone)]
pub struct VenuePlans {
    /// When it is open.
    pub calendar: Calendar,
    /// What it makes.
    pub plans: Vec<Plan>,
}

impl VenuePlans {
    /// What is to be made on a business date, in the order of its deadlines.
    #[must_use]
    pub fn of_date(&self, date: Date) -> Vec<(&Plan, Occurrence)> {
        let of = |plan| occurrences(plan, &self.calendar, date).into_iter().map(move |o| (plan, o));
        let mut all: Vec<_> = self.plans.iter().flat_map(of).collect();
        all.sort_by_key(|(_, occurrence)| occurrence.due);
        all
    }
}

/// The rounds of all venues.
#[derive(Debug, Clone, Default)]
pub struct Plans {
    /// By venue; those without a round are left out.
    pub venues: BTreeMap<Id, VenuePlans>,
}

impl Plans {
    /// Those that follow from `venues`, whose rounds were checked when their files were read.
    #[must_use]
    pub fn of(venues: &Venues) -> Self {
        let of = |(id, venue): (&Id, &crate::venues::Venue)| {
            let plans = plans(&venue.file).unwrap_or_default();
            let calendar = venue.calendar.clone();
            (!plans.is_empty()).then(|| (id.clone(), VenuePlans { calendar, plans }))
        };
        Self { venues: venues.venues.iter().filter_map(of).collect() }
    }
}
