"""A manifest: the checked table of pictures that everything else starts from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import ManifestError, PictureError
from ..pictures.kinds import HEAD, is_read, kind_of, why_unread
from ..pictures.reading import content_hash, picture_size, read_bytes, read_picture
from ..runtime import workers
from ..taxonomy import QUALIFIER, RANKS, VERBATIM, Lineage, TaxonNameError
from .columns import KNOWN, understood
from .image_ids import id_of_path
from .missing_marks import without_marks
from .names import RowError, SpecimenNames, TableNames, fits
from .paths import Found, Paths
from .problems import Problem, some
from .readers import read_source
from .row_checks import RowChecks

Progress = Callable[[int, int], None]

_ROW, _FILE, _NAMES = "_row", "_file", "_names"
_SEVERAL_NAMES = "one picture under several names"


class Manifest:
    """A table with one row a picture, all values text, an empty string where not known.

    Columns: those of `COLUMNS`, the ranks, and the user's own, which are kept as metadata.
    """

    def __init__(self, frame: pd.DataFrame, root: Path, problems: Sequence[Problem] = ()) -> None:
        self.frame = frame
        self.root = root
        self.problems = list(problems)  # of reading: rows and files that it leaves out, and notes

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def read(
        cls,
        source: str | Path,
        *,
        levels: Sequence[str] = (),
        columns: Mapping[str, str] | None = None,
        named: bool = True,
    ) -> Manifest:
        """Read a folder of pictures, a table in text, or a Parquet file.

        Args:
            source: the folder or file.
            levels: what the levels of folders below a folder are, from the top, such as
                `["split", "species"]`; needed where that cannot be told.
            columns: {column: the table's name for it}, such as `{"species": "label"}`, where that
                cannot be told.
            named: whether folders are names where `levels` are not given; those of a batch without
                names are days, sites or drawers.

        Raises:
            UsageError: nothing is there, or `levels` or `columns` do not fit.
            ManifestError: it cannot be read, has no `path` column, or holds no pictures.
        """
        raw = read_source(Path(source), levels, named=named)
        return cls._of(raw.frame, raw.root, raw.numbers, raw.problems, columns)

    @classmethod
    def from_pandas(
        cls,
        frame: pd.DataFrame,
        *,
        root: str | Path = ".",
        columns: Mapping[str, str] | None = None,
    ) -> Manifest:
        """Make a manifest of a table with a `path` column and any of the others.

        Relative paths start from `root`. `image_id` defaults to the path as an address can hold it
        (see `id_of_path`), `specimen_id` to the `image_id`.

        Args:
            frame: the table.
            root: a folder.
            columns: as `read` takes it.

        Raises:
            ManifestError: no `path` column, two columns of one name, or no rows.
            UsageError: `columns` do not fit.
        """
        return cls._of(frame, Path(root), None, [], columns)

    @classmethod
    def _of(
        cls,
        frame: pd.DataFrame,
        root: Path,
        numbers: Sequence[int] | None,
        problems: Sequence[Problem],
        columns: Mapping[str, str] | None,
    ) -> Manifest:
        """Make a manifest of a table whose rows may have numbers of their own."""
        text = frame.reset_index(drop=True)
        text = text.astype(object).where(text.notna(), "").astype(str)
        text = text.apply(lambda column: column.str.strip())
        table, notes = understood(text, columns)
        if frame.empty:
            wrong = [problem for problem in problems if problem.severity == "error"]
            why = f": {wrong[0]}" if wrong else "; list at least one picture"
            raise ManifestError(f"The manifest has no rows{' that fit' * bool(wrong)}{why}")
        for name in KNOWN:
            if name not in table:
                table[name] = ""
            kept = without_marks(name, table[name].tolist())
            if kept is not None:
                table[name] = kept
        table[_ROW] = range(2, len(table) + 2) if numbers is None else list(numbers)
        table = table[(table.drop(columns=_ROW) != "").any(axis=1)].copy()
        ids = table["path"].map(lambda path: id_of_path(path) or path)
        table["image_id"] = table["image_id"].where(table["image_id"] != "", ids)
        has_specimen = table["specimen_id"] != ""
        table["specimen_id"] = table["specimen_id"].where(has_specimen, table["image_id"])
        return cls(table, root, [*problems, *notes])

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
        problems = list(self.problems)
        checks, names = RowChecks(), TableNames()
        frame = _check_rows(self.frame, checks, names, problems)
        files = _Files(frame, self.root, decode=decode)
        frame = files.checked(checks, problems, progress)
        frame = _drop_conflicts(frame, names, problems)
        problems.sort(key=lambda problem: problem.row)
        return Manifest(frame.reset_index(drop=True), self.root), problems


def own_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that are the user's own, in their order."""
    known = {*KNOWN, _ROW, _FILE, _NAMES, "sha256"}
    return [name for name in names if name not in known]


def _check_rows(
    frame: pd.DataFrame, checks: RowChecks, names: TableNames, problems: list[Problem]
) -> pd.DataFrame:
    """Keep the rows with a path, an id of their own and names that fit, which are read.

    The column `_names` holds their codes.
    """
    said = zip(*(frame[rank] for rank in RANKS), strict=True)
    cells = _cells(frame, "image_id")
    codes = [names.add(row, cell) for (row, _, _), cell in zip(cells, said, strict=True)]
    names.complete()
    pictures = _Pictures(cells, codes, names)
    good = []
    for (row, path, image_id), code in zip(cells, codes, strict=True):
        if told := pictures.disputed(path):
            problems.append(Problem(row, path, told, reason=_SEVERAL_NAMES))
            good.append(False)
            continue
        try:
            pictures.refuse_again(row, path, image_id)
            checks.identify(row, image_id)
            if not path:
                raise RowError("the path is empty; name a picture file")
            note = names.at(code).note
        except (RowError, TaxonNameError) as error:
            reason = "name" if isinstance(error, TaxonNameError) else "path or id"
            problems.append(Problem(row, path, str(error), reason=reason))
            good.append(False)
            continue
        if note:
            problems.append(Problem(row, path, note, "note", "name"))
        good.append(True)
    path_of = {row: path for row, path, _ in cells}
    problems += [Problem(row, path_of[row], text, "note", "name") for row, text in names.remarks()]
    kept = frame.assign(**{_NAMES: codes})[np.array(good, bool)].copy()
    problems += _without_unfit(kept, names)
    _keep_as_written(kept, names)
    return kept


class _Pictures:
    """The pictures that several rows name by one path."""

    def __init__(
        self, cells: Sequence[tuple[int, str, str]], codes: Sequence[int], names: TableNames
    ) -> None:
        self._first: dict[tuple[str, str], int] = {}
        said: dict[str, dict[str, int]] = {}
        for (row, path, _), code in zip(cells, codes, strict=True):
            lineage = names.lineage(code)
            if path and lineage and lineage[-1]:
                said.setdefault(_plain(path), {}).setdefault(lineage[-1], row)
        self._disputed = {
            path: _on_several_names(rows) for path, rows in said.items() if len(rows) > 1
        }

    def disputed(self, path: str) -> str:
        """Return which species the rows of a picture name; empty where they agree."""
        return self._disputed.get(_plain(path), "") if self._disputed else ""

    def refuse_again(self, row: int, path: str, image_id: str) -> None:
        """Refuse a picture that an earlier row has under the same id.

        Raises:
            RowError: saying which row.
        """
        first = self._first.setdefault((_plain(path), image_id), row) if path else row
        if first != row:
            raise RowError(
                f"the picture '{_plain(path)}' is already in row {first}; leave one of them out"
            )


def _plain(path: str) -> str:
    """Return a path without the detours that may be in it."""
    return os.path.normpath(path.replace("\\", "/"))


def _on_several_names(rows: Mapping[str, int]) -> str:
    """Return what is told of a picture with several species, each with the first row of it."""
    said = some((f"'{name}' in row {row}" for name, row in sorted(rows.items())), " and ")
    return f"the same picture is given as {said}; keep one"


def _without_unfit(frame: pd.DataFrame, names: TableNames) -> list[Problem]:
    """Empty qualifiers of another name than their row's, as a corrected name leaves them behind."""
    if QUALIFIER not in frame:
        return []
    rows = zip(frame[QUALIFIER], frame["species"], frame[_NAMES], strict=True)
    unfit = [
        bool(text) and not fits(text, cell, names.at(code).lineage[-1]) for text, cell, code in rows
    ]
    problems = []
    for (row, path, text), species in zip(
        _cells(frame[unfit], QUALIFIER), frame.loc[unfit, "species"], strict=True
    ):
        message = f"the qualifier '{text}' is none of '{species}', so it is left out"
        problems.append(Problem(row, path, message, "note", "name"))
    frame.loc[unfit, QUALIFIER] = ""
    return problems


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


@dataclass(frozen=True)
class _Probe:
    """What was found of a row's picture: its content, or what is wrong."""

    file: str
    sha256: str = ""
    spelling: str = ""
    wrong: str = ""
    reason: str = ""


class _Files:
    """The pictures of the rows: found, read and hashed."""

    def __init__(self, frame: pd.DataFrame, root: Path, *, decode: bool) -> None:
        self.frame = frame
        self.decode = decode
        self.paths = Paths(os.path.realpath(root))

    def checked(
        self, checks: RowChecks, problems: list[Problem], progress: Progress | None
    ) -> pd.DataFrame:
        """Return the rows whose picture is there and readable, with `_file` and `sha256`.

        Rows whose path is spelled otherwise than their file get the file's own path.
        """
        written = self.frame["path"].tolist()
        probes: list[_Probe] = []
        with workers() as pool:
            for done, probe in enumerate(pool.map(self._probe, written), 1):
                probes.append(probe)
                if progress:
                    progress(done, len(written))
        table = self.frame.assign(
            **{_FILE: [probe.file for probe in probes], "sha256": [p.sha256 for p in probes]}
        )
        for (row, path, _), probe in zip(_cells(table, "path"), probes, strict=True):
            if probe.wrong:
                problems.append(Problem(row, path, probe.wrong, reason=probe.reason))
        table = self._respelled(table, [probe.spelling for probe in probes], checks, problems)
        return table[table["sha256"] != ""]

    def _probe(self, path: str) -> _Probe:
        """Return the content hash of a usable picture, or why it is not usable."""
        found, file = Found(self.paths.plain(path)), Path()
        try:
            if not os.path.exists(found.file):
                found = self.paths.find(path)
            file = Path(found.file)
            data = read_bytes(file)
        except (PictureError, ValueError) as error:
            return _Probe(found.file, wrong=str(error), reason=_reason_of(path, found.file))
        try:
            (read_picture if self.decode else picture_size)(data, name=file)
        except PictureError as error:
            kind = kind_of(file.name, data[:HEAD])
            if kind and not is_read(kind):
                wrong = f"{file}: {why_unread(kind)}"
                return _Probe(found.file, wrong=wrong, reason=f"{kind} picture")
            return _Probe(found.file, wrong=str(error), reason="no readable picture")
        return _Probe(found.file, content_hash(data), found.spelling)

    def _respelled(
        self,
        table: pd.DataFrame,
        spellings: list[str],
        checks: RowChecks,
        problems: list[Problem],
    ) -> pd.DataFrame:
        """Return a table with the paths that files have, and ids that follow from them."""
        first: dict[str, tuple[int, str, str]] = {}
        names = (_ROW, "path", _FILE, "image_id", "specimen_id", "sha256")
        cells = {name: table[name].tolist() for name in names}
        for place, spelling in enumerate(spellings):
            if not spelling:
                continue
            row, path, file, image_id, specimen, _ = (cells[name][place] for name in names)
            own = self.paths.name_of(file)
            cells["path"][place] = own
            first.setdefault(spelling, (int(row), path, own))
            default, new = id_of_path(path) or path, id_of_path(own)
            if image_id != default or default == new:
                continue
            try:
                checks.identify(int(row), new)
            except RowError as error:
                problems.append(Problem(int(row), path, str(error), reason="path or id"))
                cells["sha256"][place] = ""
            cells["image_id"][place] = new
            cells["specimen_id"][place] = new if specimen == default else specimen
        problems += _on_spellings(first, Counter(spellings))
        return table.assign(**cells) if first else table


def _on_spellings(
    first: Mapping[str, tuple[int, str, str]], counts: Mapping[str, int]
) -> list[Problem]:
    """Return a note on every way in which paths are spelled otherwise than their files."""
    notes = []
    for spelling, (row, path, own) in first.items():
        count = counts[spelling]
        paths = "1 path is" if count == 1 else f"{count} paths are"
        message = (
            f"{paths} spelled otherwise than the file ({spelling}): '{path}' is read as '{own}'"
        )
        notes.append(Problem(row, path, message, "note", "spelling of paths"))
    return notes


def _reason_of(path: str, file: str) -> str:
    """Return in a word why there is no file to read."""
    if "://" in path:
        return "address on the net"
    return "cannot be read" if os.path.lexists(file) else "missing file"


def _drop_conflicts(
    frame: pd.DataFrame, names: TableNames, problems: list[Problem]
) -> pd.DataFrame:
    """Leave out rows that say two things of one picture or one specimen.

    Which of the two is right cannot be known here. Of one specimen the first row stays, because
    the others disagree with it; of one picture none stays.
    """
    lineages = {code: names.at(code).lineage for code in frame[_NAMES].unique()}
    species = frame[_NAMES].map({code: lineage[-1] for code, lineage in lineages.items()})
    said: dict[str, dict[str, int]] = {}
    for (row, _, key), name in zip(_cells(frame, "sha256"), species, strict=True):
        if name:
            said.setdefault(key, {}).setdefault(name, row)
    disputed = {key: _on_several_names(rows) for key, rows in said.items() if len(rows) > 1}
    is_disputed = frame["sha256"].isin(disputed)
    for row, path, key in _cells(frame[is_disputed], "sha256"):
        problems.append(Problem(row, path, disputed[key], reason=_SEVERAL_NAMES))
    frame = _with_lineages(frame[~is_disputed], names, problems)

    again = frame["sha256"].duplicated()
    for row, path, _ in _cells(frame[again], "sha256"):
        message = "the same picture is in the manifest already, under the same name; it is kept"
        problems.append(Problem(row, path, message, "note", "same picture"))
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
            problems.append(Problem(row, path, str(error), reason="one specimen, several names"))
            good.append(False)
            continue
        if note:
            problems.append(Problem(row, path, note, "note", "name"))
        lineages.append(lineage)
        good.append(True)
    kept = frame[np.array(good, bool)].drop(columns=_NAMES)
    kept[list(RANKS)] = pd.DataFrame(lineages, columns=list(RANKS), index=kept.index, dtype=str)
    return kept


def _cells(frame: pd.DataFrame, column: str) -> Sequence[tuple[int, str, str]]:
    """Return (row number, path, value) of every row."""
    return list(zip(frame[_ROW].astype(int), frame["path"], frame[column], strict=True))
