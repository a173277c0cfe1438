-- Documents by kind, venue and key: reports of readiness, rounds, accounts of silence, states of rooms.
-- body is JSON that the module which owns the kind reads.
CREATE TABLE record (
    kind TEXT NOT NULL,
    venue TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, venue, key)
) WITHOUT ROWID;

-- What happened to a ticket is never altered: the file itself refuses it, whoever asks.
CREATE TRIGGER history_is_never_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'the history of a ticket is never changed'); END;
CREATE TRIGGER history_is_never_deleted BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'the history of a ticket is never deleted'); END;
