//! The ledger in one SQLite file: WAL, every commit synced before it counts.
