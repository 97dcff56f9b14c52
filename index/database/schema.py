"""The tables of a collection, as a list of migrations. A released migration is never edited.

Rows have a checksum (over their `CHECKED_COLUMNS`): SQLite notices damage to the structure of its
file, but not to a value in it.
"""

from __future__ import annotations

from functools import cache

from ..taxonomy import RANKS

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

_V2 = """
ALTER TABLE taxa ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE determinations ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spaces ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projections ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE embeddings ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calibrations ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;

-- What the encoder of a space made of fixed pictures; under other libraries it may differ.
CREATE TABLE canaries (
    space_id INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,
    number INTEGER NOT NULL,
    libraries TEXT NOT NULL,         -- those that it was made with, with their versions
    vector BLOB NOT NULL,            -- float32
    checksum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (space_id, number)
) STRICT;

-- Append-only: which images were taken out, by whom and why.
CREATE TABLE deletions (
    deletion_id INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id TEXT NOT NULL,
    specimen_id TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    deleted_by TEXT NOT NULL,
    deleted_at TEXT NOT NULL,
    remarks TEXT NOT NULL DEFAULT '',
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

-- An undo names what it undoes, which may be an undo itself, and the determination at the root.
ALTER TABLE determinations ADD COLUMN root INTEGER REFERENCES determinations;
UPDATE determinations SET root = (
    WITH RECURSIVE above(id) AS (
        SELECT determinations.undoes
        UNION ALL
        SELECT d.undoes FROM above JOIN determinations AS d ON d.determination_id = above.id
        WHERE d.undoes IS NOT NULL
    )
    SELECT min(id) FROM above
) WHERE undoes IS NOT NULL;
DROP INDEX determinations_undone;
CREATE INDEX determinations_by_root ON determinations (root) WHERE root IS NOT NULL;

-- Only what stands can be undone, so each undo turns its root over, and an even number leaves it.
DROP VIEW accepted;
CREATE VIEW standing AS
SELECT * FROM determinations AS d
WHERE undoes IS NULL
  AND (SELECT count(*) FROM determinations AS u WHERE u.root = d.determination_id) % 2 = 0;

-- The latest by a human, else the latest import; a machine's never counts.
CREATE VIEW accepted_by_history AS
SELECT specimen_id, taxon_id, determination_id FROM (
    SELECT *, row_number() OVER (
        PARTITION BY specimen_id ORDER BY origin = 'human' DESC, determination_id DESC
    ) AS place
    FROM standing WHERE origin IN ('import', 'human')
) WHERE place = 1;

-- The same, kept up to date by every determination: the view would be worked out for every query.
CREATE TABLE accepted (
    specimen_id TEXT PRIMARY KEY,
    taxon_id INTEGER REFERENCES taxa,
    determination_id INTEGER NOT NULL REFERENCES determinations
) STRICT, WITHOUT ROWID;
INSERT INTO accepted SELECT * FROM accepted_by_history;
CREATE TRIGGER determinations_accept AFTER INSERT ON determinations BEGIN
    DELETE FROM accepted WHERE specimen_id = NEW.specimen_id;
    INSERT INTO accepted SELECT specimen_id, taxon_id, determination_id FROM standing
    WHERE specimen_id = NEW.specimen_id AND origin IN ('import', 'human')
    ORDER BY origin = 'human' DESC, determination_id DESC LIMIT 1;
END;

CREATE TRIGGER determinations_append_only BEFORE DELETE ON determinations BEGIN
    SELECT RAISE(ABORT, 'determinations are never deleted');
END;
CREATE TRIGGER determinations_unchanged BEFORE UPDATE OF
    determination_id, specimen_id, taxon_id, qualifier, origin, determined_by, determined_at,
    remarks, undoes, root ON determinations BEGIN
    SELECT RAISE(ABORT, 'determinations are never changed');
END;
CREATE TRIGGER deletions_append_only BEFORE DELETE ON deletions BEGIN
    SELECT RAISE(ABORT, 'the record of deletions is never deleted');
END;
"""

_V3 = """
-- Counting the embeddings of a million images takes many times as long as a search. Who
-- stores them counts them: a trigger for every row would double the time of storing one.
CREATE TABLE space_states (
    space_id INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
    last_seq INTEGER NOT NULL,       -- the last number that was given out
    count INTEGER NOT NULL
) STRICT;
INSERT INTO space_states SELECT space_id, max(seq), count(*) FROM embeddings GROUP BY space_id;
CREATE TRIGGER embeddings_uncounted AFTER DELETE ON embeddings BEGIN
    UPDATE space_states SET count = count - 1 WHERE space_id = OLD.space_id;
END;

-- Who appends determinations brings `accepted` up to date, for the same reason.
DROP TRIGGER determinations_accept;

-- What goes with an image is found by its row; without this every embedding would be looked at.
CREATE INDEX embeddings_by_row ON embeddings (row);

-- Like index_files: which image, specimen and taxon every vector of a space is of.
CREATE TABLE column_files (
    space_id INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    last_seq INTEGER NOT NULL,       -- with count and labelled: the state that it covers
    count INTEGER NOT NULL,
    labelled INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Vectors that lie elsewhere and are no longer in a row; readers of an older state still find them.
CREATE TABLE leaving (
    seq INTEGER PRIMARY KEY,
    space_id INTEGER NOT NULL,
    row INTEGER NOT NULL,
    since INTEGER NOT NULL           -- seconds since 1970
) STRICT;
CREATE TRIGGER embeddings_leave AFTER DELETE ON embeddings WHEN OLD.vector = x'' BEGIN
    INSERT OR REPLACE INTO leaving
    VALUES (OLD.seq, OLD.space_id, OLD.row, CAST(strftime('%s', 'now') AS INTEGER));
END;
"""

