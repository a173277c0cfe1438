//! The course of a ticket's point as a picture for mails, with the words that stand beside it: the picture
//! itself has figures only. Pure.

use jiff::tz::TimeZone;

use super::{Story, course::Course, text::when};
use crate::{
    chart::{Frame, png},
    texts::{self, fill, get},
    tickets::{Ticket, text::Scene},
};

/// A picture to be drawn, and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    course: Course,
    zone: TimeZone,
    /// What it shows, for those who see it.
    pub caption: String,
    /// The same for those who do not.
    pub alt: String,
}

impl Picture {
    /// The picture of a story; `None` where nothing was read.
    #[must_use]
    pub fn of(story: &Story, ticket: &Ticket, scene: Scene<'_>) -> Option<Self> {
        let course = story.course.clone()?;
        let (low, high) = course.extremes()?;
        let language = scene.language;
        let say = |key: &str, blanks: &[(&str, &str)]| fill(language, key, blanks);
        let when = |at| when(at, story, ticket, scene);
        let (point, from, to) = (texts::point(language, &course.point), when(course.from), when(course.to - 1));
        let value = |value| texts::value(Some(&course.point), value);
        let mut caption = vec![say("story.picture", &[("point", &point), ("from", &from), ("to", &to)])];
        let word = |on| texts::switch(language, &course.point, on).unwrap_or(if on { "1" } else { "0" });
        let alt = if course.switch {
            caption.push(say("story.picture_switch", &[("on", word(true)), ("off", word(false))]));
            caption[0].clone()
        } else {
            let unit = texts::unit(&course.point);
            if !unit.is_empty() {
                caption[0].push_str(&say("story.picture_unit", &[("unit", unit)]));
            }
            let (low, high) = (value(low), value(high));
            say("story.picture_alt", &[("point", &point), ("from", &from), ("to", &to), ("low", &low), ("high", &high)])
        };
        let (low, high) = (course.band.0.map(value), course.band.1.map(value));
        match (&low, &high) {
            _ if course.switch => {}
            (None, None) => {}
            (Some(low), Some(high)) => caption.push(say("story.picture_band", &[("low", low), ("high", high)])),
            (Some(low), None) => caption.push(say("story.picture_least", &[("low", low)])),
            (None, Some(high)) => caption.push(say("story.picture_most", &[("high", high)])),
        }
        caption.push(say("story.picture_began", &[("time", &when(course.began_at))]));
        let (caption, zone) = (caption.join(get(language, "story.picture_join")), scene.venues.zone(&ticket.venue));
        Some(Self { course, zone: zone.clone(), caption, alt })
    }

    /// The picture as a PNG file; `None` where there is no memory for it.
    #[must_use]
    pub fn png(&self) -> Option<Vec<u8>> {
        let course = &self.course;
        let frame = Frame {
            from: course.from,
            to: course.to,
            zone: &self.zone,
            low: course.band.0.filter(|_| !course.switch),
            high: course.band.1.filter(|_| !course.switch),
            switch: course.switch,
            switch_words: None,
            title: String::new(),
            band_words: String::new(),
            tickets: vec![(course.began_at, course.ended_at, String::new())],
            faults: vec![String::new(); course.series.faults.len()],
        };
        png::draw(&course.series, &frame)
    }
}
