-- Readings: compacted samples, roll-ups, and how far compaction has come.
-- Keys are numbers, so that a table is its own index and a stretch of a source is one run of rows:
-- source · 2^40 + hour · 2^16 + part, hours counted since 1970 UTC.

-- An hour of a source; what is new or late lies here first.
CREATE TABLE chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- A day of a source under its first hour; hours that are over are packed into it.
CREATE TABLE day_chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Least, greatest, mean, count, first and last of each point in each hour of a day. The key is
-- that of the day.
CREATE TABLE rollup (id INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Blobs up to `done` are in chunks wholly. Those up to `upto` are in chunks for sources below
-- `next_source`, and still tail for the others. There is one row.
CREATE TABLE compaction (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    done INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    next_source INTEGER NOT NULL
);
INSERT INTO compaction VALUES (1, 0, 0, 0);

-- Blobs that do not read back, kept for whoever wants to look.
CREATE TABLE damaged_blob (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL
);
