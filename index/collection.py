"""A collection: the folder that holds pictures' records, embeddings and determinations."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .arrays import Embeddings
from .database.connection import Database
from .errors import NotFoundError
from .files.durable import refuse_unfinished
from .files.regular import Limit
from .gallery.galleries import Galleries
from .gallery.gallery import Gallery
from .gallery.index_files import state_of
from .gallery.taxa import TaxonNames
from .pictures.reading import PictureReader, read_picture
from .storage import determinations
from .storage.canaries import check_canaries
from .storage.embeddings import read_vectors
from .storage.images import delete_images, put_entries
from .storage.integrity import require_intact
from .storage.moving import set_store
from .storage.opening import discard_if_empty, open_database, require_trusted_store
from .storage.records import Image, Space, image_query, read_image
from .storage.sources import picture_file, picture_of
from .storage.space_removal import remove_space
from .storage.spaces import (
    add_projected_space,
    add_space,
    check_fingerprint,
    filled_spaces,
    find_space,
    list_spaces,
    source_of,
)
from .storage.specimens import namings, undoing
from .storage.thumbnails import kept_thumbnail, made_thumbnail
from .taxonomy import Lineage
from .vectors.projection import Projection

if TYPE_CHECKING:
    from .encoders import Encoder


class Collection:
    """A collection on disk. Safe to read from several threads; one process writes at a time.

    Use `Collection.open` for one that exists and `Collection.create` for a new one. Where its path
    leads to another collection by now, or to none, everything raises `ReplacedError`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._galleries = Galleries(database, self.require_intact)
        self._checking = threading.Lock()
        self._is_intact = False
        self.calibrations: dict[int, Any] = {}  # see `kept_calibration`

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a collection that exists.

        Raises:
            NotFoundError: the folder is not a collection.
            CorruptError: its database is damaged, foreign, or of a newer version.
            UsageError: it was left by a snapshot that did not end.
            StoreError: its vectors lie where this user has not said that they may.
        """
        refuse_unfinished(Path(folder))
        opened = cls(open_database(Path(folder)))
        try:
            require_trusted_store(opened.database)
        except BaseException:
            opened.close()
            raise
        return opened

    @classmethod
    def create(cls, folder: str | Path, *, store: str = "", into_existing: bool = False) -> Self:
        """Open a collection, making it where there is none.

        Args:
            folder: its folder.
            store: the Milvus that a new one keeps its vectors in, as an address or a path that
                ends in .db; by default its own database. It remembers that.
            into_existing: make it in a folder that holds other files already; they stay.

        Raises:
            StoreError: nothing answers there.
            UsageError: the address is not understood, or the vectors lie elsewhere already; or a
                new collection's folder holds other files.

        As a context that ends in an error before anything was stored, it leaves none behind.
        """
        refuse_unfinished(Path(folder))
        made = cls(open_database(Path(folder), create=True, into_existing=into_existing))
        try:
            if store:
                set_store(made.database, store)
            require_trusted_store(made.database)
        except BaseException:
            made.close()
            raise
        return made

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            discard_if_empty(self.database)
        self.close()

    @property
    def folder(self) -> Path:
        """The collection's folder."""
        return self.database.folder

    def require_intact(self) -> None:
        """Refuse to answer from a damaged database; it is checked once as long as it is open.

        Raises:
            CorruptError: something in it is damaged; see `integrity`.
        """
        if self._is_intact:
            return
        with self._checking:  # who comes meanwhile waits: of a large one it takes many seconds
            if not self._is_intact:
                require_intact(self.database)
                self._is_intact = True

    def writing(self) -> AbstractContextManager[None]:
        """Hold the writer's lock over work that ends in writing; see `Database.writing`."""
        return self.database.writing()

    def require_same(self) -> None:
        """Refuse to go on where another collection lies by now; see `Database.require_same`."""
        self.database.require_same()

    # Spaces -----------------------------------------------------------------------------------

    def spaces(self) -> list[Space]:
        """Return the spaces, oldest first."""
        return list_spaces(self.database)

    def space(self, name: str | None = None) -> Space:
        """Return a space by name; without a name, the oldest with vectors; see `find_space`."""
        return find_space(self.database, name)

    def filled_spaces(self) -> set[str]:
        """Return the names of the spaces that show any vector."""
        return filled_spaces(self.database)

    def source(self, space: Space) -> Space:
        """Return the space that holds the embeddings which a space shows."""
        return source_of(self.database, space)

    def count(self, space: Space) -> int:
        """Return how many vectors a space shows."""
        return state_of(self.database, space).count

    def add_space(
        self, name: str, *, encoder: str, fingerprint: str, views: int, dim: int
    ) -> Space:
        """Return the space of that name, made where there is none; see `spaces.add_space`."""
        return add_space(
            self.database, name, encoder=encoder, fingerprint=fingerprint, views=views, dim=dim
        )

    def add_projected_space(
        self, name: str, base: Space, projection: Projection, *, moves: bool = False
    ) -> Space:
        """Return a space that shows `base` through a projection; see `spaces`."""
        return add_projected_space(self.database, name, base, projection, moves=moves)

    def remove_space(
        self,
        name: str,
        *,
        with_tuned: bool = False,
        last: bool = False,
        by: str = "",
        remarks: str = "",
    ) -> list[str]:
        """Remove a space and return which went; see `space_removal`."""
        removed = remove_space(
            self.database, name, with_tuned=with_tuned, last=last, by=by, remarks=remarks
        )
        self._galleries.forget(removed)
        return removed

    def check_encoder(self, name: str | None, encoder: Encoder) -> Space:
        """Return a space, having refused an encoder that is not its own.

        Raises:
            MismatchError: the fingerprints differ, or it no longer makes the embeddings that it
                made when the space was filled.
            NotFoundError: no such space.
        """
        space = self.space(name)
        source = self.source(space)
        check_fingerprint(source, encoder.fingerprint, encoder.name)
        check_canaries(self.database, source, encoder)
        return space

    def vectors(self, space: Space) -> Embeddings:
        """Return the vectors of a space, float32 [n, dim] unit rows, in the images' order."""
        return read_vectors(self.database, space)

    # Images -----------------------------------------------------------------------------------

    def image(self, image_id: str) -> Image:
        """Return an image with its accepted determination.

        Raises:
            NotFoundError: there is none of that id.
        """
        for image in self._images("i.image_id = ?", (image_id,)):
            return image
        raise NotFoundError(f"{self.folder} has no image '{image_id}'")

    def images(self) -> Iterator[Image]:
        """Yield the images, by row."""
        return self._images("1")

    def images_of(self, sha256: str) -> Iterator[Image]:
        """Yield the images of a picture, told by the hash of its file's content."""
        return self._images("i.sha256 = ?", (sha256,))

    def _images(self, where: str, values: Sequence[object] = ()) -> Iterator[Image]:
        self.require_intact()
        query = image_query(where) + " ORDER BY i.row"
        for record in self.database.read(query, values):
            yield read_image(record)

    def images_at(self, rows: Sequence[int]) -> dict[int, Image]:
        """Return images by their rows."""
        marks = ", ".join("?" for _ in rows)
        return {image.row: image for image in self._images(f"i.row IN ({marks})", rows)}

    def store(self, space: Space, entries: Iterable[tuple[Image, Embeddings | None]]) -> None:
        """Store images and, where given, their embeddings in a space, all or none of them.

        An image whose id is there already takes its place; where its content is another, the
        embeddings of the old one go, in every space.

        Args:
            entries: images and unit rows, float32 [dim]; None leaves the embedding as it is.

        Raises:
            MismatchError: a vector has another length than the space, or is no unit vector.
        """
        with self.database.writing(), self.database.transaction() as connection:
            put_entries(connection, space, entries)

    def delete(self, image_ids: Sequence[str], *, by: str = "", remarks: str = "") -> int:
        """Delete images from every space, all or none, and return how many; see `deletion`."""
        return delete_images(self.database, image_ids, by=by, remarks=remarks)

    def embedded(self, space: Space) -> dict[str, str]:
        """Return {image_id: sha256 of the picture that was embedded} of a space."""
        found = self.database.read(
            "SELECT image_id, e.sha256 FROM embeddings AS e JOIN images USING (row) "
            "WHERE space_id = ?",
            (space.space_id,),
        )
        return {record[0]: record[1] for record in found}

    def picture_path(self, image: Image) -> Path:
        """Return the file of an image; see `sources`.

        Raises:
            PictureError: it has none that the collection may show.
        """
        return picture_file(self.database, image)

    def picture(self, image: Image, most: Limit | None = None) -> bytes:
        """Return the file of the picture that was ingested; see `sources.picture_of`."""
        return picture_of(self.database, image, most)

    def thumbnail(
        self, image: Image, *, read: PictureReader = read_picture, most: Limit | None = None
    ) -> bytes:
        """Return a small JPEG of an image; see `thumbnails`."""
        self.database.require_same()
        return made_thumbnail(self.database, image, read=read, most=most)

    def kept_thumbnail(self, image: Image) -> bytes | None:
        """Return the small JPEG of an image that was made before; None without one."""
        return kept_thumbnail(self.database, image)

    # Determinations ---------------------------------------------------------------------------

    def determine(
        self,
        specimen_id: str,
        lineage: Lineage,
        *,
        by: str,
        origin: determinations.Origin = "human",
        qualifier: str = "",
        remarks: str = "",
    ) -> int:
        """Append a determination of a specimen and return its id; see `determine_all`."""
        naming = namings.Naming(specimen_id, lineage, qualifier, remarks)
        return self.determine_all([naming], by=by, origin=origin)[0]

    def determine_all(
        self,
        several: Sequence[namings.Naming],
        *,
        by: str,
        origin: determinations.Origin = "human",
        versions: Mapping[str, int] | None = None,
    ) -> list[int]:
        """Append determinations of several specimens, all or none; see `namings`."""
        return namings.determine_all(
            self.database, several, by=by, origin=origin, versions=versions
        )

    def determine_unchanged(
        self, several: Sequence[namings.Naming], *, by: str, versions: Mapping[str, int]
    ) -> tuple[list[int], dict[str, str]]:
        """Append determinations of the specimens that are as they were; see `namings`."""
        return namings.determine_unchanged(self.database, several, by=by, versions=versions)

    def undo(self, determination_id: int, *, by: str, remarks: str = "") -> int:
        """Take back a determination, or an undo, and return the id of that."""
        return determinations.undo(self.database, determination_id, by=by, remarks=remarks)

    def undo_many(
        self, determination_ids: Sequence[int], *, by: str, remarks: str = ""
    ) -> undoing.TakenBack:
        """Take back those of several determinations or undos that count; see `undoing`."""
        return undoing.undo_many(self.database, determination_ids, by=by, remarks=remarks)

    def withdrawal(self, determination_id: int) -> determinations.Withdrawal:
        """Return what `undo` would do; nothing is written."""
        self.require_intact()
        return determinations.withdrawal(self.database, determination_id)

    def history(self, specimen_id: str | None = None) -> list[determinations.Event]:
        """Return every determination and undo, oldest first; of one specimen or of all."""
        self.require_intact()
        return determinations.history(self.database, specimen_id)

    # Embeddings -------------------------------------------------------------------------------

    def gallery(self, name: str | None = None) -> Gallery:
        """Return a snapshot of a space with an index over it, kept until something is written.

        After a change it is made of the one before, and so is what identification made of that.

        Raises:
            NotFoundError: no such space, or nothing in it.
            CorruptError: something in the database is damaged.
        """
        return self._galleries.present(name, with_source=False)[0]

    def gallery_and_source(self, name: str | None = None) -> tuple[Gallery, Gallery]:
        """Return the galleries of a space and of the one that holds its vectors, at one state."""
        return self._galleries.present(name, with_source=True)

    def taxa(self) -> TaxonNames:
        """Return the names of all taxa; those that were read before are not read again."""
        return self._galleries.taxa()
