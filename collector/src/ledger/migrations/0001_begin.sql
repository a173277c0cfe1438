-- Released migrations are never edited: add the next number.

-- Single facts: the ledger's random name, the number of the last commit.
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Agents, as they describe themselves. Instants everywhere: milliseconds since 1970 UTC.
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    room TEXT NOT NULL,
    agent TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    about TEXT,
    status TEXT,
    UNIQUE (venue, room, agent)
);

-- The highest contiguous number committed, a row a spool.
CREATE TABLE watermark (
    source INTEGER NOT NULL,
    spool TEXT NOT NULL,
    upto INTEGER NOT NULL,
    sample_at INTEGER NOT NULL,
    PRIMARY KEY (source, spool)
) WITHOUT ROWID;

-- Samples of one commit each, until they are compacted.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- Numbers without samples, with the agent's reason.
CREATE TABLE lost (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    source INTEGER NOT NULL,
    spool TEXT NOT NULL,
    seq INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- What could not be taken; the oldest rows go first.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    body BLOB NOT NULL
);

-- State of rules and tickets as the step encodes it.
CREATE TABLE track (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- point is '' where a rule watches the agent itself.
CREATE TABLE episode (
    rule TEXT NOT NULL,
    source INTEGER NOT NULL,
    point TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    late INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    value REAL,
    limit_value REAL,
    ended_at INTEGER,
    ticket INTEGER,
    PRIMARY KEY (rule, source, point, began_at)
) WITHOUT ROWID;
CREATE INDEX episode_by_time ON episode (began_at);
CREATE INDEX episode_open ON episode (rule) WHERE ended_at IS NULL;

-- body is the ticket as JSON; the columns are what lists filter by.
CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    venue TEXT NOT NULL,
    room TEXT NOT NULL,
    team TEXT NOT NULL,
    rule TEXT,
    stage TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX ticket_open ON ticket (venue, room) WHERE closed_at IS NULL;
CREATE INDEX ticket_by_opening ON ticket (opened_at);

-- What happened to tickets; rows are only ever added.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    ticket INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX history_by_ticket ON history (ticket);

-- Messages to send, and what became of them.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    ticket INTEGER,
    severity INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER,
    dead_at INTEGER,
    error TEXT,
    UNIQUE (channel, key)
);
CREATE INDEX outbox_waiting ON outbox (channel, due_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_by_ticket ON outbox (ticket);

-- What people asked, and the answer of the step that carried it out.
CREATE TABLE request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    ticket TEXT NOT NULL,
    action TEXT NOT NULL,
    answered_at INTEGER,
    accepted INTEGER,
    answer TEXT
);
CREATE INDEX request_waiting ON request (id) WHERE answered_at IS NULL;
