-- How far what follows the ledger has come, by its name; and lines that a database refused for good.
CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX record_at ON record (at);
CREATE TABLE refused_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    line TEXT NOT NULL,
    reason TEXT NOT NULL
);