_V4 = """
-- Files that this program made beside the database. It replaces and removes no others.
CREATE TABLE files (
    path TEXT PRIMARY KEY,           -- relative to the collection's folder, with slashes
    sha256 TEXT NOT NULL,            -- of its content; of its header where that holds digests
    made_at TEXT NOT NULL,
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO files (path, sha256, made_at)
SELECT 'index/' || file, sha256, created_at FROM index_files
UNION SELECT 'index/' || file, sha256, created_at FROM column_files;
INSERT INTO files (path, sha256, made_at) SELECT path, sha256, min(added_at) FROM images
WHERE path LIKE 'images/' || substr(sha256, 1, 2) || '/' || sha256 || '.%' GROUP BY path;
UPDATE files SET checksum = crc32(json_array(path, sha256, made_at));

-- Folders that an ingest was pointed at: pictures elsewhere are never opened.
CREATE TABLE sources (
    folder TEXT PRIMARY KEY,         -- absolute
    added_at TEXT NOT NULL,
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
-- What precedes the last slash: characters that are no slash are taken off the end of the path.
INSERT INTO sources (folder, added_at)
SELECT rtrim(path, replace(path, '/', '')), min(added_at) FROM images
WHERE path LIKE '/%' GROUP BY 1;
UPDATE sources SET checksum = crc32(json_array(folder, added_at));

-- Append-only: which spaces were taken out. Their numbers are never given to others.
CREATE TABLE removed_spaces (
    space_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    encoder TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    vectors INTEGER NOT NULL,        -- how many it held
    removed_by TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    remarks TEXT NOT NULL DEFAULT '',
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TRIGGER removed_spaces_append_only BEFORE DELETE ON removed_spaces BEGIN
    SELECT RAISE(ABORT, 'the record of removed spaces is never deleted');
END;

-- What is asked of a calibration at every identification; its models need not be read for that.
CREATE INDEX calibrations_said ON calibrations
    (space_id, ranks, last_seq, count, labelled, created_at, checksum);

-- Tells this collection from every other, whatever folder it lies in.
INSERT INTO meta VALUES ('collection_id', lower(hex(randomblob(16))));
INSERT INTO meta VALUES ('written', '');  -- another value after every transaction
"""

_V5 = """
-- Runs that grouped unnamed specimens. What they found is never changed; people decide about it.
CREATE TABLE clusterings (
    clustering_id INTEGER PRIMARY KEY AUTOINCREMENT,
    space TEXT NOT NULL,             -- the name of the space whose vectors were grouped
    source TEXT NOT NULL,            -- what was asked for: a folder, a manifest or conditions
    parameters TEXT NOT NULL,        -- JSON object
    made_by TEXT NOT NULL,
    made_at TEXT NOT NULL,
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Append-only. Undoing appends a row that names the one it undoes, and the one at the root.
CREATE TABLE decisions (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
    clustering_id INTEGER NOT NULL REFERENCES clusterings,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,             -- JSON object: the clusters, and what each is from then on
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    remarks TEXT NOT NULL DEFAULT '',
    undoes INTEGER REFERENCES decisions,
    root INTEGER REFERENCES decisions,
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX decisions_by_clustering ON decisions (clustering_id);
CREATE INDEX decisions_by_root ON decisions (root) WHERE root IS NOT NULL;

-- What a decision made: the clustering itself, a split.
CREATE TABLE clusters (
    cluster_id INTEGER PRIMARY KEY AUTOINCREMENT,
    clustering_id INTEGER NOT NULL REFERENCES clusterings,
    decision_id INTEGER NOT NULL REFERENCES decisions,
    facts TEXT NOT NULL,             -- JSON object: as they were found then
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX clusters_by_clustering ON clusters (clustering_id);

-- Append-only. Of a specimen in a clustering the latest counts whose decision stands.
CREATE TABLE memberships (
    membership_id INTEGER PRIMARY KEY AUTOINCREMENT,
    decision_id INTEGER NOT NULL REFERENCES decisions,
    specimen_id TEXT NOT NULL,
    cluster_id INTEGER REFERENCES clusters,  -- NULL for none
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX memberships_by_specimen ON memberships (specimen_id);
CREATE INDEX memberships_by_cluster ON memberships (cluster_id);
CREATE INDEX memberships_by_decision ON memberships (decision_id);

-- How unnamed specimens are clustered, fitted on the named ones of a space of embeddings.
CREATE TABLE recipes (
    space_id INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
    content BLOB NOT NULL,           -- trees and projections, without pickle
    last_seq INTEGER NOT NULL,       -- with count and labelled: the state that it was fitted on
    count INTEGER NOT NULL,
    labelled INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    checksum INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One decision may determine thousands of specimens.
ALTER TABLE determinations ADD COLUMN decision_id INTEGER REFERENCES decisions;
CREATE INDEX determinations_by_decision ON determinations (decision_id)
WHERE decision_id IS NOT NULL;
DROP TRIGGER determinations_unchanged;
CREATE TRIGGER determinations_unchanged BEFORE UPDATE OF
    determination_id, specimen_id, taxon_id, qualifier, origin, determined_by, determined_at,
    remarks, undoes, root, decision_id ON determinations BEGIN
    SELECT RAISE(ABORT, 'determinations are never changed');
END;
CREATE TRIGGER decisions_append_only BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are never deleted');
END;
CREATE TRIGGER decisions_unchanged BEFORE UPDATE OF
    decision_id, clustering_id, kind, about, decided_by, decided_at, remarks, undoes, root
    ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are never changed');
END;
CREATE TRIGGER memberships_append_only BEFORE DELETE ON memberships BEGIN
    SELECT RAISE(ABORT, 'memberships are never deleted');
END;
CREATE TRIGGER memberships_unchanged BEFORE UPDATE OF
    membership_id, decision_id, specimen_id, cluster_id ON memberships BEGIN
    SELECT RAISE(ABORT, 'memberships are never changed');
END;
"""

