//! What each measurement holds: its tags, and its fields with kind and unit. docs/data-model.md has the same
//! table, and a test holds both equal to what is really written. Decides nothing.

use super::names::{
    AGENT, COLLECTOR, EXTINGUISHER, READINESS, ROOM, ROOM_1H, SILENCE, TICKET, TICKET_OPEN, VENUE, field as f,
    of_point as p, tag as t,
};
use Kind::{Count, Flag, Number, Text};

/// What a field holds. Every number is a float on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A whole number, written as a float.
    Count,
    /// 0 or 1, written as a float.
    Flag,
    /// Words.
    Text,
}

impl Kind {
    /// The kind as docs/data-model.md has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Number => "number",
            Count => "count",
            Flag => "0/1",
            Text => "text",
        }
    }
}

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name; the end of its name where [`Field::each_point`].
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Its unit; empty for what has none, `point` for that of the point.
    pub unit: &'static str,
    /// One for each point, whose name stands before [`Field::name`].
    pub each_point: bool,
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Its name.
    pub name: &'static str,
    /// Tags of each of its lines.
    pub tags: &'static [&'static str],
    /// What its lines may hold.
    pub fields: &'static [Field],
}

const fn field(name: &'static str, kind: Kind, unit: &'static str) -> Field {
    Field { name, kind, unit, each_point: false }
}

const fn each(name: &'static str, kind: Kind, unit: &'static str) -> Field {
    Field { name, kind, unit, each_point: true }
}

