//! Chunks and roll-ups of the file, and the blobs that wait to become chunks.

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use wire::{Id, Source};

use super::{
    Failure, Sqlite,
    rows::{damaged, source, source_row},
};
use crate::ledger::{Archive, CompactedHour, Error};

impl Sqlite {
    fn hours(&self, table: &str, source: &Source, from: i64, to: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        self.with("read readings", |c| {
            let Some(row) = source_row(c, source)? else { return Ok(Vec::new()) };
            let sql =
                format!("SELECT hour, body FROM {table} WHERE source = ?1 AND hour >= ?2 AND hour < ?3 ORDER BY hour");
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(params![row, from, to], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Archive for Sqlite {
    fn sources(&self, room: Option<(&Id, &Id)>) -> Result<Vec<Source>, Error> {
        self.with("read sources", |c| {
            let sql = "SELECT venue, room, agent FROM source WHERE ?1 IS NULL OR (venue = ?1 AND room = ?2) \
                       ORDER BY venue, room, agent";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query(params![room.map(|(v, _)| v.as_str()), room.map(|(_, r)| r.as_str())])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(source(row, 0)?);
            }
            Ok(all)
        })
    }

    fn blobs(&self, bytes_max: usize) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        self.with("read readings", |c| {
            let mut statement = c.prepare_cached("SELECT id, body FROM blob ORDER BY id")?;
            let mut rows = statement.query([])?;
            let (mut bytes, mut all) = (0, Vec::new());
            while let Some(row) = rows.next()? {
                let body: Vec<u8> = row.get(1)?;
                bytes += body.len();
                all.push((row.get::<_, i64>(0)? as u64, body));
                if bytes >= bytes_max {
                    break;
                }
            }
            Ok(all)
        })
    }

    fn chunks(&self, source: &Source, from_hour: i64, to_hour: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        self.hours("chunk", source, from_hour, to_hour)
    }

    fn rollups(&self, source: &Source, from_hour: i64, to_hour: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        self.hours("rollup", source, from_hour, to_hour)
    }

    fn newest_chunk(&self, source: &Source) -> Result<Option<(i64, Vec<u8>)>, Error> {
        self.with("read readings", |c| {
            let Some(row) = source_row(c, source)? else { return Ok(None) };
            let sql = "SELECT hour, body FROM chunk WHERE source = ?1 ORDER BY hour DESC LIMIT 1";
            Ok(c.prepare_cached(sql)?.query_row([row], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
        })
    }

    fn compacted(&self, upto: u64, hours: &[CompactedHour]) -> Result<(), Error> {
        self.with("store compacted readings", |c| {
            let t = c.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for h in hours {
                let row = source_row(&t, &h.source)?.ok_or_else(|| unknown(&h.source))?;
                for (table, body) in [("chunk", &h.chunk), ("rollup", &h.rollup)] {
                    let sql = format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3)");
                    t.prepare_cached(&sql)?.execute(params![row, h.hour, body])?;
                }
            }
            t.prepare_cached("DELETE FROM blob WHERE id <= ?1")?.execute([upto as i64])?;
            t.commit()?;
            Ok(())
        })
    }

    fn expire(&self, chunks_before: i64, rollups_before: i64, limit: usize) -> Result<usize, Error> {
        self.with("drop old readings", |c| {
            let t = c.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut gone = 0;
            for (table, before) in [("chunk", chunks_before), ("rollup", rollups_before)] {
                let sql = format!(
                    "DELETE FROM {table} WHERE (source, hour) IN \
                     (SELECT h.source, h.hour FROM source s JOIN {table} h ON h.source = s.id AND h.hour < ?1 LIMIT ?2)"
                );
                gone += t.prepare_cached(&sql)?.execute(params![before, limit as i64])?;
            }
            t.commit()?;
            Ok(gone)
        })
    }
}

fn unknown(source: &Source) -> Failure {
    damaged("samples", format!("nobody introduced `{source}`"))
}
