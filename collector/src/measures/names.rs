//! Every measurement, tag and field that is written to a time series database, by name. The table
//! [`super::table::ALL`] says of each what it holds. Whoever writes, reads or draws takes the names from here, so that
//! a renamed field breaks a build or a test on the other side. Decides nothing.
//!
//! Tags are identifiers and fixed words; names that people change never are tags.

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)*
    };
}

names! {
    /// A sample of a room's agent.
    ROOM = "room";
    /// An hour of a room's agent.
    ROOM_1H = "room_1h";
    /// A line of a ticket's history.
    TICKET = "ticket";
    /// An open ticket, every five minutes.
    TICKET_OPEN = "ticket_open";
    /// A venue, every five minutes.
    VENUE = "venue";
    /// A room before an opening.
    READINESS = "readiness";
    /// A device, every five minutes.
    AGENT = "agent";
    /// An extinguisher, every six hours and when it changed.
    EXTINGUISHER = "extinguisher";
    /// An hour of a device: how its points' time was spent.
    SILENCE = "silence";
    /// The collector itself, every minute.
    COLLECTOR = "collector";
}

/// Names of tags.
pub mod tag {
    names! {
        /// Identifier of the venue.
        VENUE = "venue";
        /// Identifier of the room.
        ROOM = "room";
        /// Identifier of the device.
        AGENT = "agent";
        /// Identifier of the team.
        TEAM = "team";
        /// `P1` to `P4`.
        SEVERITY = "severity";
        /// Identifier of the rule; [`super::BY_HAND`] where a person opened the ticket.
        RULE = "rule";
        /// What happened to a ticket: one of [`super::event::ALL`].
        EVENT = "event";
        /// Identifier of the asset without the number at its end; [`super::NO_ASSET`] where there is none.
        ASSET_KIND = "asset_kind";
        /// Identifier of the asset.
        ASSET = "asset";
    }
}

/// Tag `rule` of tickets that people opened.
pub const BY_HAND: &str = "by-hand";
/// Tag `asset_kind` of tickets without an asset.
pub const NO_ASSET: &str = "none";

/// Words of the tag `event`.
pub mod event {
    names! {
        /// It was opened.
        OPENED = "opened";
        /// Somebody or a team got it.
        ASSIGNED = "assigned";
        /// Somebody said: I am on it.
        ACKNOWLEDGED = "acknowledged";
        /// Somebody is there.
        ARRIVED = "arrived";
        /// It waits.
        HELD = "held";
        /// It goes on after a wait.
        RESUMED = "resumed";
        /// Somebody or the data says that it is mended.
        FIXED = "fixed";
        /// The data says that it is not.
        REFUSED = "refused";
        /// It was closed unproved, and the data has proved it since.
        VERIFIED = "verified";
        /// There was no data to ask.
        UNVERIFIED = "unverified";
        /// It ended as mended.
        CLOSED = "closed";
        /// It is open again.
        REOPENED = "reopened";
        /// It ended: there was nothing wrong.
        FALSE_ALARM = "false_alarm";
        /// It ended: another ticket has it.
        DUPLICATE = "duplicate";
        /// The next in the chain was told.
        ESCALATED = "escalated";
        /// A limit of time ran out.
        LIMIT_MISSED = "limit_missed";
        /// A comment, a watcher, a symptom: nothing moved.
        NOTED = "noted";
    }

    /// All of them.
    pub const ALL: [&str; 17] = [
        OPENED,
        ASSIGNED,
        ACKNOWLEDGED,
        ARRIVED,
        HELD,
        RESUMED,
        FIXED,
        REFUSED,
        VERIFIED,
        UNVERIFIED,
        CLOSED,
        REOPENED,
        FALSE_ALARM,
        DUPLICATE,
        ESCALATED,
        LIMIT_MISSED,
        NOTED,
    ];
}

/// Ends of names of fields that belong to a point.
pub mod of_point {
    names! {
        /// Why the point had no value: a word of the wire.
        FAULT = "_fault";
        /// Whether the value was within the band of the rule that mattered then.
        IN_BAND = "_in_band";
        /// Mean of an hour.
        MEAN = "_mean";
        /// Least of an hour.
        MIN = "_min";
        /// Greatest of an hour.
        MAX = "_max";
        /// Readings of an hour.
        COUNT = "_count";
        /// Share of the hour's judged readings that were within the band.
        IN_BAND_SHARE = "_in_band_share";
        /// Share of the hour that is lost.
        LOST = "_lost";
    }
}

