"""The galleries of a collection: kept until something is written, and then brought up to date."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial

from ..database.connection import Database
from ..storage.embeddings import read_vectors
from ..storage.records import Space
from ..storage.spaces import find_space, projection_of, source_of
from ..taxonomy import RANKS
from ..vectors import VectorIndex
from ..vectors.projection import Projection
from .gallery import Gallery
from .index_files import state_of
from .label_files import Columns, Stamp
from .loading import Loaded, change_since, changed_index, load
from .taxa import TaxonNames


class Galleries:
    """One gallery a space, at the last state that was asked for. Safe to ask from several threads.

    Args:
        database: the collection's.
        require_intact: refuses a damaged one, before a space is read.
    """

    def __init__(self, database: Database, require_intact: Callable[[], None]) -> None:
        self._database = database
        self._require_intact = require_intact
        self._kept: dict[str, Gallery] = {}
        self._called: dict[str | None, str] = {}  # spaces' names by what they were asked for as
        self._sources: dict[int, str] = {}
        self._taxon_names = TaxonNames()
        self._loading = threading.Lock()

    def present(self, name: str | None, *, with_source: bool) -> tuple[Gallery, Gallery]:
        """Return the gallery of a space as it stands now, and that of its source at one state.

        Args:
            name: the space; None for the oldest with vectors.
            with_source: also read the space that holds the vectors; else the first is given twice.

        Raises:
            NotFoundError: no such space, or nothing in it.
            CorruptError: something in the database is damaged.
        """
        with self._loading:
            loaded: list[Loaded] = []
            with self._database.snapshot():
                written = self._meta("written")
                gallery = source = self._unchanged(self._called.get(name), written)
                if gallery is None:
                    self._require_intact()
                    space = find_space(self._database, name)
                    self._called[name] = space.name
                    gallery = source = self._brought_up(space, written, loaded)
                if with_source and gallery.projection is not None:
                    source = self._source_of(gallery, written, loaded)
            for one in loaded:
                one.keep_files(self._database)
            assert source is not None
            return gallery, source

    def forget(self, names: Iterable[str]) -> None:
        """Free the galleries of spaces that are gone."""
        for name in names:
            self._kept.pop(name, None)

    def _unchanged(self, name: str | None, written: str) -> Gallery | None:
        """Return a gallery since which nothing was written, whatever it is about."""
        kept = self._kept.get(name or "")
        return kept if kept is not None and written and kept.written == written else None

    def _source_of(self, gallery: Gallery, written: str, loaded: list[Loaded]) -> Gallery:
        name = self._sources.get(gallery.space.source_id)
        found = self._unchanged(name, written)
        if found is None:
            space = source_of(self._database, gallery.space)
            self._sources[space.space_id] = space.name
            found = self._brought_up(space, written, loaded)
        return found

    def _brought_up(self, space: Space, written: str, loaded: list[Loaded]) -> Gallery:
        """Return the gallery of a space as it stands now, made of the kept one where that fits."""
        kept = self._kept.get(space.name)
        stamp = self._stamp(space)
        edits = self._meta("edits")
        found: Gallery | None = None
        if kept is not None and kept.space == space:
            if Stamp(kept.state, kept.labelled) == stamp:
                found = kept.at(written, edits)
            else:
                found = self._followed(kept, stamp, written, edits)
        if found is None:
            one = load(self._database, space, stamp, partial(read_vectors, self._database, space))
            loaded.append(one)
            projection = projection_of(self._database, space)
            found = self._made(space, stamp, one.columns, one.index, projection, written, edits)
        self._kept[space.name] = found
        return found

    def _followed(self, kept: Gallery, stamp: Stamp, written: str, edits: str) -> Gallery | None:
        """Return the gallery after a change, made of the one before; None where much changed."""
        change = change_since(self._database, kept, stamp)
        index = None if change is None else changed_index(self._database, kept, change)
        if change is None or index is None:
            return None
        same = kept.projection  # with another one the space would be another
        found = self._made(kept.space, stamp, change.columns, index, same, written, edits)
        found.follow(kept, change)
        return found

    def _made(
        self,
        space: Space,
        stamp: Stamp,
        columns: Columns,
        index: VectorIndex,
        projection: Projection | None,
        written: str,
        edits: str,
    ) -> Gallery:
        return Gallery(
            space=space,
            state=stamp.state,
            labelled=stamp.labelled,
            edits=edits,
            written=written,
            rows=columns.rows,
            sequence=columns.sequence,
            specimens=columns.specimens,
            taxon=columns.taxa,
            read_taxa=self.taxa,
            projection=projection,
            index=index,
        )

    def _meta(self, key: str) -> str:
        found = self._database.read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def _stamp(self, space: Space) -> Stamp:
        last = self._database.read("SELECT coalesce(max(determination_id), 0) FROM determinations")
        return Stamp(state_of(self._database, space), last[0][0])

    def taxa(self) -> TaxonNames:
        """Return the names of all taxa; those that were read before are not read again."""
        known = self._taxon_names
        ranks = ", ".join(f'"{rank}"' for rank in RANKS)
        found = self._database.read(
            f"SELECT taxon_id, {ranks} FROM taxa WHERE taxon_id > ? OR taxon_id < 1 "
            "ORDER BY taxon_id",
            (known.most,),
        )
        lineages = {taxon: tuple(lineage) for taxon, *lineage in found}
        self._taxon_names = known.extended(lineages, self._database.folder)
        return self._taxon_names
