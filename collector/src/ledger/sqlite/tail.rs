//! Blobs of commits that are not compacted yet, as they are.

use super::Sqlite;
use crate::ledger::Error;

impl Sqlite {
    /// Every blob, in the order of commits.
    pub(crate) fn tail_blobs(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.with("read samples", |c| {
            let mut statement = c.prepare_cached("SELECT body FROM blob ORDER BY id")?;
            let rows = statement.query_map([], |r| r.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