/// Names of fields.
pub mod field {
    names! {
        /// Whether the venue was open.
        VENUE_OPEN = "venue_open";
        /// Whether somebody was in the room.
        ROOM_OCCUPIED = "room_occupied";
        /// Number of the sample in its spool.
        SAMPLE_SEQ = "sample_seq";
        /// The spool that numbered it.
        SAMPLE_SPOOL = "sample_spool";
        /// The boot in which it was read.
        SAMPLE_BOOT = "sample_boot";
        /// 1 where the instant of the sample is a guess; else left out.
        SAMPLE_CLOCK_UNCERTAIN = "sample_clock_uncertain";
        /// How far off it can be.
        SAMPLE_UNCERTAINTY_MS = "sample_uncertainty_ms";
        /// How long the venue was open in the hour.
        OPEN_SECONDS = "open_seconds";
        /// Number of the ticket for people.
        NUMBER = "number";
        /// Its title in Chinese.
        TEXT_ZH = "text_zh";
        /// Its title in English.
        TEXT_EN = "text_en";
        /// Identifier of the asset.
        ASSET = "asset";
        /// Identifier of the rule.
        RULE = "rule";
        /// How it became known: `readings`, `person`, `round` or `complaint`.
        SOURCE = "source";
        /// Where it stands.
        STATE = "state";
        /// It was opened.
        OPENED = "opened";
        /// Somebody said for the first time since it was opened: I am on it.
        ACKNOWLEDGED = "acknowledged";
        /// It ended as mended.
        CLOSED = "closed";
        /// It is open again.
        REOPENED = "reopened";
        /// It ended: there was nothing wrong.
        FALSE_ALARM = "false_alarm";
        /// It ended: another ticket has it.
        DUPLICATE = "duplicate";
        /// The next in the chain was told.
        ESCALATED = "escalated";
        /// The data refused a fix.
        REFUSED = "refused";
        /// A limit of time ran out.
        LIMIT_MISSED = "limit_missed";
        /// Whether the data proved the fix.
        PROVED = "proved";
        /// +1 where a ticket begins to be open, -1 where it ends: the sum is what is open.
        OPEN_CHANGE = "open_change";
        /// From opening to the first "I am on it".
        ACKNOWLEDGE_SECONDS = "acknowledge_seconds";
        /// From opening to the first arrival.
        ARRIVE_SECONDS = "arrive_seconds";
        /// From opening to the fix that held.
        REPAIR_SECONDS = "repair_seconds";
        /// How long the wait was that ends here.
        HOLD_SECONDS = "hold_seconds";
        /// Whether it was acknowledged within its limit.
        ACKNOWLEDGE_OK = "acknowledge_ok";
        /// Whether it was mended within its limit.
        FIX_OK = "fix_ok";
        /// How long it has been open.
        AGE_SECONDS = "age_seconds";
        /// The severity as a number, 1 the worst.
        RANK_SEVERITY = "rank_severity";
        /// Nobody has acknowledged it.
        UNACKNOWLEDGED = "unacknowledged";
        /// A limit has run out.
        OVERDUE = "overdue";
        /// It waits.
        HELD = "held";
        /// The venue is open.
        OPEN = "open";
        /// Rooms in use.
        ROOMS = "rooms";
        /// Rooms that can be opened.
        ROOMS_READY = "rooms_ready";
        /// Rooms that cannot.
        ROOMS_NOT_READY = "rooms_not_ready";
        /// Rooms of which it is not known.
        ROOMS_UNKNOWN = "rooms_unknown";
        /// Open tickets.
        TICKETS_OPEN = "tickets_open";
        /// Of severity P1.
        TICKETS_P1 = "tickets_p1";
        /// Of severity P2.
        TICKETS_P2 = "tickets_p2";
        /// Of severity P3.
        TICKETS_P3 = "tickets_p3";
        /// Of severity P4.
        TICKETS_P4 = "tickets_p4";
        /// That nobody acknowledged.
        TICKETS_UNACKNOWLEDGED = "tickets_unacknowledged";
        /// Whose limit has run out.
        TICKETS_OVERDUE = "tickets_overdue";
        /// Age of the oldest.
        OLDEST_TICKET_SECONDS = "oldest_ticket_seconds";
        /// Devices.
        AGENTS = "agents";
        /// Devices that are heard.
        AGENTS_ONLINE = "agents_online";
        /// Age of the newest sample.
        DATA_AGE_SECONDS = "data_age_seconds";
        /// Extinguishers of the register.
        EXTINGUISHERS = "extinguishers";
        /// That must be serviced or scrapped within 30 days.
        EXTINGUISHERS_DUE_30D = "extinguishers_due_30d";
        /// Whose service or scrapping is overdue.
        EXTINGUISHERS_OVERDUE = "extinguishers_overdue";
        /// That do not hang in their place.
        EXTINGUISHERS_MISSING = "extinguishers_missing";
        /// Rounds that can be made now and are not complete.
        ROUNDS_DUE = "rounds_due";
        /// Rounds of the business day that were missed.
        ROUNDS_MISSED = "rounds_missed";
        /// The room can be opened.
        READY = "ready";
        /// It cannot.
        NOT_READY = "not_ready";
        /// It is not known.
        UNKNOWN = "unknown";
        /// The worst reason in Chinese.
        REASON_ZH = "reason_zh";
        /// The worst reason in English.
        REASON_EN = "reason_en";
        /// How long before the opening that was said.
        MINUTES_TO_OPENING = "minutes_to_opening";
        /// The device is heard.
        ONLINE = "online";
        /// Samples that wait on it.
        SPOOL_SAMPLES = "spool_samples";
        /// Bytes of them.
        SPOOL_BYTES = "spool_bytes";
        /// Numbers without a sample that it has declared.
        LOST_SAMPLES = "lost_samples";
        /// Its clock is trusted.
        CLOCK_TRUSTED = "clock_trusted";
        /// Version of its program.
        VERSION = "version";
        /// It hangs in its place.
        PRESENT = "present";
        /// Days until its service; negative when that is past.
        SERVICE_DUE_DAYS = "service_due_days";
        /// Days until it must be scrapped.
        SCRAP_DUE_DAYS = "scrap_due_days";
        /// What it is filled with.
        KIND = "kind";
        /// The worst that is to be said of it.
        STANDING = "standing";
        /// Points that the device answers for.
        POINTS = "points";
        /// Share of their time with values that came live.
        MEASURED = "measured";
        /// … with values that came later.
        BACKFILLED = "backfilled";
        /// … that is lost.
        LOST = "lost";
        /// … that was off on purpose.
        PLANNED_OFF = "planned_off";
        /// Age of the oldest message of the last commit when it was durable.
        COMMIT_AGE_MS = "commit_age_ms";
        /// Messages that wait for a step.
        WAITING_MESSAGES = "waiting_messages";
        /// Samples since start.
        SAMPLES = "samples";
        /// Readings since start.
        READINGS = "readings";
        /// Samples that were known already, since start.
        DUPLICATES = "duplicates";
        /// Messages that could not be taken, since start.
        QUARANTINED = "quarantined";
        /// Commits that failed, since start.
        COMMIT_FAILURES = "commit_failures";
        /// Messages to people that wait.
        OUTBOX_WAITING = "outbox_waiting";
        /// Tries of a delivery that failed, since start.
        NOTIFY_FAILURES = "notify_failures";
        /// Commits whose samples are not compacted.
        BLOBS_WAITING = "blobs_waiting";
        /// Whether the broker is connected.
        BROKER_CONNECTED = "broker_connected";
        /// Parts of the collector that are in trouble.
        TROUBLES = "troubles";
        /// How far the writer is behind the ledger.
        WRITER_LAG_SECONDS = "writer_lag_seconds";
        /// Lines that the database refused, since start.
        WRITER_QUARANTINED = "writer_quarantined";
        /// Bytes of the ledger.
        LEDGER_BYTES = "ledger_bytes";
    }
}
