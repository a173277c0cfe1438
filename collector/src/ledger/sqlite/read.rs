//! The lookers' side of the file, on pooled connections: WAL lets them read while a step writes.

use rusqlite::{OptionalExtension, ToSql, params};
use wire::UnixMs;

use super::{
    Failure, Sqlite,
    commit::stage_word,
    load,
    rows::{EPISODE_COLUMNS, MESSAGE_COLUMNS, episode, from_json, id, lost_reason_of, message, record, source},
};
use crate::{
    ledger::{
        Device, EpisodeFilter, EpisodeRow, Error, LostRow, MessageRow, Quarantined, Reader, Record, RecordFilter, Size,
        TicketFilter, WaitingMessages, Watermark, journal::Page, quarantine_reason, store::ROWS_MAX,
    },
    tickets::{Ticket, Transition},
};

/// Conditions and their values, as they are added.
#[derive(Default)]
struct Where {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Where {
    fn and(&mut self, condition: &str, value: impl ToSql + 'static) {
        self.plain(condition);
        self.values.push(Box::new(value));
    }

    fn plain(&mut self, condition: &str) {
        self.sql += if self.sql.is_empty() { " WHERE " } else { " AND " };
        self.sql += condition;
    }

    fn values(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(AsRef::as_ref).collect()
    }
}

fn rows_max(limit: usize) -> usize {
    if limit == 0 { ROWS_MAX } else { limit.min(ROWS_MAX) }
}

impl Reader for Sqlite {
    fn tickets(&self, filter: &TicketFilter) -> Result<Vec<Ticket>, Error> {
        self.with("read tickets", |c| {
            let mut w = Where::default();
            for (condition, value) in [
                ("venue = ?", &filter.venue),
                ("room = ?", &filter.room),
                ("team = ?", &filter.team),
                ("rule = ?", &filter.rule),
            ] {
                if let Some(value) = value {
                    w.and(condition, value.as_str().to_owned());
                }
            }
            if !filter.stages.is_empty() {
                let marks = vec!["?"; filter.stages.len()].join(", ");
                w.plain(&format!("stage IN ({marks})"));
                for stage in &filter.stages {
                    w.values.push(Box::new(stage_word(*stage)?));
                }
            }
            if filter.open {
                w.plain("closed_at IS NULL");
            }
            if let Some(since) = filter.since {
                w.and("opened_at >= ?", since);
            }
            let sql = format!("SELECT body FROM ticket{} ORDER BY id DESC LIMIT {}", w.sql, rows_max(filter.limit));
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(w.values().as_slice())?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(from_json("a ticket", &row.get::<_, String>(0)?)?);
            }
            Ok(all)
        })
    }

    fn ticket(&self, number: &str) -> Result<Option<Ticket>, Error> {
        self.with("read a ticket", |c| {
            let mut statement = c.prepare_cached("SELECT body FROM ticket WHERE number = ?1")?;
            let body: Option<String> = statement.query_row([number], |r| r.get(0)).optional()?;
            body.map(|b| from_json("a ticket", &b)).transpose()
        })
    }

