//! The senders' and the people's side of the file: short transactions on pooled connections.

use rusqlite::{OptionalExtension, params};
use wire::UnixMs;

use super::{
    Sqlite,
    rows::{MESSAGE_COLUMNS, from_json, message, to_json},
};
use crate::{
    ledger::{Error, Inbox, Message, Outbox, Request},
    tickets::Action,
};

impl Outbox for Sqlite {
    fn due(&self, channel: &str, now: UnixMs, limit: usize) -> Result<Vec<Message>, Error> {
        self.with("read the outbox", |c| {
            let sql = format!(
                "SELECT {MESSAGE_COLUMNS} FROM outbox WHERE channel = ?1 AND due_at <= ?2 \
                 AND sent_at IS NULL AND dead_at IS NULL ORDER BY severity, id LIMIT ?3"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(params![channel, now, limit as i64])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(message(row)?);
            }
            Ok(all)
        })
    }

    fn next_due(&self, channel: &str) -> Result<Option<UnixMs>, Error> {
        self.with("read the outbox", |c| {
            let sql = "SELECT min(due_at) FROM outbox WHERE channel = ?1 AND sent_at IS NULL AND dead_at IS NULL";
            Ok(c.prepare_cached(sql)?.query_row([channel], |r| r.get(0))?)
        })
    }

    fn sent(&self, id: u64, at: UnixMs) -> Result<(), Error> {
        self.with("note a delivery", |c| {
            let sql = "UPDATE outbox SET sent_at = ?2, attempts = attempts + 1, error = NULL WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![id as i64, at])?;
            Ok(())
        })
    }

    fn failed(&self, id: u64, at: UnixMs, reason: &str, due_at: Option<UnixMs>) -> Result<(), Error> {
        self.with("note a failed delivery", |c| {
            let sql = "UPDATE outbox SET attempts = attempts + 1, error = ?3, due_at = coalesce(?4, due_at), \
                       dead_at = CASE WHEN ?4 IS NULL THEN ?2 END WHERE id = ?1";
            c.prepare_cached(sql)?.execute(params![id as i64, at, reason, due_at])?;
            Ok(())
        })
    }
}

impl Inbox for Sqlite {
    fn put_request(&self, at: UnixMs, who: &str, ticket: &str, action: &Action) -> Result<u64, Error> {
        self.with("take a request", |c| {
            let sql = "INSERT INTO request (at, who, ticket, action) VALUES (?1, ?2, ?3, ?4)";
            c.prepare_cached(sql)?.execute(params![at, who, ticket, to_json(action)?])?;
            Ok(c.last_insert_rowid() as u64)
        })
    }

    fn pending(&self, limit: usize) -> Result<Vec<Request>, Error> {
        self.with("read requests", |c| {
            let sql = "SELECT id, who, ticket, action FROM request WHERE answered_at IS NULL ORDER BY id LIMIT ?1";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([limit as i64])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let action: String = row.get(3)?;
                all.push(Request {
                    id: row.get::<_, i64>(0)? as u64,
                    who: row.get(1)?,
                    ticket: row.get(2)?,
                    action: from_json("a request", &action)?,
                });
            }
            Ok(all)
        })
    }

    fn answer(&self, id: u64) -> Result<Option<Result<String, String>>, Error> {
        self.with("read an answer", |c| {
            let sql = "SELECT accepted, answer FROM request WHERE id = ?1 AND answered_at IS NOT NULL";
            let row = c
                .prepare_cached(sql)?
                .query_row([id as i64], |r| Ok((r.get::<_, bool>(0)?, r.get::<_, String>(1)?)))
                .optional()?;
            Ok(row.map(|(accepted, text)| if accepted { Ok(text) } else { Err(text) }))
        })
    }
}
