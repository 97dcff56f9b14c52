"""A manifest: the checked table of pictures that everything else starts from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import ManifestError, PictureError
from ..pictures.reading import content_hash, picture_size, read_bytes, read_picture
from ..runtime import worker_count
from ..storage.records import DETAILS
from ..taxonomy import QUALIFIER, RANKS, VERBATIM, Lineage, TaxonNameError
from .image_ids import id_of_path
from .missing_marks import without_marks
from .names import RowError, SpecimenNames, TableNames
from .readers import read_source
from .row_checks import RowChecks

Progress = Callable[[int, int], None]

COLUMNS = ("path", "image_id", "specimen_id", "split", *DETAILS)
_ALIASES = {"license": "licence", "rightsholder": "rights_holder"}
_ROW, _FILE, _NAMES = "_row", "_file", "_names"


@dataclass(frozen=True)
class Problem:
    """Something about one row that its owner should know.

    `row` counts as a spreadsheet does: the header is row 1. A row with an error is left out; a row
    with a note is used.
    """

    row: int
    path: str
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"row {self.row}: {self.message}"


class Manifest:
    """A table with one row a picture, all values text, an empty string where not known.

    Columns: those of `COLUMNS`, the ranks, and the user's own, which are kept as metadata.
    """

    def __init__(self, frame: pd.DataFrame, root: Path) -> None:
        self.frame = frame
        self.root = root

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def read(cls, source: str | Path) -> Manifest:
        """Read a folder of pictures, a CSV, TSV or Parquet file.

        Raises:
            UsageError: nothing is there.
            ManifestError: it cannot be read, has no `path` column, or holds no pictures.
        """
        frame, root = read_source(Path(source))
        return cls.from_pandas(frame, root=root)

    @classmethod
    def from_pandas(cls, frame: pd.DataFrame, *, root: str | Path = ".") -> Manifest:
        """Make a manifest of a table with a `path` column and any of the others.

        Relative paths start from `root`. `image_id` defaults to the path as an address can hold it
        (see `id_of_path`), `specimen_id` to the `image_id`.

        Raises:
            ManifestError: no `path` column, two columns of one name, or no rows.
        """
        names = column_names(frame.columns)
        if "path" not in names:
            raise ManifestError(
                f"The manifest has no column 'path' (it has {', '.join(names)}); "
                "name the column with the picture files 'path'"
            )
        if frame.empty:
            raise ManifestError("The manifest has no rows; list at least one picture")
        table = frame.set_axis(names, axis=1).reset_index(drop=True)
        table = table.astype(object).where(table.notna(), "").astype(str)
        table = table.apply(lambda column: column.str.strip())
        for name in (*COLUMNS, *RANKS):
            if name not in table:
                table[name] = ""
            kept = without_marks(name, table[name].tolist())
            if kept is not None:
                table[name] = kept
        table[_ROW] = range(2, len(table) + 2)
        table = table[(table.drop(columns=_ROW) != "").any(axis=1)].copy()
        ids = table["path"].map(lambda path: id_of_path(path) or path)
        table["image_id"] = table["image_id"].where(table["image_id"] != "", ids)
        has_specimen = table["specimen_id"] != ""
        table["specimen_id"] = table["specimen_id"].where(has_specimen, table["image_id"])
        return cls(table, Path(root))

    @property
    def extra_columns(self) -> list[str]:
        """The user's own columns, in their order."""
        return own_columns(self.frame.columns)

    def check(
        self, *, decode: bool = False, progress: Progress | None = None
    ) -> tuple[Manifest, list[Problem]]:
        """Check the manifest as a whole and return its good rows and every problem.

        The good rows carry parsed names and two more columns: `_file`, the absolute path, and
        `sha256`, the hash of the file's content.

        Args:
            decode: decode every picture in full, not only its header.
            progress: called with (pictures checked, pictures in all).
        """
        problems: list[Problem] = []
        names = TableNames()
        frame = _check_rows(self.frame, names, problems)
        frame = _check_files(frame, self.root, problems, decode=decode, progress=progress)
        frame = _drop_conflicts(frame, names, problems)
        problems.sort(key=lambda problem: problem.row)
        return Manifest(frame.reset_index(drop=True), self.root), problems


