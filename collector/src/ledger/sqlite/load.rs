//! What a collector needs to go on where the last commit ended, read once at its start.

use rusqlite::Connection;
use wire::UnixMs;

use super::{
    Failure,
    rows::{EPISODE_COLUMNS, blob_samples, episode, from_json, id, record, source},
};
use crate::{
    episode::OWN_AGENT,
    ledger::{
        Device, Loaded, Record, Watermark, record_kind,
        store::{RECENT_MS, ROUNDS_MS},
    },
};

/// Samples brought back for last values and for telling repetitions from conflicts: the newest
/// blobs up to this many bytes. More would only make the start slow.
const BLOB_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) fn load(connection: &Connection, now: UnixMs) -> Result<Loaded, Failure> {
    let one = |sql: &str| connection.query_row(sql, [], |r| r.get::<_, i64>(0));
    Ok(Loaded {
        commit_number: one("SELECT value FROM meta WHERE key = 'commit'")? as u64,
        ticket_id: one("SELECT coalesce(max(id), 0) FROM ticket")? as u64,
        watermarks: watermarks(connection)?,
        tracks: connection
            .prepare("SELECT key, value FROM track")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<Result<_, _>>()?,
        tickets: tickets(connection, now)?,
        episodes: episodes(connection)?,
        devices: devices(connection)?,
        records: records(connection, now)?,
        samples: samples(connection)?,
    })
}

pub(super) fn watermarks(connection: &Connection) -> Result<Vec<Watermark>, Failure> {
    let sql = "SELECT s.venue, s.room, s.agent, w.spool, w.upto, w.sample_at \
               FROM watermark w JOIN source s ON s.id = w.source";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let spool: String = row.get(3)?;
        all.push(Watermark {
            source: source(row, 0)?,
            spool: id(&spool)?,
            upto: row.get::<_, i64>(4)? as u64,
            sample_at: row.get(5)?,
        });
    }
    Ok(all)
}

fn tickets(connection: &Connection, now: UnixMs) -> Result<Vec<crate::tickets::Ticket>, Failure> {
    let sql = "SELECT body FROM ticket WHERE closed_at IS NULL OR closed_at >= ?1 OR opened_at >= ?1 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([now - RECENT_MS])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(from_json("a ticket", &row.get::<_, String>(0)?)?);
    }
    Ok(all)
}

fn episodes(connection: &Connection) -> Result<Vec<crate::ledger::EpisodeRow>, Failure> {
    let sql =
        format!("SELECT {EPISODE_COLUMNS} FROM episode e JOIN source s ON s.id = e.source WHERE e.ended_at IS NULL");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(episode(row)?);
    }
    Ok(all)
}

pub(super) fn devices(connection: &Connection) -> Result<Vec<Device>, Failure> {
    let sql = "SELECT venue, room, agent, first_at, about, status FROM source WHERE agent <> ?1 \
               ORDER BY venue, room, agent";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([OWN_AGENT])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let (about, status): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
        all.push(Device {
            source: source(row, 0)?,
            first_at: row.get(3)?,
            about: about.map(|t| from_json("an about", &t)).transpose()?,
            status: status.map(|t| from_json("a status", &t)).transpose()?,
        });
    }
    Ok(all)
}

fn records(connection: &Connection, now: UnixMs) -> Result<Vec<Record>, Failure> {
    let sql = "SELECT kind, venue, key, at, body FROM record WHERE kind IN (?1, ?2, ?4) \
               AND (kind <> ?2 OR at >= ?3)";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(rusqlite::params![
        record_kind::ROOM_STATE,
        record_kind::ROUND,
        now - ROUNDS_MS,
        record_kind::SILENCE_NOTE
    ])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(record(row)?);
    }
    Ok(all)
}

fn samples(connection: &Connection) -> Result<Vec<(wire::Source, wire::Sample)>, Failure> {
    let mut statement = connection.prepare("SELECT body FROM blob ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let (mut bytes, mut bodies) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(0)?;
        bytes += body.len();
        bodies.push(body);
        if bytes > BLOB_BYTES_MAX {
            break;
        }
    }
    let mut samples = Vec::new();
    for body in bodies.iter().rev() {
        // A damaged blob costs what it holds, not the start; compaction reports and keeps it.
        if let Ok(some) = blob_samples(body) {
            samples.extend(some);
        }
    }
    Ok(samples)
}
