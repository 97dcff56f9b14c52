"""Records of a collection on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from holotype.index.curation.actions import lineage_of
from holotype.index.encoders import DEFAULT_ENCODER, Encoder, accelerated, load_encoder
from holotype.index.errors import UsageError
from holotype.index.gallery.taxon_counts import taxa_of
from holotype.index.ingest.patches import patch_image
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.vector_file import holds_vectors
from holotype.index.search.listed import listed_images
from holotype.index.search.specimen_record import specimen_history, specimen_record
from holotype.index.search.taxon_records import (
    AskedTaxon,
    rank_and_name,
    taxon_record,
    tree_record,
)
from holotype.index.upkeep.deletion import doomed_by
from holotype.index.upkeep.info import info

from ..backend import Adding, Signed, Told
from ..progress import progress
from .held import Held

_BASE = "base"
_PAGE = 1000  # images that are read at once
_ALL = 1 << 30


class LocalRecords(Held):
    """Records; see `Backend`."""

    def info(self) -> Told:
        """Return counts and spaces."""
        return info(self.collection)

    def add(self, adding: Adding) -> Told:
        """Store pictures or vectors, and report."""
        return self.added(adding).to_dict()

    def added(self, adding: Adding) -> IngestReport:
        """Store pictures or vectors."""
        source = adding.source
        if isinstance(source, str | Path) and holds_vectors(Path(source)):
            return self._loaded(adding, Path(source))
        if isinstance(source, pd.DataFrame):
            source = Manifest.from_pandas(source, columns=adding.columns)
        if adding.pictures:
            raise UsageError("pictures is for vectors; a folder or table says where its own lie")
        if not isinstance(source, Manifest):
            source = Manifest.read(
                source, levels=adding.levels, columns=adding.columns, named=adding.named
            )
        space, encoder = self._target(adding)
        with progress("Checking") as on_check, progress("Embedding") as on_embed:
            return ingest(
                source,
                self.collection,
                encoder,
                space=space,
                strict=adding.strict,
                copy_images=adding.copy_images,
                on_check=on_check,
                on_embed=on_embed,
            )

    def _target(self, adding: Adding) -> tuple[str, Encoder]:
        """Return the space that pictures go into, and its encoder."""
        known = {space.name for space in self.collection.spaces()}
        name = adding.space
        if name is None:
            name = self.collection.source(self.collection.space()).name if known else _BASE
        if name in known and adding.encoder is None:
            return name, self.encoder(name)
        return name, accelerated(
            load_encoder(adding.encoder or DEFAULT_ENCODER, views=adding.views)
        )

    def _loaded(self, adding: Adding, source: Path) -> IngestReport:
        if adding.levels or adding.columns:
            raise UsageError("levels and columns are for pictures; vectors have their own columns")
        with progress("Loading") as on_load:
            return load_vectors(
                source,
                self.collection,
                space=adding.space or _BASE,
                encoder=adding.encoder,
                strict=adding.strict,
                pictures=adding.pictures,
                on_load=on_load,
            )

    def image(self, image_id: str) -> Told:
        """Return an image's record."""
        return self.collection.image(image_id).to_dict()

    def pages(self, where: Sequence[str], limit: int | None) -> Iterator[Told]:
        """Yield images in pages of at most `limit`, each with the total."""
        after: int | None = 0
        while after is not None:
            page = listed_images(self.collection, where, after=after, limit=limit or _PAGE)
            yield {"images": [one.to_dict() for one in page.images], "total": page.total}
            after = page.next

    def specimen(self, specimen_id: str) -> Told:
        """Return a specimen with its images."""
        return without_next(specimen_record(self.collection, specimen_id, 0, _ALL))

    def history(self, specimen_id: str) -> Told:
        """Return what a specimen was called."""
        return specimen_history(self.collection, specimen_id)

    def taxa(self, rank: str | None, space: str | None) -> Told:
        """Return the taxa of a space."""
        return taxa_of(self.collection.gallery(space), rank)

    def tree(self, under: str | None, space: str | None) -> Told:
        """Return a taxon and those right below it; None for the top."""
        asked = AskedTaxon(*rank_and_name(under), "", "", space)
        return without_next(tree_record(self.collection, asked, None, _ALL))

    def taxon(self, rank: str, name: str, space: str | None) -> Told:
        """Return a taxon, and what it is confused with."""
        return taxon_record(self.collection, AskedTaxon(rank, name, "", "", space))

    def describe(self, image_id: str, said: Told) -> Told:
        """Correct what is said of an image, and return its record with notes."""
        fields = dict(said)
        stored = patch_image(self.collection, image_id, fields, fields.pop("metadata"))
        return {**stored.image.to_dict(), "notes": stored.notes}

    def determine(self, specimen_id: str, name: str, qualifier: str, signed: Signed) -> Told:
        """Give a specimen a name, and return the determination."""
        made = self.collection.determine(
            specimen_id,
            lineage_of(self.collection, name),
            by=signed.by,
            qualifier=qualifier,
            remarks=signed.why,
        )
        return self.event(specimen_id, made)

    def undo_determination(self, determination_id: int, signed: Signed) -> Told:
        """Take a determination back, and return the undo."""
        specimen = self.collection.withdrawal(determination_id).event.specimen_id
        made = self.collection.undo(determination_id, by=signed.by, remarks=signed.why)
        return self.event(specimen, made)

    def undo_many(self, determination_ids: Sequence[int], signed: Signed) -> Told:
        """Take back determinations that still count; return the undos and what was left alone."""
        made = self.collection.undo_many(determination_ids, by=signed.by, remarks=signed.why)
        return made.to_dict(self.collection.database)

    def event(self, specimen_id: str, determination_id: int) -> Told:
        """Return a determination or an undo of a specimen."""
        events = self.collection.history(specimen_id)
        return next(one.to_dict() for one in events if one.determination_id == determination_id)

    def chosen(self, where: Sequence[str]) -> list[str]:
        """Return the ids of the images that satisfy conditions."""
        return doomed_by(self.collection, where).image_ids

    def delete(self, image_ids: Sequence[str], signed: Signed) -> None:
        """Delete images."""
        self.collection.delete(image_ids, by=signed.by, remarks=signed.why)


def without_next(page: Told) -> Told:
    """Return a page that holds all there is, without where the next one would begin."""
    return {name: value for name, value in page.items() if name != "next"}
