//! Topics: `hallwatch/v1/{venue}/{room}/{agent}/{channel}`, always six levels.

use std::fmt;

use crate::{Error, Id};

/// The first two levels of every topic.
pub const PREFIX: &str = "hallwatch/v1";

/// Where something happens: an agent in a room of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// The business site.
    pub venue: Id,
    /// The room in it.
    pub room: Id,
    /// The program on one Pi.
    pub agent: Id,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.venue, self.room, self.agent)
    }
}

/// What a topic carries; each has its own module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// [`crate::samples`], agent → collector, never retained.
    Samples,
    /// [`crate::status`], agent → collector and its last will, retained.
    Status,
    /// [`crate::about`], agent → collector, retained.
    About,
    /// [`crate::ack`], collector → agent.
    Ack,
    /// [`crate::command::Command`], collector → agent.
    Command,
    /// [`crate::command::Outcome`], agent → collector.
    Result,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Channel; 6] = [Self::Samples, Self::Status, Self::About, Self::Ack, Self::Command, Self::Result];

    /// The last level of the topic.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Status => "status",
            Self::About => "about",
            Self::Ack => "ack",
            Self::Command => "command",
            Self::Result => "result",
        }
    }

    /// Whether the broker keeps the last message for those who come later.
    #[must_use]
    pub fn retained(self) -> bool {
        matches!(self, Self::Status | Self::About)
    }
}

/// A whole topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Who it is from, or for.
    pub source: Source,
    /// What it carries.
    pub channel: Channel,
}

impl Topic {
    /// The topic of `channel` of `source`.
    #[must_use]
    pub fn new(source: &Source, channel: Channel) -> Self {
        Self { source: source.clone(), channel }
    }

    /// Reads a topic of exactly six levels.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::BadTopic { topic: text.chars().take(256).collect(), reason };
        let levels: Vec<&str> = text.split('/').take(7).collect();
        let &[root, version, venue, room, agent, channel] = levels.as_slice() else {
            return Err(refuse("expected six levels, hallwatch/v1/venue/room/agent/channel".into()));
        };
        if root != "hallwatch" {
            return Err(refuse("the first level is not `hallwatch`".into()));
        }
        if version != "v1" {
            return Err(refuse(format!("version `{}` is not `v1`", version.chars().take(16).collect::<String>())));
        }
        let id = |name: &str, level: &str| Id::parse(level).map_err(|e| refuse(format!("{name}: {e}")));
        let source = Source { venue: id("venue", venue)?, room: id("room", room)?, agent: id("agent", agent)? };
        let channel = Channel::ALL
            .into_iter()
            .find(|c| c.as_str() == channel)
            .ok_or_else(|| refuse("the last level is no channel of v1".into()))?;
        Ok(Self { source, channel })
    }

    /// The filter by which a collector hears `channel` of every agent, or of those of one venue.
    #[must_use]
    pub fn filter(venue: Option<&Id>, channel: Channel) -> String {
        format!("{PREFIX}/{}/+/+/{}", venue.map_or("+", Id::as_str), channel.as_str())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}/{}/{}", self.source, self.channel.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_of_a_source_reads_back_as_printed() {
        let source = Source {
            venue: Id::parse("nanshan").unwrap(),
            room: Id::parse("k01").unwrap(),
            agent: Id::parse("pi-7").unwrap(),
        };
        for channel in Channel::ALL {
            let topic = Topic::new(&source, channel);
            assert_eq!(Topic::parse(&topic.to_string()), Ok(topic));
        }
    }

    #[test]
    fn a_topic_of_another_shape_is_refused() {
        for bad in [
            "",
            "hallwatch/v1/a/b/c",
            "hallwatch/v1/a/b/c/samples/x",
            "hallwatch/v2/a/b/c/samples",
            "other/v1/a/b/c/samples",
            "hallwatch/v1/A/b/c/samples",
            "hallwatch/v1/+/b/c/samples",
            "hallwatch/v1/a//c/samples",
            "hallwatch/v1/a/b/c/sample",
        ] {
            assert!(Topic::parse(bad).is_err(), "{bad}");
        }
    }
}
