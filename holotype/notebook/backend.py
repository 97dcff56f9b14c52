"""What an open collection needs of where it lies, on this machine or behind a service.

All values are as JSON has them, and the same from either, so that results are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from holotype.index.identification.identify import Options
from holotype.index.identification.many.outcomes import Specimen
from holotype.index.pictures.inputs import Picture

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from holotype.index.arrays import Embeddings
    from holotype.index.curation.actions import DecisionKind
    from holotype.index.manifests.manifest import Manifest

Told = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """What a search asks with; exactly one of the four is given."""

    picture: Picture | None = None
    image_id: str | None = None
    text: str | None = None
    vector: Embeddings | Sequence[float] | None = None


@dataclass(frozen=True)
class Signed:
    """Who decides, and why."""

    by: str
    why: str = ""


@dataclass(frozen=True)
class Adding:
    """What is added, and how.

    Attributes:
        source: a folder, a table, a file of vectors, a manifest or a table in memory.
        space: None for the first, or `base` of a new collection.
        encoder: of a new space; None for the space's own, or the default.
        views: of a new space; None for as many as the encoder has by default.
        pictures: folders of the pictures that rows of vectors name.
        named: whether folders are names where `levels` are not given.
    """

    source: str | Path | Manifest | pd.DataFrame
    space: str | None = None
    encoder: str | None = None
    views: int | None = None
    strict: bool = False
    copy_images: bool = False
    levels: Sequence[str] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    pictures: Sequence[str | Path] = ()
    named: bool = True


class Backend(Protocol):
    """A collection, wherever it lies."""

    @property
    def place(self) -> str:
        """Where it lies: its folder, or its address."""

    def close(self) -> None:
        """Let go of it."""

    # Questions --------------------------------------------------------------------------------

    def identify(self, pictures: Sequence[Picture], options: Options) -> Told:
        """Identify one specimen."""

    def identify_stored(self, image_id: str, options: Options) -> Told:
        """Identify the specimen of a stored image."""

    def identify_each(self, specimens: Sequence[Specimen], options: Options) -> Iterator[Told]:
        """Identify many, and yield an entry for each answer and each refused picture."""

    def search(self, query: Query, k: int, where: Sequence[str], space: str | None) -> Told:
        """Return the nearest images."""

    def thumbnail(self, image_id: str) -> bytes:
        """Return a small JPEG of a stored image."""

    def picture(self, image_id: str) -> bytes:
        """Return the file of a stored image."""

    # Records ----------------------------------------------------------------------------------

    def info(self) -> Told:
        """Return counts and spaces."""

    def add(self, adding: Adding) -> Told:
        """Store pictures or vectors, and report."""

    def image(self, image_id: str) -> Told:
        """Return an image's record."""

    def pages(self, where: Sequence[str], limit: int | None) -> Iterator[Told]:
        """Yield images in pages of at most `limit`, each with the total."""

    def specimen(self, specimen_id: str) -> Told:
        """Return a specimen with its images."""

    def history(self, specimen_id: str) -> Told:
        """Return what a specimen was called."""

    def taxa(self, rank: str | None, space: str | None) -> Told:
        """Return the taxa of a space."""

    def tree(self, under: str | None, space: str | None) -> Told:
        """Return a taxon and those right below it; None for the top."""

    def taxon(self, rank: str, name: str, space: str | None) -> Told:
        """Return a taxon, and what it is confused with."""

    def describe(self, image_id: str, said: Told) -> Told:
        """Correct what is said of an image, and return its record with notes."""

    def determine(self, specimen_id: str, name: str, qualifier: str, signed: Signed) -> Told:
        """Give a specimen a name, and return the determination."""

    def undo_determination(self, determination_id: int, signed: Signed) -> Told:
        """Take a determination back, and return the undo."""

    def undo_many(self, determination_ids: Sequence[int], signed: Signed) -> Told:
        """Take back determinations that still count; return the undos and what was left alone."""

    def chosen(self, where: Sequence[str]) -> list[str]:
        """Return the ids of the images that satisfy conditions."""

    def delete(self, image_ids: Sequence[str], signed: Signed) -> None:
        """Delete images."""

    # Clusters and queues ----------------------------------------------------------------------

    def cluster(self, source: str | Path | None, options: Told, signed: Signed) -> Told:
        """Cluster unnamed specimens, and return the clustering."""

    def clusterings(self) -> Told:
        """Return what is known of all clusterings."""

    def clustering(self, number: int | None) -> Told:
        """Return a clustering as it is now; None for the last."""

    def cluster_now(self, cluster_id: int) -> Told:
        """Return a cluster as it is now."""

    def decide(self, kind: str, cluster_id: int, said: Told, signed: Signed) -> Told:
        """Make a decision, and return it with the cluster."""

    def accept_known(self, clustering_id: int, signed: Signed) -> list[int]:
        """Accept what was set aside as known, and return the decisions."""

    def decisions(self, clustering: int | None) -> Told:
        """Return the decisions, oldest first."""

    def undo_decision(self, decision_id: int, signed: Signed, *, since: bool) -> list[int]:
        """Take back a decision, or all since one, and return the undos."""

    def queue(self, name: str, offset: int, limit: int, space: str | None) -> Told:
        """Return a part of a curation queue."""

    def decide_named(
        self,
        kind: DecisionKind,
        queue: str,
        specimen_ids: Sequence[str],
        said: Told,
        signed: Signed,
    ) -> Told:
        """Accept, correct or dismiss what a queue asks about, and return the determinations."""

    # Long work --------------------------------------------------------------------------------

    def tune(self, space: str | None, options: Told) -> Told:
        """Make a tuned space, and report."""

    def calibrate(self, space: str | None, seed: int) -> Told:
        """Fit confidence, and report."""

    def calibration(self, space: str | None) -> Told:
        """Return what a space's probabilities rest on."""

    def train(self, space: str | None, options: Told) -> Told:
        """Train an encoder, and report."""

    def map(
        self, space: str | None, options: Told, where: Sequence[str], columns: Sequence[str]
    ) -> pa.Table:
        """Return a map with columns, made where none is kept that serves."""

    def evaluate(
        self, space: str | None, protocol: str | None, said: Told, out: Path | None
    ) -> tuple[Told, str]:
        """Measure, and return the figures and where their report is; empty where there is none."""

    # Files ------------------------------------------------------------------------------------

    def export(self, path: Path, space: str | None, *, overwrite: bool) -> Told:
        """Write records and vectors as Parquet, or records as CSV."""

    def export_determinations(self, path: Path) -> Told:
        """Write the determinations as Darwin Core."""

    def snapshot(self, to: Path) -> Told:
        """Copy the collection, and report."""

    def verify(self, *, pictures: bool) -> Told:
        """Check the collection, and report."""
