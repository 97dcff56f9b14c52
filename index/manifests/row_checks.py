"""What is wrong with a row of a vector file: checked as a manifest is, over the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

import numpy as np

from ..arrays import Codes
from ..taxonomy import RANKS, Lineage, TaxonNameError, parse_lineage
from .image_ids import fault_of_id, id_of_path
from .vector_file import Texts, VectorFile

_CONTENT = re.compile("[0-9a-f]{64}")

Names = tuple[str, ...]


class RowError(ValueError):
    """A row that cannot be stored."""


class RowChecks:
    """What comes again in a file, and the checks that need it.

    Of every id, specimen and content only a hash is kept while the file is looked through, eight
    bytes each, so that files of many millions of rows can be checked. Then only those are held that
    come again.
    """

    def __init__(self, file: VectorFile) -> None:
        self._lineages: dict[Names, tuple[Lineage, str | None] | TaxonNameError] = {}
        self._first_row: dict[str, int] = {}
        self._first_lineage: dict[str, Lineage] = {}
        ids, specimens, lineages, contents, species = ([_hashes([])] for _ in range(5))
        for texts in file.texts(["image_id", "path", "specimen_id", "sha256", *RANKS]):
            own = ids_of(texts)
            ids.append(_hashes(own))
            said = [self._lineage_or_none(names) for names in ranks_of(texts, len(own))]
            specimens.append(_hashes(specimens_of(texts, own)))
            lineages.append(_hashes(said))
            pairs = list(zip(texts.get("sha256", []), said, strict=False))
            named = [
                (content, names[-1]) for content, names in pairs if content and names and names[-1]
            ]
            contents.append(_hashes(content for content, _ in named))
            species.append(_hashes(name for _, name in named))
        self._repeated = _repeated(np.concatenate(ids))
        self._torn = _torn(np.concatenate(specimens), np.concatenate(lineages))
        self._disputed = _torn(np.concatenate(contents), np.concatenate(species))

    def again(self) -> None:
        """Begin at the first row anew."""
        self._first_row.clear()
        self._first_lineage.clear()

    def check(
        self, number: int, image_id: str, specimen_id: str, names: Names, sha256: str
    ) -> tuple[Lineage, str | None]:
        """Return the lineage of a row and a note on it; rows come in their order.

        Raises:
            RowError, TaxonNameError: the row cannot be stored.
        """
        no_id = "the row has neither image_id nor path; give it an id"
        if fault := fault_of_id(image_id) if image_id else no_id:
            raise RowError(fault)
        if hash(image_id) in self._repeated:
            first = self._first_row.setdefault(image_id, number)
            if first != number:
                raise RowError(
                    f"image_id '{image_id}' is already in row {first}; give each its own"
                )
        parsed = self._parsed(names)
        if isinstance(parsed, TaxonNameError):
            raise parsed
        if hash(specimen_id) in self._torn:
            first_lineage = self._first_lineage.setdefault(specimen_id, parsed[0])
            if first_lineage != parsed[0]:
                raise RowError(
                    f"specimen '{specimen_id}' has another name in an earlier row; "
                    "give both the same"
                )
        if sha256 and not _CONTENT.fullmatch(sha256):
            raise RowError(f"sha256 '{sha256}' is not 64 hexadecimal digits in lower case")
        if sha256 and hash(sha256) in self._disputed:
            raise RowError(f"the picture of sha256 {sha256[:12]}… is given two names; keep one")
        return parsed

    def _parsed(self, names: Names) -> tuple[Lineage, str | None] | TaxonNameError:
        if names not in self._lineages:
            try:
                self._lineages[names] = parse_lineage(dict(zip(RANKS, names, strict=True)))
            except TaxonNameError as error:
                self._lineages[names] = error
        return self._lineages[names]

    def _lineage_or_none(self, names: Names) -> Lineage | None:
        parsed = self._parsed(names)
        return None if isinstance(parsed, TaxonNameError) else parsed[0]


def ids_of(texts: Texts) -> list[str]:
    """Return what the rows call their images: `image_id`, else the path; see `id_of_path`."""
    paths = texts.get("path", [])
    ids = texts.get("image_id", [""] * len(paths))
    if not paths:
        return ids
    return [own or id_of_path(path) or path for own, path in zip(ids, paths, strict=True)]


def specimens_of(texts: Texts, ids: list[str]) -> list[str]:
    """Return what the rows call their specimens: `specimen_id`, else as the image."""
    specimens = texts.get("specimen_id", ids)
    return [specimen or own for specimen, own in zip(specimens, ids, strict=True)]


def ranks_of(texts: Texts, count: int) -> list[Names]:
    """Return the names of the rows, one a rank of `RANKS`."""
    empty = [""] * count
    return list(zip(*(texts.get(rank, empty) for rank in RANKS), strict=True))


def _hashes(values: Iterable[Hashable]) -> Codes:
    return np.fromiter(map(hash, values), np.int64)


def _repeated(keys: Codes) -> frozenset[int]:
    """Return the keys that come more than once."""
    ordered = np.sort(keys)
    return frozenset(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _torn(keys: Codes, values: Codes) -> frozenset[int]:
    """Return the keys that come with more than one value."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    again = (keys[1:] == keys[:-1]) & (values[1:] != values[:-1])
    return frozenset(keys[1:][again].tolist())
