"""What is wrong with a row of a vector file: checked as a manifest is, over the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

import numpy as np

from ..arrays import Codes
from ..taxonomy import RANKS, Lineage, TaxonNameError
from .image_ids import fault_of_id, id_of_path
from .row_checks import Names, RowChecks, RowError
from .vector_file import Texts, VectorFile

_CONTENT = re.compile("[0-9a-f]{64}")


class FileChecks(RowChecks):
    """What the rows of a vector file say, which may be many millions.

    While the file is looked through once, only a hash of every id, specimen and content is kept,
    eight bytes each. Then only those are held that come again.
    """

    def __init__(self, file: VectorFile) -> None:
        super().__init__()
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
        self._disagreeing = _disagreeing(np.concatenate(specimens), np.concatenate(lineages))
        self._disputed = _disagreeing(np.concatenate(contents), np.concatenate(species))

    def again(self) -> None:
        """Forget the rows, to check the file from its first row again."""
        self._first_row.clear()
        self._first_lineage.clear()

    def identify(self, number: int, image_id: str) -> None:
        """Do as `RowChecks.identify` does, and refuse an empty id.

        Raises:
            RowError: saying which.
        """
        if not image_id:
            raise RowError("the row has neither image_id nor path; give it an id")
        if hash(image_id) in self._repeated:
            super().identify(number, image_id)
        elif fault := fault_of_id(image_id):
            raise RowError(fault)

    def agree(self, specimen_id: str, lineage: Lineage) -> None:
        """Do as `RowChecks.agree` does."""
        if hash(specimen_id) in self._disagreeing:
            super().agree(specimen_id, lineage)

    def check(
        self, number: int, image_id: str, specimen_id: str, names: Names, sha256: str
    ) -> tuple[Lineage, str | None]:
        """Return the lineage of a row and a note on it; rows come in their order.

        Raises:
            RowError, TaxonNameError: the row cannot be stored.
        """
        self.identify(number, image_id)
        lineage, note = self.name(names)
        self.agree(specimen_id, lineage)
        if sha256 and not _CONTENT.fullmatch(sha256):
            raise RowError(f"sha256 '{sha256}' is not 64 hexadecimal digits in lower case")
        if sha256 and hash(sha256) in self._disputed:
            raise RowError(f"the picture of sha256 {sha256[:12]}… is given two names; keep one")
        return lineage, note

    def _lineage_or_none(self, names: Names) -> Lineage | None:
        try:
            return self.name(names)[0]
        except TaxonNameError:
            return None


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


def _disagreeing(keys: Codes, values: Codes) -> frozenset[int]:
    """Return the keys that come with more than one value."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    again = (keys[1:] == keys[:-1]) & (values[1:] != values[:-1])
    return frozenset(keys[1:][again].tolist())
