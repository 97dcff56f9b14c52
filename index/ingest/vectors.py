"""Vectors that were made before into a collection: many thousand a second, resumable, durable."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ..arrays import Embeddings
from ..collection import Collection
from ..database.sql import run_over
from ..errors import HolotypeError, UsageError
from ..manifests.manifest import Progress
from ..manifests.problems import Problem
from ..manifests.vector_file import Identity, VectorFile
from ..manifests.vector_rows import CheckedFile, GoodRows
from ..runtime import workers
from ..storage.canaries import kept_canaries, put_canaries, require_same
from ..storage.embeddings import put_embeddings
from ..storage.images import Taxa, find_images, put_images
from ..storage.records import Image, Space, image_query, read_image
from ..storage.sources import add_sources
from ..storage.spaces import EXTERNAL, dropped_if_unused, external_encoder
from ..trust import trust_encoder
from ..ways import option
from .corrections import Corrections
from .old_ids import under_old_ids
from .pictures import IngestReport, noting_stored, refuse, taken_id

_COMMIT_SECONDS = 1.0
_CACHE = "PRAGMA cache_size=-65536"  # KiB: pages of the tables' indexes are written to at random


def load_vectors(
    source: str | Path,
    collection: Collection,
    *,
    space: str = "base",
    encoder: str | None = None,
    strict: bool = False,
    pictures: Sequence[str | Path] = (),
    on_load: Progress | None = None,
) -> IngestReport:
    """Store the vectors of a Parquet file, or of a folder of them, without any encoding.

    Needed are a column `embedding` (lists of floats, all of one length) and `image_id` or `path`;
    the others are those of a manifest. A file that `holotype export` wrote says which encoder made
    it; the space can then be asked by picture, too. What a file does not say of an image that is
    stored already stays as it is. Vectors are brought to length 1. Interrupted at any moment, it
    goes on where it was.

    Args:
        source: the file or the folder.
        collection: where to.
        space: the name under which the vectors are kept.
        encoder: who made the vectors, where the file does not say; any name, kept as
            `external:<name>`, since nothing here can prove it.
        strict: store nothing where any row has an error.
        pictures: folders of the pictures that the rows name, besides the file's own: pictures that
            lie elsewhere are never opened.
        on_load: called with (rows done, in all).

    Raises:
        LockedError: another process is writing to the collection.
        ManifestError: the file cannot be read or no row of it can be used; with `strict`, any bad
            row.
        MismatchError: the space belongs to another encoder.
        UsageError: nobody says which encoder it was, or two say different things; `pictures`
            names no folder.
    """
    for folder in pictures:
        if not Path(folder).is_dir():
            raise UsageError(
                f"{option('pictures', folder)} is no folder; name the one that holds them"
            )
    file = VectorFile(Path(source))
    identity = _identity(file, encoder)
    with collection.database.writing():
        made = all(known.name != space for known in collection.spaces())
        with dropped_if_unused(collection.database, space, made=made):
            target = _space(collection, space, identity)
            if encoder == identity.encoder:  # named by the user too, not by the file alone
                with suppress(HolotypeError):
                    trust_encoder(encoder)
            report = IngestReport(space, corrections=Corrections.of(collection.database))
            rows = CheckedFile(file, add_sources(collection.database, [file.root, *pictures]))
            if strict:
                _refuse_bad_rows(rows)
            start = time.perf_counter()
            with noting_stored(report, "rows", len(file)):
                _Load(collection, target, rows, report).run(len(file), on_load)
            report.seconds = time.perf_counter() - start
            report.corrections.settle(collection.database)
            if not report.embedded and not report.unchanged:
                refuse(report.problems, "No row can be used")
        return report


def _refuse_bad_rows(rows: CheckedFile) -> None:
    problems: list[Problem] = []
    for _ in rows.good(problems):
        pass
    refuse(problems, "Nothing was stored")


def _identity(file: VectorFile, encoder: str | None) -> Identity:
    """Return whose vectors they are: as the file says, else as the user does."""
    said = file.identity
    if said is None:
        if not encoder:
            raise UsageError(
                f"{file.source} does not say which encoder made its vectors; name it, "
                f"such as {option('encoder', 'dinov2-large')} (it is kept as external:dinov2-large)"
            )
        name, fingerprint = external_encoder(encoder)
        return Identity(name, fingerprint, 1, file.dim)
    if encoder not in (None, said.encoder):
        raise UsageError(
            f"{file.source} says that '{said.encoder}' made its vectors, not '{encoder}'; leave "
            f"{option('encoder')} out, or take the column 'embedding' out to encode the pictures "
            "anew"
        )
    if said.projected and not said.encoder.startswith(EXTERNAL):
        name = f"{EXTERNAL}{said.encoder} through a projection"
        return Identity(name, said.fingerprint, said.views, said.dim)
    return said


def _space(collection: Collection, name: str, identity: Identity) -> Space:
    """Return the space, made where there is none; refuse one of another encoder."""
    space = collection.add_space(
        name,
        encoder=identity.encoder,
        fingerprint=identity.fingerprint,
        views=identity.views,
        dim=identity.dim,
    )
    if space.dim != identity.dim:
        raise UsageError(
            f"Space '{name}' holds vectors of {space.dim} dimensions, the file of {identity.dim}; "
            "load it into another space"
        )
    if identity.canaries is not None:
        kept = kept_canaries(collection.database, space)
        if kept is None:
            put_canaries(collection.database, space, identity.canaries)
        else:
            require_same(space, kept, identity.encoder, identity.canaries)
    return space


class _Load:
    """One run over a file, committed about once a second."""

    def __init__(
        self, collection: Collection, space: Space, rows: CheckedFile, report: IngestReport
    ) -> None:
        self.collection = collection
        self.space = space
        self.rows = rows
        self.report = report
        self.taxa: Taxa = {}

    def run(self, total: int, progress: Progress | None) -> None:
        """Store every good row; what was committed stays when interrupted."""
        self.collection.database.connection().execute(_CACHE)
        batches = _read_ahead(self.rows.good(self.report.problems))
        goes_on = True
        while goes_on:
            with self.collection.database.transaction() as connection:
                stored, unchanged, read = self._store_for_a_while(connection, batches)
            self.report.embedded += stored
            self.report.unchanged += unchanged
            goes_on = read is not None
            if progress:
                progress(total if read is None else read, total)

    def _store_for_a_while(
        self, connection: sqlite3.Connection, batches: Iterator[GoodRows]
    ) -> tuple[int, int, int | None]:
        """Return how many were stored and unchanged, and how far it came; None at the end."""
        start, stored, unchanged = time.monotonic(), 0, 0
        for rows in batches:
            new, same = self._store(connection, rows)
            stored, unchanged = stored + new, unchanged + same
            if time.monotonic() - start > _COMMIT_SECONDS:
                return stored, unchanged, rows.read
        return stored, unchanged, None

    def _store(self, connection: sqlite3.Connection, rows: GoodRows) -> tuple[int, int]:
        """Store what is new or has changed; return how many vectors, and how many were there."""
        images_of_rows = under_old_ids(self.collection.database, rows.images, rows.former)
        found = find_images(connection, [image.image_id for image in images_of_rows])
        there = self._there(list(found))
        images: list[Image] = []
        places: list[tuple[int, int]] = []  # among the images to store, and among the rows
        unchanged = 0
        for place, image in enumerate(images_of_rows):
            old, embedded = there.get(image.image_id, (None, None))
            now = image if old is None else self.rows.completed(image, old)
            taken = taken_id(rows.numbers[place], now, old)
            if taken is not None:
                self.report.problems.append(taken)
                continue
            self.report.corrections.compare(now, old)
            same = embedded is not None and embedded == self._embedded(now, rows.vectors[place])
            unchanged += same
            if not same:
                places.append((len(images), place))
            if not same or now != old:
                images.append(now)
        named = self.rows.named
        stored = put_images(connection, images, taxa=self.taxa, stored=found, named=named)
        if places:
            put_embeddings(
                connection,
                self.space,
                [stored[number] for number, _ in places],
                [images[number].sha256 for number, _ in places],
                rows.vectors[[place for _, place in places]],
            )
        return len(places), unchanged

    def _embedded(self, image: Image, vector: Embeddings) -> tuple[str, bytes]:
        return image.sha256, vector.astype(self.space.dtype).tobytes()

    def _there(self, image_ids: list[str]) -> dict[str, tuple[Image, tuple[str, bytes] | None]]:
        """Return the images that are stored already, with content and vector in the space."""
        read = self.collection.database.read
        query = image_query("i.image_id IN")
        images = [read_image(record) for record in run_over(read, query, image_ids)]
        query = (
            "SELECT row, sha256, vector FROM embeddings "
            f"WHERE space_id = {self.space.space_id} AND row IN"
        )
        found = run_over(read, query, [image.row for image in images])
        vectors = {record["row"]: (record["sha256"], record["vector"]) for record in found}
        return {image.image_id: (image, vectors.get(image.row)) for image in images}


def _read_ahead(batches: Iterator[GoodRows]) -> Iterator[GoodRows]:
    """Yield batches while a thread reads and checks the next one."""
    with workers(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch
