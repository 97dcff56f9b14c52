"""The rows of a vector file, checked as those of a manifest are, a batch at a time."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .errors import ManifestError
from .knn import Embeddings
from .manifest import Problem, own_columns
from .records import DETAILS, Image
from .taxonomy import RANKS, Lineage, TaxonNameError, parse_lineage
from .vector_file import Texts, VectorFile, VectorRows

_UNIT = 1e-6  # so near to 1 a length is left as it is
_CONTENT = re.compile("[0-9a-f]{64}")

Hashes = NDArray[np.int64]
Names = tuple[str, ...]


class _RowError(ValueError):
    """A row that cannot be stored."""


@dataclass(frozen=True)
class _Seen:
    """Where what comes again came first."""

    rows: dict[str, int] = field(default_factory=dict)
    lineages: dict[str, Lineage] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class GoodRows:
    """Rows that can be stored.

    Attributes:
        numbers: the rows' own, as `Problem.row` counts.
        images: what the rows say; the rest is empty.
        vectors: float32 [n, dim], unit rows.
        read: how many rows of the file have been looked at so far.
    """

    numbers: list[int]
    images: list[Image]
    vectors: Embeddings
    read: int


class Rows:
    """What a vector file says, row by row.

    Of ids, names and contents that come again only a hash is kept, eight bytes a row, so that files
    of many millions of rows can be checked as a whole.

    Raises:
        ManifestError: the file has neither `image_id` nor `path`.
    """

    def __init__(self, file: VectorFile) -> None:
        self._file = file
        self._root = str(file.root.resolve())
        self._own = own_columns(file.columns)
        self.named = any(rank in file.columns for rank in RANKS)
        if not {"image_id", "path"} & file.columns.keys():
            raise ManifestError(
                f"{file.source} has neither a column 'image_id' nor 'path' (it has "
                f"{', '.join(file.columns)}); one of them must name the images"
            )
        self._lineages: dict[Names, tuple[Lineage, str | None]] = {}
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Find what comes again: ids, and specimens and contents under different names."""
        ids, specimens, names, contents, species = ([_hashes([])] for _ in range(5))
        for texts in self._file.texts(["image_id", "path", "specimen_id", "sha256", *RANKS]):
            own = _ids(texts)
            ids.append(_hashes(own))
            if self.named:
                ranks = _ranks(texts, len(own))
                specimens.append(_hashes(_specimens(texts, own)))
                names.append(_hashes(ranks))
                if "sha256" in texts:
                    pairs = zip(texts["sha256"], ranks, strict=True)
                    named = [(content, rank[-1]) for content, rank in pairs if content and rank[-1]]
                    contents.append(_hashes(content for content, _ in named))
                    species.append(_hashes(name for _, name in named))
        self._repeated = _repeated(np.concatenate(ids))
        self._torn = _torn(np.concatenate(specimens), np.concatenate(names))
        self._disputed = _torn(np.concatenate(contents), np.concatenate(species))

    def good(self, problems: list[Problem]) -> Iterator[GoodRows]:
        """Yield the rows that can be stored; append what is wrong with the others."""
        seen = _Seen()
        scaled: list[int] = []
        for rows in self._file.rows():
            texts, count = rows.columns, len(rows.vectors)
            vectors, lengths = _at_length_1(rows.vectors)
            ids = _ids(texts)
            said = zip(ids, _specimens(texts, ids), _ranks(texts, count), strict=True)
            faults = _faults(rows, lengths, self._file.dim)
            kept, lineages = [], []
            for place, (image_id, specimen_id, names) in enumerate(said):
                number = rows.first + place
                try:
                    lineage, note = self._check(number, image_id, specimen_id, names, seen)
                    self._check_content(texts, place)
                    if place in faults:
                        raise _RowError(faults[place])
                except (_RowError, TaxonNameError) as error:
                    problems.append(Problem(number, image_id, str(error)))
                    continue
                if note:
                    problems.append(Problem(number, image_id, note, "note"))
                kept.append(place)
                lineages.append(lineage)
            scaled += [rows.first + place for place in kept if abs(lengths[place] - 1) > _UNIT]
            yield GoodRows(
                [rows.first + place for place in kept],
                self._images(texts, ids, kept, lineages, vectors),
                vectors if len(kept) == count else vectors[kept],
                rows.first + count - 2,
            )
        if scaled:
            message = f"{len(scaled)} vectors, from this row on, were not of length 1; now they are"
            problems.append(Problem(scaled[0], "", message, "note"))

    def _check(
        self, number: int, image_id: str, specimen_id: str, names: Names, seen: _Seen
    ) -> tuple[Lineage, str | None]:
        """Return the lineage of a row and a note on it."""
        if not image_id:
            raise _RowError("the row has neither image_id nor path; give it an id")
        if hash(image_id) in self._repeated:
            first = seen.rows.setdefault(image_id, number)
            if first != number:
                raise _RowError(
                    f"image_id '{image_id}' is already in row {first}; give each its own"
                )
        if names not in self._lineages:
            self._lineages[names] = parse_lineage(dict(zip(RANKS, names, strict=True)))
        lineage, note = self._lineages[names]
        if hash(specimen_id) in self._torn and (
            seen.lineages.setdefault(specimen_id, lineage) != lineage
        ):
            raise _RowError(
                f"specimen '{specimen_id}' has another name in an earlier row; give both the same"
            )
        return lineage, note

    def _check_content(self, texts: Texts, place: int) -> None:
        sha256 = texts["sha256"][place] if "sha256" in texts else ""
        if sha256 and not _CONTENT.fullmatch(sha256):
            raise _RowError(f"sha256 '{sha256}' is not 64 hexadecimal digits in lower case")
        if sha256 and hash(sha256) in self._disputed:
            raise _RowError(f"the picture of sha256 {sha256[:12]}… is given two names; keep one")

    def _images(
        self,
        texts: Texts,
        ids: list[str],
        kept: list[int],
        lineages: list[Lineage],
        vectors: Embeddings,
    ) -> list[Image]:
        """Return what the rows at some places say."""
        empty = [""] * len(ids)
        specimens = _specimens(texts, ids)
        sha256s = texts.get("sha256", empty)
        paths, splits = texts.get("path", empty), texts.get("split", empty)
        details = list(zip(*(texts.get(name, empty) for name in DETAILS), strict=True))
        images = []
        for place, lineage in zip(kept, lineages, strict=True):
            sha256 = sha256s[place] or hashlib.sha256(vectors[place].data).hexdigest()
            metadata = {name: texts[name][place] for name in self._own if texts[name][place]}
            images.append(
                Image(
                    image_id=ids[place],
                    specimen_id=specimens[place],
                    path=os.path.join(self._root, paths[place]) if paths[place] else "",
                    sha256=sha256,
                    phash=int(sha256[:16], 16),  # no picture was seen: like that of its equal only
                    width=0,
                    height=0,
                    split=splits[place],
                    lineage=lineage,
                    details=dict(zip(DETAILS, details[place], strict=True)),
                    metadata=metadata,
                )
            )
        return images

    def completed(self, new: Image, old: Image) -> Image:
        """Return a row's image with what the file does not say as it is stored already."""
        says = self._file.columns
        details = {name: new.details[name] for name in DETAILS if name in says}
        own = {name: value for name, value in old.metadata.items() if name not in says}
        if "sha256" not in says:
            new = replace(new, sha256=old.sha256)
        if new.sha256 == old.sha256:
            new = replace(new, phash=old.phash, width=old.width, height=old.height)
        return replace(
            new,
            row=old.row,
            specimen_id=new.specimen_id if "specimen_id" in says else old.specimen_id,
            path=new.path or old.path,
            split=new.split if "split" in says else old.split,
            lineage=new.lineage if self.named else old.lineage,
            details={**old.details, **details},
            metadata={**own, **new.metadata},
        )


