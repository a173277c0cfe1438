-- What steps were given that samples do not tell, so that a past can be played again exactly.
-- body is JSON, see the module ledger::journal.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX journal_at ON journal (at);