    fn history(&self, ticket: u64) -> Result<Vec<Transition>, Error> {
        self.with("read a history", |c| {
            let mut statement = c.prepare_cached("SELECT body FROM history WHERE ticket = ?1 ORDER BY id")?;
            let mut rows = statement.query([ticket as i64])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(from_json("a history", &row.get::<_, String>(0)?)?);
            }
            Ok(all)
        })
    }

    fn episodes(&self, filter: &EpisodeFilter) -> Result<Vec<EpisodeRow>, Error> {
        self.with("read episodes", |c| {
            let mut w = Where::default();
            for (condition, value) in
                [("s.venue = ?", &filter.venue), ("s.room = ?", &filter.room), ("e.rule = ?", &filter.rule)]
            {
                if let Some(value) = value {
                    w.and(condition, value.as_str().to_owned());
                }
            }
            if let Some(ticket) = filter.ticket {
                w.and("e.ticket = ?", ticket as i64);
            }
            if let Some(since) = filter.since {
                w.and("coalesce(e.ended_at, 9223372036854775807) >= ?", since);
            }
            let sql = format!(
                "SELECT {EPISODE_COLUMNS} FROM episode e JOIN source s ON s.id = e.source{} \
                 ORDER BY e.began_at DESC LIMIT {}",
                w.sql,
                rows_max(filter.limit)
            );
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(w.values().as_slice())?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(episode(row)?);
            }
            Ok(all)
        })
    }

    fn devices(&self) -> Result<Vec<Device>, Error> {
        self.with("read devices", |c| load::devices(c))
    }

    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>, Error> {
        self.with("read the quarantine", |c| {
            let sql = "SELECT at, topic, reason, detail, body FROM quarantine ORDER BY id DESC LIMIT ?1";
            let rows = c
                .prepare_cached(sql)?
                .query_map([rows_max(limit) as i64], |r| {
                    Ok(Quarantined {
                        at: r.get(0)?,
                        topic: r.get(1)?,
                        reason: quarantine_reason(&r.get::<_, String>(2)?),
                        detail: r.get(3)?,
                        body: r.get(4)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    fn lost(&self, limit: usize) -> Result<Vec<LostRow>, Error> {
        self.with("read lost runs", |c| {
            let sql = "SELECT s.venue, s.room, s.agent, l.at, l.spool, l.seq, l.upto, l.reason \
                       FROM lost l JOIN source s ON s.id = l.source ORDER BY l.id DESC LIMIT ?1";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([rows_max(limit) as i64])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let lost = wire::Lost {
                    spool: id(&row.get::<_, String>(4)?)?,
                    seq: row.get::<_, i64>(5)? as u64,
                    upto: row.get::<_, i64>(6)? as u64,
                    reason: lost_reason_of(&row.get::<_, String>(7)?)?,
                };
                all.push(LostRow { at: row.get(3)?, source: source(row, 0)?, lost });
            }
            Ok(all)
        })
    }

    fn messages(&self, ticket: Option<u64>, limit: usize) -> Result<Vec<MessageRow>, Error> {
        self.with("read messages", |c| {
            let sql = format!(
                "SELECT {MESSAGE_COLUMNS}, sent_at, dead_at, error FROM outbox \
                 WHERE ?1 IS NULL OR ticket = ?1 ORDER BY id DESC LIMIT ?2"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(params![ticket.map(|t| t as i64), rows_max(limit) as i64])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let waiting = message(row)?;
                all.push(MessageRow {
                    id: waiting.id,
                    message: waiting.message,
                    attempts: waiting.attempts,
                    sent_at: row.get(8)?,
                    dead_at: row.get(9)?,
                    error: row.get(10)?,
                });
            }
            Ok(all)
        })
    }

    fn journal(&self, from: UnixMs, to: UnixMs, after: i64, limit: usize) -> Result<Vec<(i64, Page)>, Error> {
        self.with("read the journal", |c| {
            let sql = "SELECT id, body FROM journal WHERE id > ?1 AND at >= ?2 AND at < ?3 ORDER BY id LIMIT ?4";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query(params![after, from, to, rows_max(limit) as i64])?;
            let mut pages = Vec::new();
            while let Some(row) = rows.next()? {
                pages.push((row.get(0)?, from_json("a page of the journal", &row.get::<_, String>(1)?)?));
            }
            Ok(pages)
        })
    }

    fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, Error> {
        self.with("read records", |c| {
            let mut w = Where::default();
            w.and("kind = ?", filter.kind.clone());
            if let Some(venue) = &filter.venue {
                w.and("venue = ?", venue.as_str().to_owned());
            }
            for (condition, key) in [("key >= ?", &filter.from), ("key <= ?", &filter.to)] {
                if let Some(key) = key {
                    w.and(condition, key.clone());
                }
            }
            let limit = rows_max(filter.limit);
            let sql = format!("SELECT kind, venue, key, at, body FROM record{} ORDER BY key DESC LIMIT {limit}", w.sql);
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query(w.values().as_slice())?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(record(row)?);
            }
            Ok(all)
        })
    }

    fn watermarks(&self) -> Result<Vec<Watermark>, Error> {
        self.with("read watermarks", |c| load::watermarks(c))
    }

    fn size(&self) -> Result<Size, Error> {
        self.with("measure itself", |c| {
            let two =
                |sql: &str| c.query_row(sql, [], |r| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64)));
            let (blobs, blob_bytes) = two("SELECT count(*), coalesce(sum(length(body)), 0) FROM blob")?;
            let (chunks, chunk_bytes) =
                two("SELECT count(*), coalesce(sum(bytes), 0) FROM (SELECT length(body) AS bytes FROM chunk \
                 UNION ALL SELECT length(body) FROM day_chunk)")?;
            let sql = "SELECT channel, count(*), min(due_at) FROM outbox \
                       WHERE sent_at IS NULL AND dead_at IS NULL GROUP BY channel";
            let waiting: Vec<WaitingMessages> = c
                .prepare_cached(sql)?
                .query_map([], |r| {
                    Ok(WaitingMessages { channel: r.get(0)?, messages: r.get::<_, i64>(1)? as u64, due_at: r.get(2)? })
                })?
                .collect::<Result<_, _>>()?;
            let pages: i64 = c.pragma_query_value(None, "page_count", |r| r.get(0))?;
            let page_bytes: i64 = c.pragma_query_value(None, "page_size", |r| r.get(0))?;
            Ok::<_, Failure>(Size {
                blobs,
                blob_bytes,
                chunks,
                chunk_bytes,
                file_bytes: (pages * page_bytes) as u64,
                outbox: waiting.iter().map(|channel| channel.messages).sum(),
                waiting,
            })
        })
    }
}
