-- Times are microseconds since 1970. Secrets are stored as hashes; the letters are the exception, being the mailbox.

CREATE TABLE IF NOT EXISTS setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- One sign-in, from the page to the redeemed code. `record` is a `Challenge` as JSON.
CREATE TABLE IF NOT EXISTS challenge (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    attempt       TEXT NOT NULL UNIQUE,
    pending_until INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    record        TEXT NOT NULL
) STRICT;

-- Every link that was ever mailed for a challenge, so that an old one can be explained.
CREATE TABLE IF NOT EXISTS link (
    hash      TEXT PRIMARY KEY,
    challenge INTEGER NOT NULL REFERENCES challenge (id) ON DELETE CASCADE
) STRICT;

-- `address` and `browser` are what the limits count by. `post` is how the letter travels, as JSON.
CREATE TABLE IF NOT EXISTS letter (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge INTEGER NOT NULL,
    sent_at   INTEGER NOT NULL,
    address   TEXT NOT NULL,
    browser   TEXT NOT NULL,
    post      TEXT NOT NULL,
    record    TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS user (
    id         TEXT PRIMARY KEY,
    identifier TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- `key` is the spelling that all ways of typing one address share.
CREATE TABLE IF NOT EXISTS identifier (
    key        TEXT PRIMARY KEY,
    id         TEXT NOT NULL,
    user       TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;

-- All refresh tokens that descend from one sign-in.
CREATE TABLE IF NOT EXISTS family (
    id         TEXT PRIMARY KEY,
    user       TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    method     TEXT NOT NULL,
    signed_in  INTEGER NOT NULL,
    revoked    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS refresh_token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       TEXT NOT NULL UNIQUE,
    family     TEXT NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    spent      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What was given out for a refresh token that was spent, as long as nobody has used any of it.
CREATE TABLE IF NOT EXISTS succession (
    successor   INTEGER PRIMARY KEY REFERENCES refresh_token (id) ON DELETE CASCADE,
    predecessor INTEGER NOT NULL REFERENCES refresh_token (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS succession_predecessor ON succession (predecessor);

-- Claims that a client's server added to the tokens of a family: a JSON object.
CREATE TABLE IF NOT EXISTS custom_claims (
    family TEXT PRIMARY KEY REFERENCES family (id) ON DELETE CASCADE,
    claims TEXT NOT NULL
) STRICT;
