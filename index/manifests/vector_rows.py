"""The rows of a vector file as images and unit vectors, a batch at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..arrays import Embeddings, Floats
from ..errors import ManifestError
from ..files.regular import open_regular
from ..pictures.reading import file_limit
from ..storage.records import DETAILS, Image
from ..storage.sources import lies_in
from ..taxonomy import RANKS, Identification, TaxonNameError
from ..ways import option
from .file_checks import FileChecks, ids_of, ranks_of, specimens_of, with_marks_empty
from .image_ids import id_of_path
from .manifest import own_columns
from .names import RowError, with_identification
from .problems import Problem
from .untold import with_untold
from .vector_file import Batch, Texts, VectorFile

_UNIT = 1e-6  # lengths that are so near to 1 are left as they are


@dataclass(frozen=True, eq=False)
class GoodRows:
    """Rows that can be stored.

    Attributes:
        numbers: the rows' own, as `Problem.row` counts.
        images: what the rows say; the rest is empty.
        vectors: float32 [n, dim], unit rows.
        read: how many rows of the file have been looked at so far.
        former: {id: path} of rows without an id whose id differs from the path; earlier versions
            used the path itself.
    """

    numbers: list[int]
    images: list[Image]
    vectors: Embeddings
    read: int
    former: dict[str, str]


class CheckedFile:
    """The rows of a vector file as images and unit vectors, checked.

    Args:
        file: the vectors.
        sources: the folders that pictures are shown from; see `sources`.

    Attributes:
        named: whether the file says what the specimens are.

    Raises:
        ManifestError: the file has neither `image_id` nor `path`.
    """

    def __init__(self, file: VectorFile, sources: frozenset[str]) -> None:
        self._file = file
        self._sources = sources
        self._root = str(file.root.resolve())
        self._own = own_columns(file.columns)
        self.named = any(rank in file.columns for rank in RANKS)
        if not {"image_id", "path"} & file.columns.keys():
            raise ManifestError(
                f"{file.source} has neither a column 'image_id' nor 'path' (it has "
                f"{', '.join(file.columns)}); one of them must name the images"
            )
        self._checks = FileChecks(file)

    def good(self, problems: list[Problem]) -> Iterator[GoodRows]:
        """Yield the rows that can be stored; append what is wrong with the others."""
        self._checks.again()
        scaled: list[int] = []  # the first row, and how many are in every batch
        hidden: list[int] = []
        problems += [Problem(row, "", said, "note") for row, said in self._checks.names.remarks()]
        for read in self._file.rows():
            rows = replace(read, columns=with_marks_empty(read.columns))
            vectors, lengths = _at_length_1(rows.vectors)
            kept, named = self._checked(rows, _faults(rows, lengths, self._file.dim), problems)
            off = np.abs(lengths[kept] - 1) > _UNIT
            if off.any():
                scaled = scaled or [rows.first + kept[int(off.argmax())]]
                scaled.append(int(np.count_nonzero(off)))
            numbers = [rows.first + place for place in kept]
            images = self._images(rows.columns, kept, named, vectors)
            outside = [
                bool(image.path) and not lies_in(image.path, self._sources) for image in images
            ]
            if any(outside):
                hidden = hidden or [numbers[outside.index(True)]]
                hidden.append(sum(outside))
            yield GoodRows(
                numbers,
                images,
                vectors if len(kept) == len(vectors) else vectors[kept],
                rows.first + len(vectors) - 2,
                _former(rows.columns, kept),
            )
        if scaled:
            message = (
                f"{sum(scaled[1:])} vectors, from this row on, were not of length 1; now they are"
            )
            problems.append(Problem(scaled[0], "", message, "note"))
        if hidden:
            message = (
                f"{sum(hidden[1:])} pictures, from this row on, lie outside of the table's "
                f"folder and are never opened; name theirs with {option('pictures')}"
            )
            problems.append(Problem(hidden[0], "", message, "note"))

    def _checked(
        self, rows: Batch, faults: dict[int, str], problems: list[Problem]
    ) -> tuple[list[int], list[Identification]]:
        """Return the places of the rows that can be stored, and what they say of names."""
        texts, count = rows.columns, len(rows.vectors)
        ids = ids_of(texts)
        sha256s = texts.get("sha256", [""] * count)
        said = zip(ids, specimens_of(texts, ids), ranks_of(texts, count), sha256s, strict=True)
        kept: list[int] = []
        named: list[Identification] = []
        for place, row in enumerate(said):
            number = rows.first + place
            try:
                said_of_it, notes = self._checks.check(number, *row)
                if place in faults:
                    raise RowError(faults[place])
            except (RowError, TaxonNameError) as error:
                problems.append(Problem(number, row[0], str(error)))
                continue
            problems += [Problem(number, row[0], note, "note") for note in notes]
            kept.append(place)
            named.append(said_of_it)
        return kept, named

    def _images(
        self,
        texts: Texts,
        kept: list[int],
        named: list[Identification],
        vectors: Embeddings,
    ) -> list[Image]:
        """Return what the rows at some places say."""
        ids = ids_of(texts)
        empty = [""] * len(ids)
        specimens = specimens_of(texts, ids)
        sha256s = texts.get("sha256", empty)
        paths, splits = texts.get("path", empty), texts.get("split", empty)
        details = _details(texts, len(ids))
        images = []
        for place, said in zip(kept, named, strict=True):
            path = self._file_of(paths[place])
            sha256 = sha256s[place] or self._content_of(path)
            sha256 = sha256 or hashlib.sha256(vectors[place].data).hexdigest()
            metadata = {name: texts[name][place] for name in self._own if texts[name][place]}
            images.append(
                Image(
                    image_id=ids[place],
                    specimen_id=specimens[place],
                    path=path,
                    sha256=sha256,
                    phash=int(sha256[:16], 16),  # unseen pictures: alike where equal
                    width=0,
                    height=0,
                    split=splits[place],
                    lineage=said.lineage,
                    details=details[place],
                    metadata=with_identification(metadata, said),
                )
            )
        return images

    def _file_of(self, path: str) -> str:
        """Return where a picture lies, whatever links lead there."""
        if not path:
            return ""
        folder, name = os.path.split(os.path.normpath(os.path.join(self._root, path)))
        file = os.path.join(_real(folder), name)
        return _real(file) if os.path.islink(file) else file

    def _content_of(self, path: str) -> str:
        """Return the sha256 of a picture that may be shown, empty where it cannot be read.

        Without it nobody could tell later whether the file is still the picture of the vector.
        """
        if not path or not lies_in(path, self._sources):
            return ""
        try:
            with open_regular(Path(path), file_limit()) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            return ""

    def completed(self, new: Image, old: Image) -> Image:
        """Return a row's image with what the file does not say as it is stored already."""
        says = self._file.columns
        if "sha256" not in says and new.sha256 != self._content_of(new.path):
            new = replace(new, sha256=old.sha256)
        if new.sha256 == old.sha256:
            new = replace(new, phash=old.phash, width=old.width, height=old.height)
        kept = with_untold(new, old, says.keys())
        return replace(kept, row=old.row, path=new.path or old.path)


