//! The step's writer: one [`Commit`] is one transaction. Samples go in as one blob, so that a
//! commit dirties a run of pages and not a page a series.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use wire::{Source, UnixMs};

use super::{
    Failure, Options, load,
    rows::{damaged, lost_reason, source_row, to_json},
};
use crate::{
    ledger::{Commit, Error, Ledger, Loaded, blob, store::severity_number},
    tickets::{Stage, Ticket},
};

/// The one writer of a ledger file.
pub struct SqliteLedger {
    connection: Connection,
    sources: HashMap<Source, i64>,
    quarantine_rows_max: u64,
    path: PathBuf,
    /// Random, new at each opening: who may write.
    writer: String,
    /// Held open: see [`super::claim`].
    _claim: Option<File>,
}

impl SqliteLedger {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        options: &Options,
        claim: Option<File>,
    ) -> Result<Self, Error> {
        let mut ledger = Self {
            connection,
            sources: HashMap::new(),
            quarantine_rows_max: options.quarantine_rows_max,
            path: path.into(),
            writer: String::new(),
            _claim: claim,
        };
        ledger.introduce().map_err(|f| f.doing("read its own name"))?;
        Ok(ledger)
    }

    /// Gives a new ledger its name and number 0, and writes in any case: the log file then exists
    /// before its folder is synced.
    fn introduce(&mut self) -> Result<(), Failure> {
        let mut random = [0u8; 6];
        getrandom::fill(&mut random).map_err(|e| damaged("a random name", e))?;
        let t = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        t.execute("INSERT OR IGNORE INTO meta VALUES ('name', ?1), ('commit', 0)", [hex::encode(random)])?;
        getrandom::fill(&mut random).map_err(|e| damaged("a random name", e))?;
        self.writer = hex::encode(random);
        t.execute("INSERT OR REPLACE INTO meta VALUES ('writer', ?1)", [&self.writer])?;
        t.commit()?;
        let mut sources = self.connection.prepare("SELECT id, venue, room, agent FROM source")?;
        let mut rows = sources.query([])?;
        while let Some(row) = rows.next()? {
            self.sources.insert(super::rows::source(row, 1)?, row.get(0)?);
        }
        Ok(())
    }

    /// The ledger's random name, for a client identifier that no other collector has.
    pub fn name(&self) -> Result<String, Error> {
        let read = self.connection.query_row("SELECT value FROM meta WHERE key = 'name'", [], |r| r.get(0));
        read.map_err(|e| super::store_error("read its own name", e))
    }
}

impl Ledger for SqliteLedger {
    fn load(&mut self, now: UnixMs) -> Result<Loaded, Error> {
        load::load(&self.connection, now).map_err(|f| f.doing("load its state"))
    }

    fn commit(&mut self, number: u64, commit: &Commit) -> Result<(), Error> {
        let mut fresh = Vec::new();
        self.write(&mut fresh, number, commit).map_err(|f| f.doing("commit"))?;
        self.sources.extend(fresh);
        Ok(())
    }
}

/// Row numbers of sources, old and of this transaction.
struct Sources<'a> {
    known: &'a HashMap<Source, i64>,
    fresh: &'a mut Vec<(Source, i64)>,
    at: UnixMs,
}

impl Sources<'_> {
    fn row(&mut self, t: &Transaction<'_>, source: &Source) -> Result<i64, Failure> {
        if let Some(row) = self.known.get(source) {
            return Ok(*row);
        }
        if let Some((_, row)) = self.fresh.iter().find(|(s, _)| s == source) {
            return Ok(*row);
        }
        // Known to the file and not to us: a commit whose outcome was in doubt had introduced it.
        if let Some(row) = source_row(t, source)? {
            self.fresh.push((source.clone(), row));
            return Ok(row);
        }
        t.prepare_cached("INSERT INTO source (venue, room, agent, first_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![source.venue.as_str(), source.room.as_str(), source.agent.as_str(), self.at])?;
        let row = t.last_insert_rowid();
        self.fresh.push((source.clone(), row));
        Ok(row)
    }
}

