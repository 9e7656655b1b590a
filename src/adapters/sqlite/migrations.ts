const GUARDED = ["audit", "audit_ends"];

/** Refuses to take rows out of the audit log. */
export const KEEP_AUDIT = GUARDED.map(
  (table) => `
  CREATE TRIGGER ${table}_kept BEFORE DELETE ON ${table} BEGIN SELECT raise(ABORT, 'the audit log only grows'); END;`,
).join("");

/** Undoes {@link KEEP_AUDIT}, which has to be done again within the same transaction. */
export const FREE_AUDIT = GUARDED.map((table) => `DROP TRIGGER ${table}_kept;`).join("");

/** Refuses to change rows of the audit log. REPLACE fires no DELETE trigger, so an id that exists is refused too. */
const FIX_AUDIT = GUARDED.map(
  (table) => `
  CREATE TRIGGER ${table}_fixed BEFORE UPDATE ON ${table} BEGIN SELECT raise(ABORT, 'the audit log only grows'); END;
  CREATE TRIGGER ${table}_once BEFORE INSERT ON ${table} WHEN EXISTS (SELECT 1 FROM ${table} WHERE id = NEW.id)
    BEGIN SELECT raise(ABORT, 'the audit log only grows'); END;`,
).join("");

/**
 * Numbered migrations; entry n brings a ledger from version n to n + 1. Never edited once released.
 * Times are milliseconds since the epoch, JSON is text.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE boxes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('creating', 'ready', 'destroying')),
    desired TEXT NOT NULL CHECK (desired IN ('running', 'stopped')),
    spec TEXT NOT NULL,
    container_id TEXT,
    created_at INTEGER NOT NULL,
    stopped_at INTEGER,
    last_used_at INTEGER,
    last_used_by TEXT
  ) STRICT;
  CREATE INDEX boxes_by_owner ON boxes (owner);

  -- Unfinished operations only; box_id is no foreign key, because a destroy outlives its box's row
  -- within one transaction.
  CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    box_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    input TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    error TEXT
  ) STRICT;
  CREATE TABLE steps (
    operation_id TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    done INTEGER NOT NULL CHECK (done IN (0, 1)),
    PRIMARY KEY (operation_id, name)
  ) STRICT;

  CREATE TABLE leases (
    box_id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    command TEXT NOT NULL,
    user TEXT NOT NULL,
    taken_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Which range of ids each owner's boxes have on the host; slots count from 0, and outlive the boxes because homes do.
  CREATE TABLE mappings (
    owner TEXT PRIMARY KEY,
    slot INTEGER NOT NULL UNIQUE CHECK (slot >= 0)
  ) STRICT;
  `,
  `
  -- Devices of the tailnet. They outlive their boxes until they are proven gone, so box_id is no foreign key. Without a
  -- node_id a login was begun, and nobody knows whether it made a device.
  CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    box_id TEXT NOT NULL,
    box_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    control TEXT NOT NULL,
    hostname TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('joining', 'joined', 'leaving')),
    node_id TEXT,
    node_key TEXT,
    dns_name TEXT NOT NULL DEFAULT '',
    addresses TEXT NOT NULL DEFAULT '[]',
    tags TEXT NOT NULL DEFAULT '[]',
    recorded_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER,
    problem TEXT,
    CHECK ((node_id IS NULL) = (node_key IS NULL)),
    CHECK (state <> 'joined' OR node_id IS NOT NULL)
  ) STRICT;
  CREATE UNIQUE INDEX devices_by_node ON devices (control, node_id, node_key) WHERE node_id IS NOT NULL;
  CREATE UNIQUE INDEX devices_joined ON devices (box_id) WHERE state = 'joined';
  `,
  `
  -- Who did what. A record is two rows, one when a command begins and one when it ends, so that none is ever changed.
  -- Boxes are named as they were then, so box_id is no foreign key.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT,
    admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
    command TEXT NOT NULL,
    box_name TEXT,
    box_id TEXT,
    box_owner TEXT,
    what TEXT,
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    boot_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_user ON audit (user, id);
  CREATE TABLE audit_ends (
    id INTEGER PRIMARY KEY REFERENCES audit (id) ON DELETE CASCADE,
    exit_code INTEGER NOT NULL,
    error TEXT,
    duration INTEGER NOT NULL,
    box_name TEXT,
    box_id TEXT,
    box_owner TEXT
  ) STRICT;
  ${KEEP_AUDIT}${FIX_AUDIT}
  `,
  `
  -- Whose volumes are that were handed over: their labels cannot change.
  CREATE TABLE volumes (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Boxes' lives: what keeps them, when they are used, what their owners were told.
  CREATE TABLE holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    box_id TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
    until INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    pid INTEGER,
    start_ticks TEXT,
    boot_id TEXT,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX holds_by_box ON holds (box_id);
  CREATE TABLE schedules (
    box_id TEXT PRIMARY KEY REFERENCES boxes (id) ON DELETE CASCADE,
    start TEXT,
    stop TEXT,
    zone TEXT NOT NULL,
    handled_at INTEGER NOT NULL
  ) STRICT;
  -- JSON, because null (never) and absent (as everybody) are two things.
  CREATE TABLE policies (
    box_id TEXT PRIMARY KEY REFERENCES boxes (id) ON DELETE CASCADE,
    policy TEXT NOT NULL
  ) STRICT;
  CREATE TABLE samples (
    box_id TEXT PRIMARY KEY REFERENCES boxes (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;

  -- Notices outlive their boxes: that one is destroyed has to be told after it.
  CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    box_id TEXT NOT NULL,
    box_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('stop', 'destroy', 'stopped', 'destroyed', 'trouble')),
    stage TEXT NOT NULL CHECK (stage IN ('first', 'reminder')),
    since INTEGER NOT NULL,
    deadline INTEGER,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    withdrawn_at INTEGER,
    UNIQUE (box_id, kind, stage, since)
  ) STRICT;
  CREATE INDEX notices_by_owner ON notices (owner) WHERE withdrawn_at IS NULL;
  CREATE TABLE deliveries (
    notice_id INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER,
    delivered_at INTEGER,
    problem TEXT,
    PRIMARY KEY (notice_id, channel)
  ) STRICT;

  -- Homes that were put away; they outlive their boxes.
  CREATE TABLE archives (
    id TEXT PRIMARY KEY,
    box_id TEXT NOT NULL,
    box_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'complete', 'removing')),
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    size INTEGER NOT NULL,
    content_size INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    unpushed TEXT NOT NULL
  ) STRICT;
  CREATE INDEX archives_by_owner ON archives (owner);
  `,
];
