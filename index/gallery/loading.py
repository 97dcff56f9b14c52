"""A space from the disk into memory, or from its last state in memory to the present one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..arrays import Embeddings
from ..database.connection import Database
from ..errors import NotFoundError
from ..storage.embeddings import read_at, read_vectors
from ..storage.records import Space
from ..vectors import VectorIndex, moved
from ..ways import way
from .gallery import Gallery
from .index_files import keep_index, load_index
from .label_files import Change, Columns, Stamp, changed, keep_columns, load_columns

_MANY_CHANGED = 0.05  # share of the rows from which on the index is taken from its file, or built


@dataclass(frozen=True, eq=False)
class Loaded:
    """What was read of a space, and whether its files are to be written anew."""

    space: Space
    stamp: Stamp
    columns: Columns
    index: VectorIndex
    columns_changed: bool
    index_built: bool

    def keep_files(self, database: Database) -> None:
        """Write the files that are out of date; they are caches."""
        if self.columns_changed:
            keep_columns(database, self.space, self.stamp, self.columns)
        if self.index_built:
            keep_index(database, self.space, self.stamp.state, self.columns.sequence, self.index)


def load(
    database: Database, space: Space, stamp: Stamp, vectors: Callable[[], Embeddings]
) -> Loaded:
    """Return a space as the disk has it.

    Args:
        vectors: gives its vectors where the index must be built.

    Raises:
        NotFoundError: it is empty.
    """
    columns, changed_much = load_columns(database, space, stamp)
    if not len(columns):
        raise NotFoundError(
            f"Space '{space.name}' of {database.folder} is empty; add pictures with "
            + way("ingest")
        )
    index, built = load_index(database, space, stamp.state, columns.sequence, vectors)
    return Loaded(space, stamp, columns, index, changed_much, built)


def change_since(database: Database, kept: Gallery, stamp: Stamp) -> Change | None:
    """Return what has happened since a gallery was made; None where it is better read anew."""
    state, labelled = kept.state, kept.labelled
    if stamp.labelled < labelled or stamp.state.last_seq < state.last_seq or not stamp.state.count:
        return None  # another thread has seen more than this one's snapshot
    columns = Columns(kept.rows, kept.sequence, kept.specimens, kept.taxon)
    change = changed(database, kept.space, stamp, columns, Stamp(state, labelled))
    right = change is not None and len(change.columns) == stamp.state.count
    return change if right else None


def changed_index(database: Database, kept: Gallery, change: Change) -> VectorIndex | None:
    """Return the index of a gallery after a change; None where it is better read or built."""
    if change.moved is None:
        return kept.index
    if kept.projection is None:
        read = partial(read_at, database, kept.space)
        served = database.store.index(kept.space.space_id, change.columns.sequence, read)
        if served is not None:
            return served
    fresh = read_vectors(database, kept.space, after=kept.state.last_seq)
    index = moved(kept.index, change.moved, fresh, change.fresh)
    many = index.changes > max(_MANY_CHANGED * len(index), 1)
    return None if many else index
