//! Chunks and roll-ups of the file, and the blobs that wait to become chunks: SQL for
//! [`Archive`] and [`Archivist`]. Never looks into a chunk.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, params};
use wire::{Id, Source, UnixMs};

use super::{Failure, Sqlite, connect, rows};
use crate::ledger::{
    Error,
    archive::{
        Archive, Archivist, ChunkKey, Compaction, DAY_HOURS, Day, EachBlob, EachPiece, PackedDay, Piece, SourceRow,
        Which,
    },
    export::cursor,
};

/// One page in so many stays free: a file that breathes need not grow each time.
const KEPT_SHARE: i64 = 20;

impl Archive for Sqlite {
    fn sources(&self, venue: Option<&Id>, room: Option<&Id>) -> Result<Vec<(SourceRow, Source)>, Error> {
        self.with("list its sources", |c| sources(c, venue, room))
    }

    fn visit(
        &self,
        sources: &[SourceRow],
        hours: RangeInclusive<u32>,
        which: Which,
        each: EachPiece<'_>,
    ) -> Result<(), Error> {
        self.with("read samples", |c| {
            // One transaction: chunks and tail as they were at one instant.
            let t = c.transaction()?;
            for &source in sources {
                let days = "SELECT body FROM day_chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
                let single = "SELECT body FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
                for (sql, range) in [(days, whole_days(&hours)), (single, hours.clone())] {
                    if sql == days && which == Which::Unpacked {
                        continue;
                    }
                    let keys = ChunkKey::numbers(source, &range);
                    let mut statement = t.prepare_cached(sql)?;
                    let mut rows = statement.query([keys.start(), keys.end()])?;
                    while let Some(row) = rows.next()? {
                        each(Piece::Chunk { source, body: blob(row, 0)? })?;
                    }
                }
            }
            let at = compaction(&t)?;
            let mut statement = t.prepare_cached("SELECT id, body FROM blob WHERE id > ?1 ORDER BY id")?;
            let mut rows = statement.query([at.done])?;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let from_source = if id <= at.upto { at.next_source } else { 0 };
                each(Piece::Tail { from_source, body: blob(row, 1)? })?;
            }
            Ok(())
        })
    }

    fn rollups(&self, source: SourceRow, hours: RangeInclusive<u32>) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        self.with("read roll-ups", |c| {
            let keys = ChunkKey::numbers(source, &whole_days(&hours));
            let mut statement =
                c.prepare_cached("SELECT id, body FROM rollup WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
            let rows = statement
                .query_map([keys.start(), keys.end()], |r| Ok((ChunkKey::of_number(r.get(0)?).hour, r.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The hours of every day that `hours` touches.
fn whole_days(hours: &RangeInclusive<u32>) -> RangeInclusive<u32> {
    hours.start() / DAY_HOURS * DAY_HOURS..=*hours.end()
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a [u8], Failure> {
    Ok(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

fn sources(c: &Connection, venue: Option<&Id>, room: Option<&Id>) -> Result<Vec<(SourceRow, Source)>, Failure> {
    let sql = "SELECT id, venue, room, agent FROM source \
               WHERE (?1 IS NULL OR venue = ?1) AND (?2 IS NULL OR room = ?2) ORDER BY venue, room, agent";
    let exact = "SELECT id, venue, room, agent FROM source WHERE venue = ?1 AND room = ?2 ORDER BY agent";
    let sql = if venue.is_some() && room.is_some() { exact } else { sql };
    let mut statement = c.prepare_cached(sql)?;
    let mut found = statement.query(params![venue.map(Id::as_str), room.map(Id::as_str)])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push((row.get(0)?, rows::source(row, 1)?));
    }
    Ok(all)
}

fn compaction(c: &Connection) -> Result<Compaction, rusqlite::Error> {
    c.prepare_cached("SELECT done, upto, next_source FROM compaction")?
        .query_row([], |r| Ok(Compaction { done: r.get(0)?, upto: r.get(1)?, next_source: r.get(2)? }))
}

/// The compactor's connection.
pub struct SqliteArchivist {
    connection: Connection,
}

impl Sqlite {
    /// A connection for the compactor. Its commits are not synced by themselves, so that they hold
    /// the step up for the time of a few page writes only: the log is synced with the step's next
    /// commit and before each checkpoint, and a cut before that takes compaction back to a whole
    /// earlier state, with the blobs still there.
    pub fn archivist(&self) -> Result<SqliteArchivist, Error> {
        let connection = connect(&self.path, &self.options)?;
        if self.options.synchronous == "FULL" {
            let normal = connection.pragma_update(None, "synchronous", "NORMAL");
            normal.map_err(|e| super::store_error("prepare compaction", e))?;
        }
        Ok(SqliteArchivist { connection })
    }
}

impl SqliteArchivist {
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let whole = || -> Result<T, Failure> {
            let t = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let done = work(&t)?;
            t.commit()?;
            Ok(done)
        };
        whole().map_err(|f| f.doing(doing))
    }

    fn read<T>(&self, doing: &'static str, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        work(&self.connection).map_err(|f| f.doing(doing))
    }
}

impl Archivist for SqliteArchivist {
    fn sources(&mut self) -> Result<Vec<(SourceRow, Source)>, Error> {
        self.read("list its sources", |c| sources(c, None, None))
    }

    fn introduce(&mut self, source: &Source, at: UnixMs) -> Result<SourceRow, Error> {
        self.write("introduce a source", |c| {
            c.prepare_cached("INSERT OR IGNORE INTO source (venue, room, agent, first_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![source.venue.as_str(), source.room.as_str(), source.agent.as_str(), at])?;
            rows::source_row(c, source)?.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
        })
    }

    fn newest_sample_at(&mut self) -> Result<Option<UnixMs>, Error> {
        self.read("find its newest sample", |c| {
            Ok(c.query_row("SELECT max(sample_at) FROM watermark", [], |r| r.get(0))?)
        })
    }

    fn compaction(&mut self) -> Result<Compaction, Error> {
        self.read("read its compaction", |c| Ok(compaction(c)?))
    }

    fn waiting(&mut self, bytes_max: u64) -> Result<(u64, u64), Error> {
        self.read("count its blobs", |c| {
            let (count, bytes, _) = measure(c, compaction(c)?.done, bytes_max)?;
            Ok((count, bytes))
        })
    }

    fn begin(&mut self, bytes_max: u64) -> Result<Compaction, Error> {
        self.write("begin a compaction", |c| {
            let at = compaction(c)?;
            if at.upto > at.done {
                return Ok(at);
            }
            let (_, _, upto) = measure(c, at.done, bytes_max)?;
            c.prepare_cached("UPDATE compaction SET upto = ?1, next_source = 0")?.execute([upto])?;
            Ok(Compaction { done: at.done, upto, next_source: 0 })
        })
    }

    fn blobs(&mut self, after: i64, upto: i64, each: EachBlob<'_>) -> Result<(), Error> {
        self.read("read blobs", |c| {
            let mut statement = c.prepare_cached("SELECT id, body FROM blob WHERE id > ?1 AND id <= ?2 ORDER BY id")?;
            let mut rows = statement.query([after, upto])?;
            while let Some(row) = rows.next()? {
                each(row.get(0)?, blob(row, 1)?)?;
            }
            Ok(())
        })
    }

    fn set_aside(&mut self, blob: i64, reason: &str) -> Result<(), Error> {
        self.write("set a damaged blob aside", |c| {
            let sql = "INSERT OR REPLACE INTO damaged_blob SELECT id, at, ?2, body FROM blob WHERE id = ?1";
            c.execute(sql, params![blob, reason])?;
            c.execute("DELETE FROM blob WHERE id = ?1", [blob])?;
            Ok(())
        })
    }

    fn chunk_below(&mut self, source: SourceRow, hour: u32, part: u32) -> Result<Option<(ChunkKey, Vec<u8>)>, Error> {
        self.read("read a chunk", |c| {
            let first = ChunkKey { source, hour, part: 0 }.number();
            let sql = "SELECT id, body FROM chunk WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT 1";
            let row = c
                .prepare_cached(sql)?
                .query_row([first, first + i64::from(part)], |r| Ok((ChunkKey::of_number(r.get(0)?), r.get(1)?)))
                .optional()?;
            Ok(row)
        })
    }

    fn store(&mut self, chunks: &[(ChunkKey, Option<Vec<u8>>)], next_source: SourceRow) -> Result<(), Error> {
        self.write("store chunks", |c| {
            let mut put = c.prepare_cached("INSERT OR REPLACE INTO chunk VALUES (?1, ?2)")?;
            let mut delete = c.prepare_cached("DELETE FROM chunk WHERE id = ?1")?;
            for (key, body) in chunks {
                match body {
                    Some(body) => put.execute(params![key.number(), body])?,
                    None => delete.execute([key.number()])?,
                };
            }
            c.prepare_cached("UPDATE compaction SET next_source = ?1")?.execute([next_source])?;
            Ok(())
        })
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.write("finish a compaction", |c| {
            c.execute("UPDATE compaction SET done = upto, next_source = 0", [])?;
            Ok(())
        })
    }

    fn forget_blobs(&mut self, limit: usize) -> Result<usize, Error> {
        self.write("delete compacted blobs", |c| {
            let sql = "DELETE FROM blob WHERE id IN \
                       (SELECT id FROM blob WHERE id <= (SELECT done FROM compaction) \
                        AND id <= COALESCE((SELECT MIN(position) FROM cursor WHERE name = ?2), id) \
                        ORDER BY id LIMIT ?1)";
            Ok(c.prepare_cached(sql)?.execute(params![limit as i64, cursor::SAMPLES])?)
        })
    }

    fn unpacked_days(&mut self, source: SourceRow, hour: u32) -> Result<Vec<u32>, Error> {
        let Some(last) = hour.checked_sub(1) else { return Ok(Vec::new()) };
        self.read("list hours to pack", |c| {
            let keys = ChunkKey::numbers(source, &(0..=last));
            let mut statement = c.prepare_cached("SELECT id FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
            let mut rows = statement.query([keys.start(), keys.end()])?;
            let mut days = Vec::new();
            while let Some(row) = rows.next()? {
                let first_hour = ChunkKey::of_number(row.get(0)?).hour / DAY_HOURS * DAY_HOURS;
                if days.last() != Some(&first_hour) {
                    days.push(first_hour);
                }
            }
            Ok(days)
        })
    }

    fn day_bytes(&mut self, source: SourceRow, first_hour: u32) -> Result<u64, Error> {
        self.read("measure a day", |c| {
            let keys = ChunkKey::numbers(source, &hours_of_day(first_hour));
            let mut bytes = 0;
            for table in ["chunk", "day_chunk"] {
                let sql = format!("SELECT coalesce(sum(length(body)), 0) FROM {table} WHERE id BETWEEN ?1 AND ?2");
                bytes += c.prepare_cached(&sql)?.query_row([keys.start(), keys.end()], |r| r.get::<_, i64>(0))? as u64;
            }
            Ok(bytes)
        })
    }

    fn day(&mut self, source: SourceRow, first_hour: u32) -> Result<Day, Error> {
        self.read("read a day", |c| {
            let keys = ChunkKey::numbers(source, &hours_of_day(first_hour));
            let chunks = |table: &str| -> Result<Vec<(ChunkKey, Vec<u8>)>, Failure> {
                let sql = format!("SELECT id, body FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
                let mut statement = c.prepare_cached(&sql)?;
                let rows = statement
                    .query_map([keys.start(), keys.end()], |r| Ok((ChunkKey::of_number(r.get(0)?), r.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            };
            let rollup = c
                .prepare_cached("SELECT body FROM rollup WHERE id = ?1")?
                .query_row([keys.start()], |r| r.get(0))
                .optional()?;
            Ok(Day { hours: chunks("chunk")?, packed: chunks("day_chunk")?, rollup })
        })
    }

    fn store_day(&mut self, source: SourceRow, first_hour: u32, packed: &PackedDay) -> Result<(), Error> {
        self.write("store a day", |c| {
            let keys = ChunkKey::numbers(source, &hours_of_day(first_hour));
            for table in ["chunk", "day_chunk"] {
                let sql = format!("DELETE FROM {table} WHERE id BETWEEN ?1 AND ?2");
                c.prepare_cached(&sql)?.execute([keys.start(), keys.end()])?;
            }
            let mut put = c.prepare_cached("INSERT INTO day_chunk VALUES (?1, ?2)")?;
            for (part, body) in packed.packed.iter().enumerate() {
                put.execute(params![ChunkKey { source, hour: first_hour, part: part as u32 }.number(), body])?;
            }
            c.prepare_cached("INSERT OR REPLACE INTO rollup VALUES (?1, ?2)")?
                .execute(params![keys.start(), packed.rollup])?;
            Ok(())
        })
    }

    fn expire(&mut self, source: SourceRow, raw_hour: u32, rollup_hour: u32, limit: usize) -> Result<usize, Error> {
        self.write("delete what is past retention", |c| {
            let mut gone = 0;
            for (table, hour) in [("chunk", raw_hour), ("day_chunk", raw_hour), ("rollup", rollup_hour)] {
                let Some(last) = hour.checked_sub(1) else { continue };
                let keys = ChunkKey::numbers(source, &(0..=last));
                let sql = format!(
                    "DELETE FROM {table} WHERE id IN \
                     (SELECT id FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3)"
                );
                gone += c.prepare_cached(&sql)?.execute(params![
                    keys.start(),
                    keys.end(),
                    limit.saturating_sub(gone) as i64
                ])?;
            }
            Ok(gone)
        })
    }

    fn expire_journal(&mut self, at: UnixMs, limit: usize) -> Result<usize, Error> {
        self.write("delete what is past retention", |c| {
            let sql = "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ?1 ORDER BY id LIMIT ?2)";
            Ok(c.prepare_cached(sql)?.execute(params![at, limit as i64])?)
        })
    }

    fn give_back(&mut self, keep: usize, limit: usize) -> Result<usize, Error> {
        self.read("give free pages back", |c| {
            let count = |name: &str| c.pragma_query_value(None, name, |r| r.get::<_, i64>(0));
            let (pages, free) = (count("page_count")?, count("freelist_count")?);
            let keep = (keep as i64).max(pages / KEPT_SHARE);
            let wanted = free.saturating_sub(keep).clamp(0, limit as i64);
            if wanted > 0 {
                let mut statement = c.prepare(&format!("PRAGMA incremental_vacuum({wanted})"))?;
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
            }
            Ok(wanted as usize)
        })
    }

    fn checkpoint(&mut self) -> Result<(), Error> {
        self.read("write its log back", |c| {
            c.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            Ok(())
        })
    }
}

fn hours_of_day(first_hour: u32) -> RangeInclusive<u32> {
    first_hour..=first_hour + (DAY_HOURS - 1)
}

/// Count, bytes and last row of the blobs after `done`, ending where `bytes_max` is reached.
fn measure(c: &Connection, done: i64, bytes_max: u64) -> Result<(u64, u64, i64), rusqlite::Error> {
    let mut statement = c.prepare_cached("SELECT id, length(body) FROM blob WHERE id > ?1 ORDER BY id")?;
    let mut rows = statement.query([done])?;
    let (mut count, mut bytes, mut last) = (0, 0, done);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        bytes += row.get::<_, i64>(1)? as u64;
        count += 1;
        if bytes >= bytes_max {
            break;
        }
    }
    Ok((count, bytes, last))
}