def _ids(texts: Texts) -> list[str]:
    paths = texts.get("path", [])
    ids = texts.get("image_id", [""] * len(paths))
    return [own or path for own, path in zip(ids, paths, strict=True)] if paths else ids


def _specimens(texts: Texts, ids: list[str]) -> list[str]:
    specimens = texts.get("specimen_id", ids)
    return [specimen or own for specimen, own in zip(specimens, ids, strict=True)]


def _ranks(texts: Texts, count: int) -> list[Names]:
    empty = [""] * count
    return list(zip(*(texts.get(rank, empty) for rank in RANKS), strict=True))


def _at_length_1(vectors: Embeddings) -> tuple[Embeddings, NDArray[np.float64]]:
    """Return vectors at length 1, and the lengths that they had; some may be 0 or not finite."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    off = np.abs(lengths - 1) > _UNIT
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = wide[off] / lengths[off, None]
    units = vectors.copy()
    units[off] = scaled
    return units, lengths


def _faults(rows: VectorRows, lengths: NDArray[np.float64], dim: int) -> dict[int, str]:
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


def _hashes(values: Iterable[Hashable]) -> Hashes:
    return np.fromiter(map(hash, values), np.int64)


def _repeated(keys: Hashes) -> frozenset[int]:
    """Return the keys that come more than once."""
    ordered = np.sort(keys)
    return frozenset(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _torn(keys: Hashes, values: Hashes) -> frozenset[int]:
    """Return the keys that come with more than one value."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    again = (keys[1:] == keys[:-1]) & (values[1:] != values[:-1])
    return frozenset(keys[1:][again].tolist())