impl SqliteLedger {
    fn write(&mut self, fresh: &mut Vec<(Source, i64)>, number: u64, commit: &Commit) -> Result<(), Failure> {
        let body = (!commit.samples.is_empty()).then(|| blob::encode(&commit.samples));
        let t = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let writer: String =
            t.prepare_cached("SELECT value FROM meta WHERE key = 'writer'")?.query_row([], |r| r.get(0))?;
        if writer != self.writer {
            return Err(Failure::Ledger(Error::InUse { path: self.path.clone() }));
        }
        let stored: i64 =
            t.prepare_cached("SELECT value FROM meta WHERE key = 'commit'")?.query_row([], |r| r.get(0))?;
        if stored as u64 >= number {
            return Ok(());
        }
        t.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'commit'")?.execute([number as i64])?;
        let sources = &mut Sources { known: &self.sources, fresh, at: commit.at };
        if let Some(body) = body {
            t.prepare_cached("INSERT INTO blob (at, body) VALUES (?1, ?2)")?.execute(params![commit.at, body])?;
        }
        write_delivery(&t, sources, commit)?;
        write_quarantine(&t, commit, self.quarantine_rows_max)?;
        write_devices(&t, sources, commit)?;
        write_rules(&t, sources, commit)?;
        write_tickets(&t, commit)?;
        write_messages(&t, commit)?;
        write_records(&t, commit)?;
        write_journal(&t, commit)?;
        t.commit()?;
        Ok(())
    }
}

fn write_journal(t: &Transaction<'_>, commit: &Commit) -> Result<(), Failure> {
    if let Some(page) = &commit.journal {
        t.prepare_cached("INSERT INTO journal (at, body) VALUES (?1, ?2)")?
            .execute(params![page.at, to_json(page)?])?;
    }
    Ok(())
}

fn write_delivery(t: &Transaction<'_>, sources: &mut Sources<'_>, commit: &Commit) -> Result<(), Failure> {
    let mut mark = t.prepare_cached(
        "INSERT INTO watermark VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET upto = ?3, sample_at = ?4",
    )?;
    for w in &commit.watermarks {
        mark.execute(params![sources.row(t, &w.source)?, w.spool.as_str(), w.upto as i64, w.sample_at])?;
    }
    let mut lost =
        t.prepare_cached("INSERT INTO lost (at, source, spool, seq, upto, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (source, run) in &commit.lost {
        let row = sources.row(t, source)?;
        let reason = lost_reason(run.reason);
        lost.execute(params![commit.at, row, run.spool.as_str(), run.seq as i64, run.upto as i64, reason])?;
    }
    Ok(())
}

fn write_quarantine(t: &Transaction<'_>, commit: &Commit, rows_max: u64) -> Result<(), Failure> {
    if commit.quarantine.is_empty() {
        return Ok(());
    }
    let mut insert =
        t.prepare_cached("INSERT INTO quarantine (at, topic, reason, detail, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for q in &commit.quarantine {
        insert.execute(params![q.at, q.topic, q.reason, q.detail, q.body])?;
    }
    let newest = t.last_insert_rowid();
    t.prepare_cached("DELETE FROM quarantine WHERE id <= ?1")?.execute([newest.saturating_sub(rows_max as i64)])?;
    Ok(())
}

fn write_devices(t: &Transaction<'_>, sources: &mut Sources<'_>, commit: &Commit) -> Result<(), Failure> {
    for (source, about) in &commit.abouts {
        let row = sources.row(t, source)?;
        t.prepare_cached("UPDATE source SET about = ?2 WHERE id = ?1")?.execute(params![row, to_json(about)?])?;
    }
    for (source, status) in &commit.statuses {
        let row = sources.row(t, source)?;
        t.prepare_cached("UPDATE source SET status = ?2 WHERE id = ?1")?.execute(params![row, to_json(status)?])?;
    }
    Ok(())
}

