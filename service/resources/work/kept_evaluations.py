"""Evaluations that a collection keeps: a folder each below `evaluations/`, whole or not there.

A folder holds `report.json`, mostly `report.html` and tables, and `about.json`, which says what was
asked. Only files that were written here, and are as they were written, are ever removed.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError, NotFoundError
from holotype.index.files.durable import digest_of
from holotype.index.files.own_output import RECORD, write_own
from holotype.index.files.plain_json import read_json
from holotype.index.files.regular import Limit, read_regular
from holotype.index.storage.files_beside import EVALUATIONS, is_plain, place_for
from holotype.index.storage.records import now

from ...schemas.work import Evaluation

ABOUT, FIGURES, PAGE = "about.json", "report.json", "report.html"

_ID = re.compile(r"[0-9]{8}T[0-9]{9}-[0-9a-f]{8}")
_LONGEST_ABOUT = Limit(1 << 20, "of what is said of an evaluation")
_LONGEST_FILE = Limit(1 << 28, "of a report")


@dataclass(frozen=True)
class About:
    """What was asked of an evaluation.

    Attributes:
        spaces: one, or the two that were compared.
        options: those that were given.
    """

    protocol: str
    spaces: Sequence[str]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class KeptEvaluation:
    """An evaluation that is kept.

    Attributes:
        job_id: of the job that made it.
        summary: what was found, in one sentence; empty where none is written for its protocol.
        has_report: whether there is a page to look at.
        made_at: ISO 8601.
    """

    evaluation_id: str
    job_id: str
    protocol: str
    spaces: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    has_report: bool = False
    made_at: str = field(default_factory=now)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {**vars(self), "spaces": list(self.spaces), "options": dict(self.options)}


def keep_evaluation(
    collection: Collection, job_id: str, found: Any, about: About, *, has_report: bool
) -> KeptEvaluation:
    """Write what was measured into the collection's folder.

    Args:
        found: what a protocol of `holotype.eval` returns.
        has_report: whether there is a page about it.

    Raises:
        OSError: the folder cannot be written to.
        UsageError: a link stands in the way.
    """
    from holotype.eval.report import write_report  # loads SciPy, which no start should wait for
    from holotype.eval.report.summaries import figures_of

    made_at, figures = now(), figures_of(found, collection)
    # To the millisecond, as they are listed in the order of their names.
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    name = f"{moment}-{job_id[:8]}"
    kept = KeptEvaluation(
        name,
        job_id,
        about.protocol,
        about.spaces,
        about.options,
        str(figures.get("summary", "")),
        has_report,
        made_at,
    )
    temporary = place_for(collection.folder, f"{EVALUATIONS}/.{name}")
    try:
        if has_report:
            write_report(found, collection, temporary)
        else:
            write_own(temporary, {FIGURES: _json(figures)})
        write_own(temporary, {ABOUT: _json(kept.to_dict())})
        temporary.rename(place_for(collection.folder, f"{EVALUATIONS}/{name}"))
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return kept


def _json(values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False).encode()


def kept_evaluations(collection: Collection) -> list[KeptEvaluation]:
    """Return the evaluations of a collection, newest first; what cannot be read is passed over."""
    return list(_readable(collection))


def _readable(collection: Collection) -> Iterator[KeptEvaluation]:
    top = collection.folder / EVALUATIONS
    names = [path.name for path in top.iterdir()] if top.is_dir() and not top.is_symlink() else []
    for name in sorted(filter(_ID.fullmatch, names), reverse=True):
        try:
            yield kept_evaluation(collection, name)
        except (NotFoundError, CorruptError):
            continue


def kept_evaluation(collection: Collection, evaluation_id: str) -> KeptEvaluation:
    """Return an evaluation.

    Raises:
        NotFoundError: there is none of that id.
        CorruptError: what is said of it cannot be read.
    """
    data = read_kept(collection, evaluation_id, ABOUT, _LONGEST_ABOUT)
    try:
        said = Evaluation.model_validate(read_json(data, dict), strict=True)
    except ValueError as error:
        raise _unreadable(evaluation_id) from error
    return KeptEvaluation(**{**said.model_dump(), "evaluation_id": evaluation_id})


def figures_of_kept(collection: Collection, evaluation_id: str) -> dict[str, Any]:
    """Return all figures of an evaluation.

    Raises:
        NotFoundError: there is none of that id.
        CorruptError: they cannot be read.
    """
    data = read_kept(collection, evaluation_id, FIGURES)
    try:
        return read_json(data, dict)
    except ValueError as error:
        raise _unreadable(evaluation_id) from error


def _unreadable(evaluation_id: str) -> CorruptError:
    return CorruptError(
        f"What the collection keeps of evaluation '{evaluation_id}' cannot be read; delete it"
    )


def read_kept(
    collection: Collection, evaluation_id: str, name: str, limit: Limit = _LONGEST_FILE
) -> bytes:
    """Return a file of an evaluation.

    Raises:
        NotFoundError: there is no such evaluation, or it has no such file.
    """
    inside = f"{EVALUATIONS}/{evaluation_id}/{name}"
    if not _ID.fullmatch(evaluation_id) or not is_plain(collection.folder, inside):
        what = "" if name == ABOUT else f" with a file {name}"
        raise NotFoundError(f"There is no evaluation '{evaluation_id[:80]}'{what}")
    return read_regular(collection.folder / inside, limit)


def remove_evaluation(collection: Collection, evaluation_id: str) -> None:
    """Remove an evaluation; a file in its folder that somebody else put there stays.

    Raises:
        NotFoundError: there is none of that id.
    """
    read_kept(collection, evaluation_id, ABOUT)
    folder = collection.folder / EVALUATIONS / evaluation_id
    with collection.writing():
        written = _written(folder)
        own = [name for name, sha256 in written.items() if _is_own(folder, name, sha256)]
        for name in (*sorted(own, key=ABOUT.__ne__), RECORD):
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _written(folder: Path) -> dict[str, Any]:
    try:
        return read_json(read_regular(folder / RECORD, _LONGEST_ABOUT), dict)
    except (OSError, ValueError):
        return {}


def _is_own(folder: Path, name: str, sha256: Any) -> bool:
    """Return whether a file lies in the folder itself, and is as it was written."""
    path = folder / name
    plain = Path(name).name == name and not path.is_symlink() and path.is_file()
    return plain and digest_of(path) == sha256
