"""Writing the report's three files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from holotype.index.collection import Collection
from holotype.index.files.own_output import require_own, write_own
from holotype.index.visible import guarded

from ..classifiers.grid import Grid
from ..identification.draws import AnswerEvaluation
from ..retrieval.evaluate import Evaluation
from ..retrieval.learning_curve import Curve
from ..retrieval.two_spaces import SpaceComparison
from .blocks import Section
from .identification.headline import summary as answer_summary
from .identification.sections import ANSWER_SECTIONS
from .identification.subject import AnswerSubject
from .retrieval.headline import summary
from .retrieval.sections import SECTIONS
from .retrieval.subject import Subject
from .summaries import figures_of
from .sweeps.sections import sweep_sections, sweep_summary

FILES = ("report.json", "per_species.parquet", "report.html")
SWEEP_FILES = ("report.json", "sweep.csv", "report.html")


_About = TypeVar("_About")
_TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    found: Evaluation | SpaceComparison | AnswerEvaluation | Curve | Grid,
    collection: Collection,
    folder: Path,
) -> Path:
    """Write `report.json`, `per_species.parquet` and `report.html` into a folder.

    Of a sweep `sweep.csv` stands in place of the table of species.

    Args:
        found: what was measured; of two spaces the page is about the one after, and what it gains;
            of answers, `report.json` has further figures of the first draw (`first_draw`); of
            classifiers, `classifiers.csv` and `classifiers_by_taxon.csv` stand beside it.
        collection: where it was measured; pictures of mistakes come from it.
        folder: made where it does not exist; an earlier report is replaced.

    Returns:
        the path of `report.html`.

    Raises:
        OSError: the folder cannot be written to.
        UsageError: it holds a file of one of these names that is no earlier report.
    """
    names = SWEEP_FILES if isinstance(found, Curve | Grid) else FILES
    require_own(folder, names)
    if isinstance(found, Curve | Grid):
        made = _of_sweep(found, collection)
    elif isinstance(found, AnswerEvaluation):
        made = _of_answers(AnswerSubject(found, collection))
    else:
        made = _of_recall(found, Subject.of(found, collection))
    figures = json.dumps(made.figures, ensure_ascii=False, indent=2, allow_nan=False)
    data = (figures.encode(), made.table, made.page.encode())
    write_own(folder, {**dict(zip(names, data, strict=True)), **made.tables})
    return folder / names[-1]


@dataclass(frozen=True)
class _Report:
    """What the files hold: a table beside figures and page, and further ones by name."""

    figures: dict[str, Any]
    table: bytes
    page: str
    tables: dict[str, bytes] = field(default_factory=dict)


def _of_recall(found: Evaluation | SpaceComparison, subject: Subject) -> _Report:
    figures = figures_of(found, subject.collection)
    sections = _sections(SECTIONS, subject)
    page = _render(subject.collection, summary(subject), figures["summary"], sections)
    tables = {}
    if (beside := subject.evaluation.classifiers) is not None:
        tables["classifiers.csv"] = _csv(beside.table())
        tables["classifiers_by_taxon.csv"] = _csv(beside.by_taxon())
    return _Report(figures, _per_species(subject.taxa, subject.rank), page, tables)


def _of_sweep(found: Curve | Grid, collection: Collection) -> _Report:
    figures = figures_of(found, collection)
    sections = sweep_sections(found)
    page = _render(collection, sweep_summary(found), figures["summary"], sections)
    return _Report(figures, _csv(found.table()), page)


def _csv(table: pd.DataFrame) -> bytes:
    """Return a table as a CSV file; what is not known is an empty cell.

    A name that a spreadsheet would take for a formula has an apostrophe before it.
    """
    texts = table.select_dtypes(exclude="number")
    plain = texts.map(guarded)
    return table.assign(**plain).to_csv(index=False, lineterminator="\n").encode()


def _of_answers(subject: AnswerSubject) -> _Report:
    figures = {**figures_of(subject.found, subject.collection), "first_draw": subject.to_dict()}
    sections = _sections(ANSWER_SECTIONS, subject)
    page = _render(subject.collection, answer_summary(subject), figures["summary"], sections)
    return _Report(figures, _per_species(subject.details.species, subject.rank), page)


def report_style() -> str:
    """Return the style sheet of reports, for other pages that look like them."""
    return (_TEMPLATES / "report.css").read_text("utf-8")


def _sections(
    makers: Iterable[Callable[[_About], Section | None]], subject: _About
) -> list[Section]:
    """Return the sections that have something to say."""
    return [made for maker in makers if (made := maker(subject)) is not None]


def _render(collection: Collection, subtitle: str, lead: str, sections: list[Section]) -> str:
    """Return the report as one HTML page that loads nothing.

    Args:
        subtitle: what was measured.
        lead: what was found, in one sentence.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        title=collection.folder.resolve().name,
        subtitle=subtitle,
        lead=lead,
        style=Markup(report_style()),  # noqa: S704 - our own file
        sections=sections,
    )


def _per_species(taxa: pd.DataFrame, rank: str) -> bytes:
    """Return the table of all species as a Parquet file; without species it has no rows."""
    table = taxa.reset_index(drop=True)
    buffer = io.BytesIO()
    table[: len(table) if rank == "species" else 0].to_parquet(buffer, index=False)
    return buffer.getvalue()
