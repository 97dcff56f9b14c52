"""The reference of a gallery: made once, then carried from one state to the next.

What takes long to make of a large gallery is kept beside its index.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from ..arrays import Codes
from ..database.connection import Database
from ..gallery.array_files import KeptArrays, keep_arrays, load_arrays
from ..gallery.gallery import Gallery
from ..gallery.label_files import Change
from ..vectors import HalfIndex, VectorIndex, bring_up_to_date, moved
from ..vectors.projection import Projection
from .calibration import Calibration
from .classes import rows_of, specimens_of
from .likelihood import fit_likelihood
from .reference import (
    Reference,
    View,
    index_in,
    is_large,
    parts_of,
    reference_of_parts,
    reference_over,
)

_ROWS = "codes before float16"  # how files keep the rows of working spaces
_MANY_CHANGED = 0.05  # share of the rows from which on everything is fitted anew


@dataclass(frozen=True, eq=False)
class GalleryReference:
    """A gallery as a calibration's working spaces show it.

    Attributes:
        ranks: those of the classes' lineages, at which the calibration was fitted.
        of_taxon: int64 [largest taxon + 2], the class of every taxon by its id; -1 for one without
            images, and in the last place.
        changes: how many images came, went or were named anew since it was made.
    """

    reference: Reference
    ranks: tuple[str, ...]
    of_taxon: Codes
    changes: int = 0

    def after(self, gallery: Gallery, change: Change) -> GalleryReference | None:
        """Return the reference of a later gallery: what did not change is taken over.

        New images are projected, deleted ones masked, and the classes that gain or lose images
        computed anew. What varies how much in the likelihood stays as it was fitted.

        Returns:
            None where much has changed.
        """
        changes = self.changes + change.count
        if changes > _MANY_CHANGED * len(gallery):
            return None
        known, old = self._with_taxa_of(gallery), self.reference
        before, gone = old.member, np.empty(0, np.int64)
        if change.moved is not None:
            there = change.moved >= 0
            gone = old.member[~there]
            before = np.full(len(gallery), -1, np.int64)
            before[change.moved[there]] = old.member[there]
        member = known.of_taxon[gallery.taxon]
        differs = before != member
        touched = np.unique(np.concatenate([before[differs], member[differs], gone]))
        at_new_places = replace(
            known.reference,
            index=gallery.index,
            groups=gallery.specimens,
            views=tuple(_view_after(view, gallery, change) for view in old.views),
        )
        reference = at_new_places.with_members(member, member, touched[touched >= 0])
        return known._renumbered(reference, member, changes)

    def _with_taxa_of(self, gallery: Gallery) -> GalleryReference:
        """Return the same with classes, still empty, for taxa that had no image before."""
        of_taxon = np.full(len(gallery.names(self.ranks[0]).of_taxon), -1, np.int64)
        of_taxon[: len(self.of_taxon) - 1] = self.of_taxon[:-1]
        unseen = np.unique(gallery.taxon[of_taxon[gallery.taxon] < 0])
        lineages = _lineages(gallery, unseen, self.ranks)
        named = (lineages >= 0).any(axis=1) & (unseen >= 0)
        classes, number = _with_lineages(self.reference.classes, lineages[named])
        of_taxon[unseen[named]] = number
        return replace(self, reference=replace(self.reference, classes=classes), of_taxon=of_taxon)

    def _renumbered(self, reference: Reference, member: Codes, changes: int) -> GalleryReference:
        """Return the same over a reference that has left out the classes without images."""
        counts = np.bincount(member[member >= 0], minlength=len(self.reference.classes))
        number = np.append(np.where(counts > 0, np.cumsum(counts > 0) - 1, -1), -1)
        return GalleryReference(reference, self.ranks, number[self.of_taxon], changes)


@dataclass(frozen=True, eq=False)
class _Classes:
    """The classes of a gallery: their lineages, of every row and of every taxon."""

    lineages: Codes
    member: Codes
    of_taxon: Codes

    @classmethod
    def of(cls, source: Gallery, ranks: Sequence[str]) -> _Classes:
        taxa = np.flatnonzero(np.bincount(source.taxon + 1)[1:])
        lineages = _lineages(source, taxa, ranks)
        named = (lineages >= 0).any(axis=1)
        classes, number = np.unique(lineages[named], axis=0, return_inverse=True)
        of_taxon = np.full(len(source.names(ranks[0]).of_taxon), -1, np.int64)
        of_taxon[taxa[named]] = number.reshape(-1)
        return cls(classes, of_taxon[source.taxon], of_taxon)


def reference_of(
    source: Gallery,
    calibration: Calibration,
    ranks: tuple[str, ...],
    database: Database | None = None,
) -> Reference | None:
    """Return a gallery as a calibration's working spaces show it, kept as long as the gallery.

    Args:
        source: the gallery of the encoder's own vectors.
        calibration: of its space.
        ranks: at which that was fitted; the gallery may have others by now.
        database: the collection's, beside which what is made of a large gallery is kept.

    Returns:
        None where no image is named at one of the ranks.
    """

    def build() -> GalleryReference | None:
        classes = _Classes.of(source, ranks)
        if not len(classes.lineages):
            return None
        files = database if is_large(source.index) else None
        reference = _made(source, calibration, classes, files)
        return GalleryReference(reference, ranks, classes.of_taxon)

    made = source.once("reference", calibration, build)
    return None if made is None else made.reference


def with_shape(source: Gallery, calibration: Calibration) -> Calibration:
    """Return a calibration with the shape of its last working space in a gallery.

    A process that follows the gallery's changes and one that opens it then answer alike.
    """
    classes = _Classes.of(source, source.ranks)
    size = len(classes.lineages)
    if not size:
        return calibration
    rows, of_row = rows_of(classes.member, np.arange(size), size)
    specimens = specimens_of(source.index, source.specimens, rows, of_row)
    fitted = fit_likelihood(calibration.projections[-1], specimens, size)
    return replace(calibration, shape=fitted.shape)


def _made(
    source: Gallery, calibration: Calibration, classes: _Classes, files: Database | None
) -> Reference:
    """Return the reference of a gallery, as far as possible from what is kept beside it."""
    over = (
        source.index,
        calibration.projections,
        classes.lineages,
        classes.member,
        source.specimens,
        _working_indexes(source, calibration.projections[:-1], files),
    )
    if files is None:
        return reference_over(*over, calibration.shape)
    basis = {"of": _digest(source, calibration, classes)}
    kept = load_arrays(files, source.space, "classes", basis)
    if kept is not None:
        return reference_of_parts(*over, kept.arrays)
    reference = reference_over(*over, calibration.shape)
    found = KeptArrays({"count": len(classes.lineages)}, parts_of(reference))
    keep_arrays(files, source.space, source.state, "classes", basis, found)
    return reference


def _digest(source: Gallery, calibration: Calibration, classes: _Classes) -> str:
    """Return a digest of all that the classes of a gallery are made of."""
    shape = () if calibration.shape is None else calibration.shape.parts.values()
    digest = sha256(json.dumps(_names(calibration.projections)).encode())
    for values in (source.sequence, source.specimens, classes.lineages, classes.member, *shape):
        digest.update(str(values.shape).encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _names(projections: Sequence[Projection]) -> list[str]:
    return [projection.fingerprint for projection in projections]


def _working_indexes(
    source: Gallery, projections: Sequence[Projection], files: Database | None
) -> Sequence[VectorIndex]:
    """Return the indexes of working spaces; lists as their file has them, or made and kept."""
    basis = {"projections": _names(projections), "rows": [_ROWS]}
    kept = None if files is None else _kept_lists(files, source, basis)
    if kept is not None:
        covered, indexes = kept
        pairs = zip(indexes, projections, strict=True)
        return [_brought_up(index, covered, projection, source) for index, projection in pairs]
    made = [index_in(projection, source.index) for projection in projections]
    lists = [index for index in made if isinstance(index, HalfIndex)]
    if files is not None and lists:
        arrays = {f"lists {number}": one.parts["lists"] for number, one in enumerate(lists)}
        cards = [one.card for one in lists]
        found = KeptArrays({"cards": cards}, {**arrays, "covered": source.sequence})
        keep_arrays(files, source.space, source.state, "lists", basis, found)
    return made


def _kept_lists(
    files: Database, source: Gallery, basis: dict[str, list[str]]
) -> tuple[Codes, list[HalfIndex]] | None:
    """Return the kept lists and the sequence numbers of their rows; None where much has changed."""
    kept = load_arrays(files, source.space, "lists", basis)
    if kept is None:
        return None
    covered = kept.arrays["covered"]
    if len(np.setxor1d(covered, source.sequence, assume_unique=True)) > _MANY_CHANGED * len(source):
        return None
    try:
        return covered, [
            HalfIndex.from_parts(card, {"lists": kept.arrays[f"lists {number}"]})
            for number, card in enumerate(kept.said["cards"])
        ]
    except RuntimeError:  # another FAISS wrote them
        return None


def _brought_up(
    index: HalfIndex, covered: Codes, projection: Projection, source: Gallery
) -> VectorIndex:
    return bring_up_to_date(
        index, covered, source.sequence, lambda fresh: projection.apply(source.index.rows(fresh))
    )


def _with_lineages(classes: Codes, lineages: Codes) -> tuple[Codes, Codes]:
    """Return classes with those lineages that none of them has, and the class of each lineage.

    Taxa that are told apart at other ranks only have one lineage.
    """
    if not len(lineages):
        return classes, np.empty(0, np.int64)
    both = np.concatenate([classes, lineages])
    _, first, same = np.unique(both, axis=0, return_index=True, return_inverse=True)
    first = first[same.reshape(-1)]
    new = first == np.arange(len(both))
    return both[new], (np.cumsum(new) - 1)[first[len(classes) :]]


def _lineages(gallery: Gallery, taxa: Codes, ranks: Sequence[str]) -> Codes:
    """Return the codes of taxa at some ranks, int64 [taxa, ranks], -1 unknown."""
    return np.stack([gallery.names(rank).of_taxon[taxa] for rank in ranks], axis=1)


def _view_after(view: View, gallery: Gallery, change: Change) -> View:
    if change.moved is None:
        return view
    fresh = view.projection.apply(gallery.index.rows(change.fresh))
    return replace(view, index=moved(view.index, change.moved, fresh, change.fresh))
