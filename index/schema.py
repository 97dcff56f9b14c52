"""The tables of a collection, as a list of migrations. A released migration is never edited."""

from __future__ import annotations

from .taxonomy import RANKS

_NAMES = ",\n    ".join(f'"{rank}" TEXT NOT NULL' for rank in RANKS)
_KEY = ", ".join(f'"{rank}"' for rank in RANKS)

_V1 = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- A taxon is a whole lineage, named down to its own rank; finer ranks are empty.
CREATE TABLE taxa (
    taxon_id INTEGER PRIMARY KEY,
    {_NAMES},
    UNIQUE ({_KEY})
) STRICT;

CREATE TABLE images (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id TEXT NOT NULL UNIQUE,
    specimen_id TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    phash INTEGER NOT NULL,          -- 64 bits, as SQLite's signed integer
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    split TEXT NOT NULL,
    date TEXT NOT NULL,
    locality TEXT NOT NULL,
    latitude TEXT NOT NULL,
    longitude TEXT NOT NULL,
    institution TEXT NOT NULL,
    licence TEXT NOT NULL,
    rights_holder TEXT NOT NULL,
    source TEXT NOT NULL,
    metadata TEXT NOT NULL,          -- JSON object of the manifest's own columns
    parent_image_id TEXT,            -- the tray it was cropped from
    box TEXT,                        -- JSON [x, y, width, height] in the parent
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX images_by_specimen ON images (specimen_id);
CREATE INDEX images_by_content ON images (sha256);

-- Append-only. Undoing appends a row that names the one it undoes.
CREATE TABLE determinations (
    determination_id INTEGER PRIMARY KEY AUTOINCREMENT,
    specimen_id TEXT NOT NULL,
    taxon_id INTEGER REFERENCES taxa,
    qualifier TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL CHECK (origin IN ('import', 'human', 'machine')),
    determined_by TEXT NOT NULL,
    determined_at TEXT NOT NULL,
    remarks TEXT NOT NULL DEFAULT '',
    undoes INTEGER REFERENCES determinations
) STRICT;
CREATE INDEX determinations_by_specimen ON determinations (specimen_id);
CREATE INDEX determinations_undone ON determinations (undoes) WHERE undoes IS NOT NULL;

-- The latest by a human, else the latest import; a machine's never counts.
CREATE VIEW accepted AS
SELECT specimen_id, taxon_id, determination_id FROM (
    SELECT *, row_number() OVER (
        PARTITION BY specimen_id ORDER BY origin = 'human' DESC, determination_id DESC
    ) AS place
    FROM determinations AS d
    WHERE origin IN ('import', 'human') AND undoes IS NULL
      AND NOT EXISTS (SELECT 1 FROM determinations AS u WHERE u.undoes = d.determination_id)
) WHERE place = 1;

CREATE TABLE projections (
    projection_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    dim INTEGER NOT NULL,
    content BLOB NOT NULL,           -- the linear map, without pickle
    card TEXT NOT NULL,              -- JSON: how and on which rows it was fitted
    created_at TEXT NOT NULL
) STRICT;

-- A space holds the vectors of one encoder, or shows those of another through a projection.
CREATE TABLE spaces (
    space_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    encoder TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    views INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    dtype TEXT NOT NULL CHECK (dtype IN ('float16', 'float32')),
    base_space_id INTEGER REFERENCES spaces,
    projection_id INTEGER REFERENCES projections,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE embeddings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    space_id INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,
    row INTEGER NOT NULL REFERENCES images (row) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,            -- content of the picture that was embedded
    vector BLOB NOT NULL,
    UNIQUE (space_id, row)
) STRICT;

CREATE TABLE index_files (
    space_id INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
    file TEXT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    last_seq INTEGER NOT NULL,       -- with count: the state of the space that it covers
    count INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE calibrations (
    space_id INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
    content BLOB NOT NULL,           -- models and projections, without pickle
    ranks TEXT NOT NULL,             -- JSON: the ranks that it answers at, coarse to fine
    last_seq INTEGER NOT NULL,       -- with count and labelled: the state that it was fitted on
    count INTEGER NOT NULL,
    labelled INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    request TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    result TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
"""

MIGRATIONS = (_V1,)
APPLICATION_ID = 0x484F4C4F  # "HOLO"
