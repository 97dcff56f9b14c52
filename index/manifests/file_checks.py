"""What is wrong with a row of a vector file: checked as a manifest is, over the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import replace

import numpy as np

from ..arrays import Codes
from ..taxonomy import RANKS, Identification
from .image_ids import fault_of_id, id_of_path
from .missing_marks import without_marks
from .names import Names, RowError, SpecimenNames, TableNames, disagreeing
from .row_checks import RowChecks
from .vector_file import Texts, VectorFile

_CONTENT = re.compile("[0-9a-f]{64}")


class FileChecks(RowChecks):
    """What the rows of a vector file say, which may be many millions.

    While the file is looked through once, only a hash of every id, specimen and content is kept,
    eight bytes each. Then only those are held that come again.
    """

    def __init__(self, file: VectorFile) -> None:
        super().__init__()
        ids, specimens, codes, contents, of_content = ([_hashes([])] for _ in range(5))
        self.names = TableNames()
        number = 2
        for read in file.texts(["image_id", "path", "specimen_id", "sha256", *RANKS]):
            texts = with_marks_empty(read)
            own = ids_of(texts)
            ids.append(_hashes(own))
            said = [
                self.names.add(row, names)
                for row, names in enumerate(ranks_of(texts, len(own)), number)
            ]
            number += len(own)
            specimens.append(_hashes(specimens_of(texts, own)))
            codes.append(np.array(said, np.int64))
            pictures = texts.get("sha256", [""] * len(own))
            told = [place for place, content in enumerate(pictures) if content]
            contents.append(_hashes(pictures[place] for place in told))
            of_content.append(np.array([said[place] for place in told], np.int64))
        self.names.complete()
        self._repeated = _repeated(np.concatenate(ids))
        self._specimens = SpecimenNames(
            np.concatenate(specimens), np.concatenate(codes), self.names
        )
        species = self.names.species()
        content, code = np.concatenate(contents), np.concatenate(of_content)
        named = species[code] >= 0
        disputed = disagreeing(content[named], species[code[named]])
        self._disputed = frozenset(disputed.tolist())

    def again(self) -> None:
        """Forget the rows, to check the file from its first row again."""
        self._first_row.clear()

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

    def check(
        self, number: int, image_id: str, specimen_id: str, names: Names, sha256: str
    ) -> tuple[Identification, list[str]]:
        """Return what a row says of its specimen's name, and notes on it; rows come in order.

        Raises:
            RowError, TaxonNameError: the row cannot be stored.
        """
        self.identify(number, image_id)
        code = self.names.code(names)
        said = self.names.at(code)
        lineage, note = self._specimens.agreed(hash(specimen_id), specimen_id, code)
        if sha256 and not _CONTENT.fullmatch(sha256):
            raise RowError(f"sha256 '{sha256}' is not 64 hexadecimal digits in lower case")
        if sha256 and hash(sha256) in self._disputed:
            raise RowError(f"the picture of sha256 {sha256[:12]}… is given two names; keep one")
        return replace(said, lineage=lineage), [text for text in (said.note, note) if text]


def with_marks_empty(texts: Texts) -> Texts:
    """Return columns with the marks of missing values empty; see `missing_marks`."""
    return {name: without_marks(name, values) or values for name, values in texts.items()}


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