MIGRATIONS = (_V1, _V2, _V3, _V4, _V5)
CHECKSUMS_FROM = 2  # the first format whose rows have checksums
APPLICATION_ID = 0x484F4C4F  # "HOLO"

BLOBS = {"content", "vector"}

# The columns that the checksum of a row covers, the key of the table first.
CHECKED_COLUMNS: dict[str, tuple[str, ...]] = {
    "taxa": ("taxon_id", *RANKS),
    "images": (
        *("row", "image_id", "specimen_id", "path", "sha256", "phash", "width", "height"),
        *("split", "date", "locality", "latitude", "longitude", "institution", "licence"),
        *("rights_holder", "source", "metadata", "parent_image_id", "box", "added_at"),
    ),
    "determinations": (
        *("determination_id", "specimen_id", "taxon_id", "qualifier", "origin"),
        *("determined_by", "determined_at", "remarks", "undoes", "root"),
    ),
    "spaces": (
        *("space_id", "name", "encoder", "fingerprint", "views", "dim", "dtype"),
        *("base_space_id", "projection_id", "created_at"),
    ),
    "projections": ("projection_id", "kind", "dim", "card", "created_at", "content"),
    "calibrations": (
        *("space_id", "ranks", "last_seq", "count", "labelled", "created_at", "content"),
    ),
    "embeddings": ("space_id", "row", "sha256", "vector"),
    "canaries": ("space_id", "number", "libraries", "vector"),
    "deletions": (
        *("deletion_id", "image_id", "specimen_id", "path", "sha256"),
        *("deleted_by", "deleted_at", "remarks"),
    ),
    "removed_spaces": (
        *("space_id", "name", "encoder", "fingerprint", "vectors"),
        *("removed_by", "removed_at", "remarks"),
    ),
    "files": ("path", "sha256", "made_at"),
    "sources": ("folder", "added_at"),
    "recipes": ("space_id", "last_seq", "count", "labelled", "created_at", "content"),
    "clusterings": (*("clustering_id", "space", "source", "parameters", "made_by", "made_at"),),
    "decisions": (
        *("decision_id", "clustering_id", "kind", "about", "decided_by", "decided_at"),
        *("remarks", "undoes", "root"),
    ),
    "clusters": ("cluster_id", "clustering_id", "decision_id", "facts"),
    "memberships": ("membership_id", "decision_id", "specimen_id", "cluster_id"),
}

# A column that came later is covered where it is set, so the checksums of earlier rows stay.
_LATER_COLUMN = {"determinations": "decision_id"}


@cache
def checksum_sql(table: str, *, later: bool = True) -> str:
    """Return the SQL expression for the checksum of a row of one of these tables.

    Args:
        table: one of `CHECKED_COLUMNS`.
        later: also over a column that came later; False for rows of before, which lack it.

    >>> checksum_sql("embeddings")
    'crc32(json_array("space_id", "row", "sha256"), "vector")'
    """
    blobs = [f'"{name}"' for name in CHECKED_COLUMNS[table] if name in BLOBS]
    return f"crc32({', '.join([identity_sql(table, later=later), *blobs])})"


def identity_sql(table: str, *, later: bool = True) -> str:
    """Return the SQL expression for what a checksum covers besides blobs."""
    plain = ", ".join(f'"{name}"' for name in CHECKED_COLUMNS[table] if name not in BLOBS)
    column = _LATER_COLUMN.get(table) if later else None
    if column is None:
        return f"json_array({plain})"
    whole = f"json_array({plain}, {column})"
    return f"CASE WHEN {column} IS NULL THEN json_array({plain}) ELSE {whole} END"
