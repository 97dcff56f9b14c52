"""Writing the report's three files."""

from __future__ import annotations

import io
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from holotype.index.collection import Collection
from holotype.index.files import write_durably

from ..evaluation import Evaluation
from ..spaces import SpaceComparison
from .headline import summary
from .sections import sections_of
from .subject import Subject

_TEMPLATES = Path(__file__).parent.parent / "templates"


def write_report(found: Evaluation | SpaceComparison, collection: Collection, folder: Path) -> Path:
    """Write `report.json`, `per_species.parquet` and `report.html` into a folder.

    Args:
        found: what was measured; of two spaces the page is about the one after, and what it gains.
        collection: where it was measured; pictures of mistakes come from it.
        folder: made where it does not exist; files of these names are replaced.

    Returns:
        the path of `report.html`.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    subject = Subject.of(found, collection)
    figures = json.dumps(found.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    write_durably(folder / "report.json", figures.encode())
    write_durably(folder / "per_species.parquet", _per_species(subject))
    page = folder / "report.html"
    write_durably(page, render(subject).encode())
    return page


def render(subject: Subject) -> str:
    """Return the report as one HTML page that loads nothing."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_TEMPLATES / "report.css").read_text("utf-8"))  # noqa: S704 - our own file
    return environment.get_template("report.html.j2").render(
        title=subject.collection.folder.resolve().name,
        subtitle=summary(subject),
        style=style,
        sections=sections_of(subject),
    )


def _per_species(subject: Subject) -> bytes:
    """Return the table of all species as a Parquet file; without species it has no rows."""
    table = subject.taxa.reset_index(drop=True)
    buffer = io.BytesIO()
    table[: len(table) if subject.rank == "species" else 0].to_parquet(buffer, index=False)
    return buffer.getvalue()