fn write_rules(t: &Transaction<'_>, sources: &mut Sources<'_>, commit: &Commit) -> Result<(), Failure> {
    for (key, value) in &commit.tracks {
        match value {
            Some(value) => {
                let sql = "INSERT INTO track VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
                t.prepare_cached(sql)?.execute(params![key, value])?
            }
            None => t.prepare_cached("DELETE FROM track WHERE key = ?1")?.execute([key])?,
        };
    }
    for e in &commit.episodes {
        let row = sources.row(t, &e.key.subject.source)?;
        let point = e.key.subject.point.as_ref().map_or("", |p| p.as_str());
        // A late repetition of the beginning must not take back an end or a ticket.
        let sql = "INSERT INTO episode VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
                   ON CONFLICT DO UPDATE SET severity = ?5, late = ?6, seen_at = ?7, value = ?8, limit_value = ?9, \
                   ended_at = coalesce(?10, ended_at), ticket = coalesce(?11, ticket)";
        t.prepare_cached(sql)?.execute(params![
            e.key.rule.as_str(),
            row,
            point,
            e.key.began_at,
            severity_number(e.severity),
            e.late,
            e.seen.at,
            e.seen.value,
            e.seen.limit,
            e.ended_at,
            e.ticket.map(|t| t as i64)
        ])?;
    }
    Ok(())
}

/// The stage as stored, the same word as in JSON.
pub(super) fn stage_word(stage: Stage) -> Result<String, Failure> {
    match serde_json::to_value(stage) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        other => Err(damaged("a stage", format!("{other:?}"))),
    }
}

fn write_tickets(t: &Transaction<'_>, commit: &Commit) -> Result<(), Failure> {
    for ticket in &commit.tickets {
        write_ticket(t, ticket)?;
    }
    for line in &commit.history {
        t.prepare_cached("INSERT INTO history (ticket, at, body) VALUES (?1, ?2, ?3)")?.execute(params![
            line.ticket as i64,
            line.at,
            to_json(line)?
        ])?;
    }
    for (request, answer) in &commit.answered {
        let (accepted, text) = match answer {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        let sql = "UPDATE request SET answered_at = ?2, accepted = ?3, answer = ?4 WHERE id = ?1";
        t.prepare_cached(sql)?.execute(params![*request as i64, commit.at, accepted, text])?;
    }
    Ok(())
}

fn write_ticket(t: &Transaction<'_>, ticket: &Ticket) -> Result<(), Failure> {
    let sql = "INSERT INTO ticket VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET \
               number = ?2, venue = ?3, room = ?4, team = ?5, rule = ?6, stage = ?7, opened_at = ?8, closed_at = ?9, \
               body = ?10";
    t.prepare_cached(sql)?.execute(params![
        ticket.id as i64,
        ticket.number,
        ticket.venue.as_str(),
        ticket.room.as_str(),
        ticket.team.as_str(),
        ticket.rule.as_ref().map(|r| r.as_str()),
        stage_word(ticket.stage)?,
        ticket.opened_at,
        ticket.closed_at,
        to_json(ticket)?
    ])?;
    Ok(())
}

fn write_records(t: &Transaction<'_>, commit: &Commit) -> Result<(), Failure> {
    for r in &commit.records {
        let sql = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET at = ?4, body = ?5";
        t.prepare_cached(sql)?.execute(params![r.kind, r.venue.as_str(), r.key, r.at, r.body.to_string()])?;
    }
    Ok(())
}

fn write_messages(t: &Transaction<'_>, commit: &Commit) -> Result<(), Failure> {
    for m in &commit.outbox {
        let sql = "INSERT INTO outbox (channel, key, ticket, severity, due_at, payload) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (channel, key) DO NOTHING";
        t.prepare_cached(sql)?.execute(params![
            m.channel,
            m.key,
            m.ticket.map(|t| t as i64),
            severity_number(m.severity),
            m.due_at,
            m.payload.to_string()
        ])?;
    }
    Ok(())
}
