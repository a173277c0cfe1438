//! Followers of the file: SQL for [`Exporter`], on a connection of their own.

use rusqlite::{Connection, OptionalExtension, params};
use wire::UnixMs;

use super::{Failure, Sqlite, connect, rows};
use crate::ledger::{
    Error, Record, blob,
    export::{Committed, Exporter, RefusedLine, Waiting},
    record_kind,
};
use crate::tickets::{Ticket, Transition};

/// Refused lines that are kept.
const REFUSED_MAX: i64 = 10_000;

/// A follower's connection.
pub struct SqliteExporter {
    connection: Connection,
}

impl Sqlite {
    /// For those who follow the ledger.
    pub fn exporter(&self) -> Result<SqliteExporter, Error> {
        Ok(SqliteExporter { connection: connect(&self.path, &self.options)? })
    }
}

impl SqliteExporter {
    fn with<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        work(&mut self.connection).map_err(|f| f.doing(doing))
    }
}

impl Exporter for SqliteExporter {
    fn position(&mut self, name: &str) -> Result<i64, Error> {
        self.with("find how far a follower is", |c| {
            let known = c
                .prepare_cached("SELECT position FROM cursor WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            if let Some(position) = known {
                return Ok(position);
            }
            c.execute("INSERT INTO cursor VALUES (?1, 0)", [name])?;
            Ok(0)
        })
    }

    fn advance(&mut self, name: &str, position: i64) -> Result<(), Error> {
        self.with("note how far a follower is", |c| {
            let sql = "INSERT INTO cursor VALUES (?1, ?2) ON CONFLICT DO UPDATE SET position = ?2";
            c.prepare_cached(sql)?.execute(params![name, position])?;
            Ok(())
        })
    }

    fn newest(&mut self) -> Result<i64, Error> {
        self.with("find the newest commit", |c| {
            Ok(c.query_row("SELECT COALESCE(MAX(id), 0) FROM blob", [], |row| row.get(0))?)
        })
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.with("forget who followed", |c| {
            c.execute("DELETE FROM cursor", [])?;
            Ok(())
        })
    }

    fn commits(&mut self, after: i64, bytes_max: u64) -> Result<Vec<Committed>, Error> {
        self.with("read commits", |c| {
            let mut statement = c.prepare_cached("SELECT id, body FROM blob WHERE id > ?1 ORDER BY id")?;
            let mut found = statement.query([after])?;
            let (mut all, mut bytes) = (Vec::new(), 0);
            while let Some(row) = found.next()? {
                let body = row.get_ref(1)?.as_blob().map_err(|e| rows::damaged("a blob", e))?;
                bytes += body.len() as u64;
                if !all.is_empty() && bytes > bytes_max {
                    break;
                }
                // What does not read back is set aside by the compactor, with its reason.
                let samples = blob::decode(body).unwrap_or_default();
                all.push(Committed { row: row.get(0)?, samples });
            }
            Ok(all)
        })
    }

    fn waiting(&mut self, after: i64) -> Result<Waiting, Error> {
        self.with("count what waits", |c| {
            let sql = "SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0), MIN(at) FROM blob WHERE id > ?1";
            Ok(c.prepare_cached(sql)?.query_row([after], |row| {
                Ok(Waiting {
                    commits: row.get::<_, i64>(0)? as u64,
                    bytes: row.get::<_, i64>(1)? as u64,
                    since: row.get(2)?,
                })
            })?)
        })
    }

    fn history(&mut self, after: i64, limit: usize) -> Result<Vec<(i64, Transition, Ticket)>, Error> {
        self.with("read histories", |c| {
            let sql = "SELECT h.id, h.body, t.body FROM history h JOIN ticket t ON t.id = h.ticket \
                       WHERE h.id > ?1 ORDER BY h.id LIMIT ?2";
            let mut statement = c.prepare_cached(sql)?;
            let mut found = statement.query(params![after, limit as i64])?;
            let mut all = Vec::new();
            while let Some(row) = found.next()? {
                let line = rows::from_json("a line of a history", &row.get::<_, String>(1)?)?;
                let ticket = rows::from_json("a ticket", &row.get::<_, String>(2)?)?;
                all.push((row.get(0)?, line, ticket));
            }
            Ok(all)
        })
    }

    fn records(&mut self, at: UnixMs, limit: usize) -> Result<Vec<Record>, Error> {
        self.with("read records", |c| {
            let kinds = (record_kind::READINESS, record_kind::SILENCE);
            let bound = "SELECT at FROM record WHERE at > ?1 AND kind IN (?3, ?4) ORDER BY at LIMIT 1 OFFSET ?2";
            let mut statement = c.prepare_cached(bound)?;
            let bound: Option<UnixMs> =
                statement.query_row(params![at, limit as i64, kinds.0, kinds.1], |row| row.get(0)).optional()?;
            let sql = "SELECT kind, venue, key, at, body FROM record WHERE at > ?1 AND at <= ?2 AND kind IN (?3, ?4) \
                       ORDER BY at";
            let mut statement = c.prepare_cached(sql)?;
            let mut found = statement.query(params![at, bound.unwrap_or(UnixMs::MAX), kinds.0, kinds.1])?;
            let mut all = Vec::new();
            while let Some(row) = found.next()? {
                all.push(rows::record(row)?);
            }
            Ok(all)
        })
    }

    fn refuse(&mut self, lines: &[RefusedLine]) -> Result<(), Error> {
        self.with("keep refused lines", |c| {
            let t = c.transaction()?;
            for RefusedLine { at, line, reason } in lines {
                t.prepare_cached("INSERT INTO refused_line (at, line, reason) VALUES (?1, ?2, ?3)")?
                    .execute(params![at, line, reason])?;
            }
            let newest: i64 = t.query_row("SELECT COALESCE(MAX(id), 0) FROM refused_line", [], |row| row.get(0))?;
            t.execute("DELETE FROM refused_line WHERE id <= ?1", [newest - REFUSED_MAX])?;
            t.commit()?;
            Ok(())
        })
    }

    fn refused(&mut self, limit: usize) -> Result<Vec<RefusedLine>, Error> {
        self.with("read refused lines", |c| {
            let mut statement =
                c.prepare_cached("SELECT at, line, reason FROM refused_line ORDER BY id DESC LIMIT ?1")?;
            let mut found = statement.query([limit as i64])?;
            let mut all = Vec::new();
            while let Some(row) = found.next()? {
                all.push(RefusedLine { at: row.get(0)?, line: row.get(1)?, reason: row.get(2)? });
            }
            Ok(all)
        })
    }
}