/// Everything that is written.
pub const ALL: &[Measurement] = &[
    Measurement {
        name: ROOM,
        tags: &[t::VENUE, t::ROOM, t::AGENT],
        fields: &[
            each("", Number, "point"),
            each(p::FAULT, Text, ""),
            each(p::IN_BAND, Flag, ""),
            field(f::VENUE_OPEN, Flag, ""),
            field(f::ROOM_OCCUPIED, Flag, ""),
            field(f::SAMPLE_SEQ, Count, ""),
            field(f::SAMPLE_SPOOL, Text, ""),
            field(f::SAMPLE_BOOT, Text, ""),
            field(f::SAMPLE_CLOCK_UNCERTAIN, Flag, ""),
            field(f::SAMPLE_UNCERTAINTY_MS, Count, "ms"),
        ],
    },
    Measurement {
        name: ROOM_1H,
        tags: &[t::VENUE, t::ROOM, t::AGENT],
        fields: &[
            each(p::MEAN, Number, "point"),
            each(p::MIN, Number, "point"),
            each(p::MAX, Number, "point"),
            each(p::COUNT, Count, ""),
            each(p::IN_BAND_SHARE, Number, "0 to 1"),
            field(f::OPEN_SECONDS, Number, "s"),
        ],
    },
    Measurement {
        name: TICKET,
        tags: &[t::VENUE, t::ROOM, t::TEAM, t::SEVERITY, t::RULE, t::ASSET_KIND, t::EVENT],
        fields: &[
            field(f::NUMBER, Text, ""),
            field(f::TEXT_ZH, Text, ""),
            field(f::TEXT_EN, Text, ""),
            field(f::ASSET, Text, ""),
            field(f::SOURCE, Text, ""),
            field(f::STATE, Text, ""),
            field(f::OPENED, Flag, ""),
            field(f::ACKNOWLEDGED, Flag, ""),
            field(f::CLOSED, Flag, ""),
            field(f::REOPENED, Flag, ""),
            field(f::FALSE_ALARM, Flag, ""),
            field(f::DUPLICATE, Flag, ""),
            field(f::ESCALATED, Flag, ""),
            field(f::REFUSED, Flag, ""),
            field(f::LIMIT_MISSED, Flag, ""),
            field(f::OPEN_CHANGE, Count, ""),
            field(f::PROVED, Flag, ""),
            field(f::ACKNOWLEDGE_SECONDS, Number, "s"),
            field(f::ARRIVE_SECONDS, Number, "s"),
            field(f::REPAIR_SECONDS, Number, "s"),
            field(f::HOLD_SECONDS, Number, "s"),
            field(f::ACKNOWLEDGE_OK, Flag, ""),
            field(f::FIX_OK, Flag, ""),
        ],
    },
    Measurement {
        name: TICKET_OPEN,
        tags: &[t::VENUE, t::ROOM, t::TEAM, t::SEVERITY],
        fields: &[
            field(f::NUMBER, Text, ""),
            field(f::TEXT_ZH, Text, ""),
            field(f::TEXT_EN, Text, ""),
            field(f::ASSET, Text, ""),
            field(f::RULE, Text, ""),
            field(f::STATE, Text, ""),
            field(f::AGE_SECONDS, Number, "s"),
            field(f::RANK_SEVERITY, Count, ""),
            field(f::UNACKNOWLEDGED, Flag, ""),
            field(f::OVERDUE, Flag, ""),
            field(f::HELD, Flag, ""),
        ],
    },
    Measurement {
        name: VENUE,
        tags: &[t::VENUE],
        fields: &[
            field(f::OPEN, Flag, ""),
            field(f::ROOMS, Count, ""),
            field(f::ROOMS_READY, Count, ""),
            field(f::ROOMS_NOT_READY, Count, ""),
            field(f::ROOMS_UNKNOWN, Count, ""),
            field(f::TICKETS_OPEN, Count, ""),
            field(f::TICKETS_P1, Count, ""),
            field(f::TICKETS_P2, Count, ""),
            field(f::TICKETS_P3, Count, ""),
            field(f::TICKETS_P4, Count, ""),
            field(f::TICKETS_UNACKNOWLEDGED, Count, ""),
            field(f::TICKETS_OVERDUE, Count, ""),
            field(f::OLDEST_TICKET_SECONDS, Number, "s"),
            field(f::AGENTS, Count, ""),
            field(f::AGENTS_ONLINE, Count, ""),
            field(f::DATA_AGE_SECONDS, Number, "s"),
            field(f::EXTINGUISHERS, Count, ""),
            field(f::EXTINGUISHERS_DUE_30D, Count, ""),
            field(f::EXTINGUISHERS_OVERDUE, Count, ""),
            field(f::EXTINGUISHERS_MISSING, Count, ""),
            field(f::ROUNDS_DUE, Count, ""),
            field(f::ROUNDS_MISSED, Count, ""),
        ],
    },
    Measurement {
        name: READINESS,
        tags: &[t::VENUE, t::ROOM],
        fields: &[
            field(f::READY, Flag, ""),
            field(f::NOT_READY, Flag, ""),
            field(f::UNKNOWN, Flag, ""),
            field(f::REASON_ZH, Text, ""),
            field(f::REASON_EN, Text, ""),
            field(f::MINUTES_TO_OPENING, Number, "min"),
        ],
    },
    Measurement {
        name: AGENT,
        tags: &[t::VENUE, t::ROOM, t::AGENT],
        fields: &[
            field(f::ONLINE, Flag, ""),
            field(f::SPOOL_SAMPLES, Count, ""),
            field(f::SPOOL_BYTES, Count, "bytes"),
            field(f::LOST_SAMPLES, Count, ""),
            field(f::CLOCK_TRUSTED, Flag, ""),
            field(f::AGE_SECONDS, Number, "s"),
            field(f::VERSION, Text, ""),
        ],
    },
    Measurement {
        name: EXTINGUISHER,
        tags: &[t::VENUE, t::ROOM, t::ASSET],
        fields: &[
            field(f::PRESENT, Flag, ""),
            field(f::SERVICE_DUE_DAYS, Count, "d"),
            field(f::SCRAP_DUE_DAYS, Count, "d"),
            field(f::OVERDUE, Flag, ""),
            field(f::KIND, Text, ""),
            field(f::STANDING, Text, ""),
        ],
    },
    Measurement {
        name: SILENCE,
        tags: &[t::VENUE, t::ROOM, t::AGENT],
        fields: &[
            field(f::POINTS, Count, ""),
            field(f::MEASURED, Number, "0 to 1"),
            field(f::BACKFILLED, Number, "0 to 1"),
            field(f::LOST, Number, "0 to 1"),
            field(f::PLANNED_OFF, Number, "0 to 1"),
            each(p::LOST, Number, "0 to 1"),
        ],
    },
    Measurement {
        name: COLLECTOR,
        tags: &[],
        fields: &[
            field(f::COMMIT_AGE_MS, Number, "ms"),
            field(f::WAITING_MESSAGES, Count, ""),
            field(f::SAMPLES, Count, ""),
            field(f::READINGS, Count, ""),
            field(f::DUPLICATES, Count, ""),
            field(f::QUARANTINED, Count, ""),
            field(f::COMMIT_FAILURES, Count, ""),
            field(f::OUTBOX_WAITING, Count, ""),
            field(f::NOTIFY_FAILURES, Count, ""),
            field(f::BLOBS_WAITING, Count, ""),
            field(f::BROKER_CONNECTED, Flag, ""),
            field(f::TROUBLES, Count, ""),
            field(f::WRITER_LAG_SECONDS, Number, "s"),
            field(f::WRITER_QUARANTINED, Count, ""),
            field(f::LEDGER_BYTES, Count, "bytes"),
        ],
    },
];