@lru_cache(maxsize=1024)
def _real(path: str) -> str:
    """Return where a path leads; one that no file can have, as it is."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def _former(texts: Texts, kept: list[int]) -> dict[str, str]:
    """Return {id: path} of the rows without an id whose id differs from their path."""
    paths = texts.get("path", [])
    given = texts.get("image_id", [""] * len(paths))
    own = {paths[place]: id_of_path(paths[place]) for place in kept if paths and not given[place]}
    return {image_id: path for path, image_id in own.items() if path != image_id}


def _details(texts: Texts, count: int) -> list[dict[str, str]]:
    unknown = dict.fromkeys(DETAILS, "")
    given = [name for name in DETAILS if name in texts]
    if not given:
        return [unknown] * count
    values = zip(*(texts[name] for name in given), strict=True)
    return [{**unknown, **dict(zip(given, row, strict=True))} for row in values]


def _at_length_1(vectors: Embeddings) -> tuple[Embeddings, Floats]:
    """Return vectors at length 1, and the lengths that they had; some may be 0 or not finite."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors)).astype(np.float64)
        off = np.flatnonzero(~(np.abs(lengths - 1) <= _UNIT))
        if not len(off):
            return vectors, lengths
        wide = vectors[off].astype(np.float64)
        lengths[off] = np.linalg.norm(wide, axis=1)
        surely = ~(np.abs(lengths[off] - 1) <= _UNIT)
        off, wide = off[surely], wide[surely]
        units = vectors.copy()
        units[off] = wide / lengths[off, None]
    return units, lengths


def _faults(rows: Batch, lengths: Floats, dim: int) -> dict[int, str]:
    """Return {place: what is wrong with its vector}."""
    faults = {}
    for place in np.flatnonzero(~np.isfinite(lengths) | (lengths == 0)).tolist():
        faults[place] = (
            "the embedding is zero; it has no direction"
            if lengths[place] == 0
            else "the embedding holds NaN or infinity"
        )
    for place in np.flatnonzero(rows.length != dim).tolist():
        size = rows.length[place]
        faults[place] = (
            "the embedding is empty"
            if size <= 0
            else f"the embedding has {size} values; {dim} are needed"
        )
    return faults
