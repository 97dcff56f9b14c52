"""What a collection holds: images, specimens, taxa, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from holotype.index.errors import UsageError
from holotype.index.ingest.said import FIELDS

from .backend import Adding, Backend
from .conditions import Where, conditions
from .shown.records import ShownRecord, ShownRecords
from .shown.report import AddedReport, Report
from .signing import signed

if TYPE_CHECKING:
    import pandas as pd

    from holotype.index.manifests.manifest import Manifest


class Records:
    """Records of a collection."""

    _backend: Backend

    def add(
        self,
        source: str | Path | Manifest | pd.DataFrame,
        *,
        space: str | None = None,
        encoder: str | None = None,
        views: int | None = None,
        strict: bool = False,
        copy_images: bool = False,
        levels: Sequence[str] = (),
        columns: Mapping[str, str] | None = None,
        pictures: str | Path | Sequence[str | Path] = (),
    ) -> AddedReport:
        """Check, embed and store pictures, or store vectors; repeated, it goes on where it was.

        Args:
            source: a folder `root/<species>/*.jpg` or `root/<category>/<species>/*.jpg`, a table
                with a column `path`, a file of vectors, or a manifest or table in memory.
            space: where the vectors go; by default the first, or `base` of a new collection.
            encoder: of a new space, by default `bundled:320`; else the space's own.
            views: of a new space, 1 to 3, averaged into one vector; by default as the encoder has.
            strict: store nothing if any row has an error.
            copy_images: keep a copy of every picture in the collection.
            levels: what the levels of folders are, such as `["split", "species"]`.
            columns: which column of the table is what, such as `{"species": "label"}`.
            pictures: of vectors, folders beside their own that hold the pictures of their rows.

        Returns:
            what was stored, what was there, and what was left out, each with the reason.

        Raises:
            ManifestError: no picture that can be used; with `strict`, any bad row.
            UsageError: the source is of another kind.
        """
        from holotype.index.manifests.manifest import Manifest

        if not isinstance(source, str | Path | Manifest) and not hasattr(source, "columns"):
            raise UsageError(
                f"A {type(source).__name__} cannot be added; give a folder, a table, or a "
                "DataFrame with a column path"
            )
        adding = Adding(
            source,
            space=space,
            encoder=encoder,
            views=views,
            strict=strict,
            copy_images=copy_images,
            levels=list(levels),
            columns=dict(columns or {}),
            pictures=[pictures] if isinstance(pictures, str | Path) else list(pictures),
        )
        return AddedReport("Added", self._backend.add(adding), self._backend.thumbnail)

    def info(self) -> Report:
        """Return what it holds: counts, and the spaces with their encoders."""
        return Report("Collection", self._backend.info(), self._backend.thumbnail)

    def image(self, image_id: str) -> ShownRecord:
        """Return a stored image and what is known of it.

        Raises:
            NotFoundError: there is none of that id.
        """
        return ShownRecord(self._backend.image(image_id), self._backend.thumbnail)

    def images(self, where: Where = None) -> ShownRecords:
        """Return the records of images: loop over them, or `to_pandas()`.

        Args:
            where: only these, such as `{"family": "Noctuidae", "split": "train"}`.
        """
        pages = partial(self._backend.pages, conditions(where))
        return ShownRecords(pages, self._backend.thumbnail)

    def to_pandas(self, where: Where = None) -> pd.DataFrame:
        """Return a table with a row an image: ids, ranks, split, details and your own columns."""
        return self.images(where).to_pandas()

    def specimen(self, specimen_id: str) -> Report:
        """Return a specimen: its accepted name, who gave it, and its images.

        Raises:
            NotFoundError: there is none of that id.
        """
        told = self._backend.specimen(specimen_id)
        return Report(f"Specimen {specimen_id}", told, self._backend.thumbnail)

    def history(self, specimen_id: str) -> Report:
        """Return what a specimen was called, by whom, when and why, oldest first.

        Raises:
            NotFoundError: there is no such specimen, and there was none.
        """
        told = self._backend.history(specimen_id)
        return Report(f"Specimen {specimen_id}", told, self._backend.thumbnail)

    def taxa(self, rank: str | None = None, *, space: str | None = None) -> pd.DataFrame:
        """Return the taxa with their rank, lineage and numbers of images and specimens.

        Args:
            rank: only those of this rank.
            space: of whose images; by default the first.
        """
        import pandas as pd

        found = pd.DataFrame(self._backend.taxa(rank, space)["taxa"])
        return found if len(found) else pd.DataFrame(columns=["taxon", "rank", "images"])

    def tree(self, under: str | None = None, *, space: str | None = None) -> Report:
        """Return a taxon and the taxa right below it, with their numbers; without one the top.

        Args:
            under: a rank and a taxon, such as `family:Noctuidae`.
            space: of whose images; by default the first.
        """
        told = self._backend.tree(under, space)
        return Report(under or "All taxa", told, self._backend.thumbnail)

    def taxon(self, rank: str, name: str, *, space: str | None = None) -> Report:
        """Return a taxon: its lineage, numbers, typical images, and what it is confused with.

        Raises:
            NotFoundError: there is none of that name at that rank.
        """
        told = self._backend.taxon(rank, name, space)
        return Report(f"{rank} {name}", told, self._backend.thumbnail)

    def describe(
        self,
        image_id: str,
        *,
        metadata: Mapping[str, str | float | None] | None = None,
        **fields: str | float | None,
    ) -> Report:
        """Correct what is said of an image, as adding it again would; what is not named stays.

        Args:
            metadata: your own columns; None takes one away.
            fields: such as `locality="Oxford"`, `latitude=51.75`; None takes one away.

        Raises:
            NotFoundError: there is no such image.
            UsageError: there is no such field, or a value cannot be stored.
        """
        unknown = next((name for name in fields if name not in FIELDS), None)
        if unknown is not None:
            raise UsageError(f"{unknown}: there is no such field; there are {', '.join(FIELDS)}")
        said = {**_texts(fields), "metadata": _texts(metadata or {})}
        told = self._backend.describe(image_id, said)
        return Report(f"Image {image_id}", told, self._backend.thumbnail)

    def determine(
        self, specimen_id: str, name: str, *, qualifier: str = "", by: str = "", why: str = ""
    ) -> Report:
        """Give a specimen a name; what it was called before stays in its history.

        Args:
            name: `Genus species`, a taxon of the collection, or `rank=name`.
            qualifier: of open nomenclature, such as `cf.`.
            by: who says so; by default your login name.
            why: the reason, for the record.

        Raises:
            NotFoundError: there is no such specimen.
            UsageError: the name cannot be read.
        """
        told = self._backend.determine(specimen_id, name, qualifier, signed(by, why))
        return Report("Determined", told, self._backend.thumbnail)

    def undo_many(self, determination_ids: Sequence[int], *, by: str = "", why: str = "") -> Report:
        """Take back determinations together, such as all of a decision about a queue.

        Those that somebody took back or reinstated meanwhile are left as they are, and those of a
        specimen that a person has determined since.

        Args:
            determination_ids: their numbers, at most 1,000 where a service is asked.
            by: who takes them back; by default your login name.
            why: the reason, for the record.

        Returns:
            the undos as `determinations`, and as `left_out` what was left, each with `why`.

        Raises:
            NotFoundError: a number is of none; nothing is taken back.
            UsageError: none is named, or one comes twice.
        """
        numbers = [int(one) for one in determination_ids]
        if not numbers:
            raise UsageError("No determination is named; give the numbers of those to take back")
        told = self._backend.undo_many(numbers, signed(by, why))
        return Report("Taken back", told, self._backend.thumbnail)

    def delete(
        self,
        image_ids: str | Sequence[str] | None = None,
        *,
        where: Where = None,
        yes: bool = False,
        by: str = "",
        why: str = "",
    ) -> Report:
        """Delete images from every space, all of them or none; picture files are not touched.

        Args:
            image_ids: of those that go.
            where: instead, every image that satisfies this; without `yes` nothing is deleted.
            yes: with `where`, delete what would go.
            by, why: for the record.

        Returns:
            how many were deleted, and the ids of those that went or would go.
        """
        asked = conditions(where)
        if (image_ids is None) == (not asked):
            raise UsageError("Name the images by their ids, or by where; give one of the two")
        one = [image_ids] if isinstance(image_ids, str) else image_ids
        chosen = self._backend.chosen(asked) if one is None else list(one)
        told = {"deleted": 0, "image_ids": chosen}
        if one is not None or yes:
            self._backend.delete(chosen, signed(by, why))
            told["deleted"] = len(dict.fromkeys(chosen))
        else:
            told["summary"] = "Nothing was deleted; yes=True deletes these."
        return Report("Deleted", told, self._backend.thumbnail)


def _texts(values: Mapping[str, str | float | None]) -> dict[str, str | None]:
    """Return values as a table would hold them; numbers may be given as such."""
    return {name: None if value is None else str(value) for name, value in values.items()}