def column_names(written: Iterable[object]) -> list[str]:
    """Return the columns' names in lower case, stripped, aliases replaced.

    Raises:
        ManifestError: two columns of one name.
    """
    names = [str(name).strip().lower() for name in written]
    names = [_ALIASES.get(name, name) for name in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ManifestError(f"The manifest has two columns '{twice[0]}'; rename one")
    return names


def own_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that are the user's own, in their order."""
    known = {*COLUMNS, *RANKS, _ROW, _FILE, _NAMES, "sha256"}
    return [name for name in names if name not in known]


def _check_rows(frame: pd.DataFrame, names: TableNames, problems: list[Problem]) -> pd.DataFrame:
    """Keep the rows with a path, an id of their own and names that fit, which are read.

    The column `_names` holds their codes.
    """
    checks = RowChecks()
    said = zip(*(frame[rank] for rank in RANKS), strict=True)
    cells = _cells(frame, "image_id")
    codes = [names.add(row, cell) for (row, _, _), cell in zip(cells, said, strict=True)]
    names.complete()
    good = []
    for (row, path, image_id), code in zip(cells, codes, strict=True):
        try:
            checks.identify(row, image_id)
            if not path:
                raise RowError("the path is empty; name a picture file")
            note = names.at(code).note
        except (RowError, TaxonNameError) as error:
            problems.append(Problem(row, path, str(error)))
            good.append(False)
            continue
        if note:
            problems.append(Problem(row, path, note, "note"))
        good.append(True)
    path_of = {row: path for row, path, _ in cells}
    problems += [Problem(row, path_of[row], text, "note") for row, text in names.remarks()]
    kept = frame.assign(**{_NAMES: codes})[np.array(good, bool)].copy()
    _keep_as_written(kept, names)
    return kept


def _keep_as_written(frame: pd.DataFrame, names: TableNames) -> None:
    """Add what names were written as and qualified with, where their reading leaves it away."""
    codes = frame[_NAMES]
    read = {code: names.at(code) for code in codes.unique()}
    told = {
        VERBATIM: codes.map({code: found.verbatim for code, found in read.items()}),
        QUALIFIER: codes.map({code: found.qualifier for code, found in read.items()}),
    }
    own = {name.casefold(): name for name in frame.columns}
    for name, texts in told.items():
        column = own.get(name.casefold(), name)
        if (texts != "").any():
            given = frame[column] if column in frame else pd.Series("", frame.index)
            frame[column] = texts.where(given == "", given)


def _check_files(
    frame: pd.DataFrame,
    root: Path,
    problems: list[Problem],
    *,
    decode: bool,
    progress: Progress | None,
) -> pd.DataFrame:
    """Add `_file` and `sha256`; rows whose picture is missing or unreadable go."""
    base = os.path.realpath(root)
    files = [Path(os.path.normpath(os.path.join(base, path))) for path in frame["path"]]
    hashes: list[str] = []
    with ThreadPoolExecutor(worker_count()) as pool:
        for done, outcome in enumerate(pool.map(lambda file: _probe(file, decode), files), 1):
            hashes.append(outcome if isinstance(outcome, str) else "")
            if isinstance(outcome, PictureError):
                row, path = frame[[_ROW, "path"]].iloc[done - 1]
                problems.append(Problem(int(row), str(path), str(outcome)))
            if progress:
                progress(done, len(files))
    table = frame.assign(**{_FILE: [str(file) for file in files], "sha256": hashes})
    return table[table["sha256"] != ""]


def _probe(file: Path, decode: bool) -> str | PictureError:
    """Return the content hash of a usable picture, or why it is not usable."""
    if "\ufffd" in str(file) and not file.exists():
        return PictureError(f"{file} has a name that is not UTF-8; rename the file")
    try:
        data = read_bytes(file)
        if decode:
            read_picture(data, name=file)
        else:
            picture_size(data, name=file)
    except PictureError as error:
        return error
    return content_hash(data)


def _drop_conflicts(
    frame: pd.DataFrame, names: TableNames, problems: list[Problem]
) -> pd.DataFrame:
    """Leave out rows that say two things of one picture or one specimen.

    Which of the two is right cannot be known here. Of one specimen the first row stays, because
    the others disagree with it; of one picture none stays.
    """
    lineages = {code: names.at(code).lineage for code in frame[_NAMES].unique()}
    species = frame[_NAMES].map({code: lineage[-1] for code, lineage in lineages.items()})
    species_of = species[species != ""].groupby(frame["sha256"]).agg(lambda said: sorted(set(said)))
    disputed = species_of[species_of.map(len) > 1]
    is_disputed = frame["sha256"].isin(disputed.index)
    for row, path, key in _cells(frame[is_disputed], "sha256"):
        said = " and ".join(f"'{name}'" for name in disputed[key])
        problems.append(Problem(row, path, f"the same picture is given as {said}; keep one"))
    frame = _with_lineages(frame[~is_disputed], names, problems)

    again = frame["sha256"].duplicated()
    for row, path, _ in _cells(frame[again], "sha256"):
        message = "the same picture is in the manifest already, under the same name; it is kept"
        problems.append(Problem(row, path, message, "note"))
    return frame


def _with_lineages(frame: pd.DataFrame, names: TableNames, problems: list[Problem]) -> pd.DataFrame:
    """Give every row the name of its specimen; those that contradict an earlier row go."""
    keys = np.asarray(pd.factorize(frame["specimen_id"])[0], np.int64)
    codes = frame[_NAMES].to_numpy(np.int64)
    specimens = SpecimenNames(keys, codes, names)
    good: list[bool] = []
    lineages: list[Lineage] = []
    rows = zip(_cells(frame, "specimen_id"), keys.tolist(), codes.tolist(), strict=True)
    for (row, path, specimen), key, code in rows:
        try:
            lineage, note = specimens.agreed(key, specimen, code)
        except RowError as error:
            problems.append(Problem(row, path, str(error)))
            good.append(False)
            continue
        if note:
            problems.append(Problem(row, path, note, "note"))
        lineages.append(lineage)
        good.append(True)
    kept = frame[np.array(good, bool)].drop(columns=_NAMES)
    kept[list(RANKS)] = pd.DataFrame(lineages, columns=list(RANKS), index=kept.index, dtype=str)
    return kept


def _cells(frame: pd.DataFrame, column: str) -> Sequence[tuple[int, str, str]]:
    """Return (row number, path, value) of every row."""
    return list(zip(frame[_ROW].astype(int), frame["path"], frame[column], strict=True))
