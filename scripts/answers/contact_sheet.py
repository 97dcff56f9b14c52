"""Answers as one HTML page that loads nothing: small pictures, the most doubtful first.

Specimens are written to a temporary file as they come and put in order at the end, so that memory
does not grow with their number. A gallery image that is near to many is kept once, as a style.
"""

from __future__ import annotations

import base64
import os
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from holotype.eval.report.cells import is_italic
from holotype.eval.report.writer import report_style
from holotype.index.collection import Collection
from holotype.index.errors import PictureError
from holotype.index.files.durable import replacing
from holotype.index.identification.answers import Answer, in_words
from holotype.index.identification.many.outcomes import Outcome, Refusal
from holotype.index.pictures.reading import read_picture, thumbnail
from holotype.index.search.search import Hit
from holotype.index.storage.records import Image
from holotype.index.taxonomy import RANKS, lowest_name, lowest_rank

from .files import require_new

_NEAR_SIDE = 96  # px of the long side of a neighbour's picture
_NEAREST = 5  # neighbours beside a specimen, at most

_TEMPLATES = Path(__file__).parent / "templates"
_UNKNOWN = "unknown"


class _Place(NamedTuple):
    """Where a specimen lies in the temporary file, and how doubtful its answer is."""

    sure: float
    number: int
    start: int
    length: int


@dataclass(frozen=True)
class _Near:
    """A neighbour as the page shows it."""

    style: str | None
    name: str
    italic: bool
    specimen_id: str
    cosine: str


class ContactSheet:
    """A page to which answers are added; it appears whole when the block ends well.

    Args:
        path: of the file.
        collection: that the answers rest on; its thumbnails are shown.
        overwrite: replace a file that is there.

    Raises:
        UsageError: it is there already.
    """

    def __init__(self, path: Path, collection: Collection, *, overwrite: bool = False) -> None:
        require_new(path, overwrite=overwrite)
        self._path = path
        self._collection = collection
        self._files = ExitStack()
        self._entries = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the others
        self._styles = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the others
        self._shown: dict[str, str | None] = {}  # styles by the content of gallery images
        self._places: dict[str, list[_Place]] = {}
        self._refused: list[tuple[str, Refusal]] = []
        self._notes: dict[str, None] = {}

    def add(self, outcome: Outcome) -> None:
        """Add a specimen."""
        self._refused += [(outcome.specimen.specimen_id, one) for one in outcome.refused]
        answer = outcome.answer
        if answer is None:
            return
        said = in_words(answer)
        self._notes |= dict.fromkeys(said.about_figures)
        data = _template("entry").render(
            answer=answer,
            specimen_id=outcome.specimen.specimen_id,
            more=len(outcome.used) - 1,
            pictures=[_data_uri(small) for small in outcome.thumbnails],
            said=said,
            italic=is_italic(said.rank),
            ranks=_likeliest(answer),
            nearest=[self._near(hit) for hit in answer.neighbours[:_NEAREST]],
            refused=[one.reason for one in outcome.refused],
        )
        group = answer.determination.rank if answer.determination else _UNKNOWN
        places = self._places.setdefault(group, [])
        number = sum(map(len, self._places.values()))
        places.append(_Place(_sureness(answer), number, *_appended(self._entries, data)))

    def _near(self, hit: Hit) -> _Near:
        lineage = hit.image.lineage
        return _Near(
            self._style(hit.image),
            lowest_name(lineage) or "not named",
            is_italic(lowest_rank(lineage) or ""),
            hit.image.specimen_id,
            f"{hit.score:.3f}",
        )

    def _style(self, image: Image) -> str | None:
        """Return the style that shows a gallery image; None where its picture is gone."""
        key = image.sha256 or image.image_id
        if key not in self._shown:
            self._shown[key] = None
            try:
                small = read_picture(self._collection.thumbnail(image), target=_NEAR_SIDE)
                data = thumbnail(small, _NEAR_SIDE)
            except (PictureError, OSError):
                return None
            name = self._shown[key] = f"g{len(self._shown)}"
            _appended(self._styles, f".{name}{{background-image:url({_data_uri(data)})}}\n")
        return self._shown[key]

    def _write(self) -> None:
        groups = [(name, self._places[name]) for name in (_UNKNOWN, *RANKS) if name in self._places]
        about: dict[str, Any] = {
            "title": self._collection.folder.resolve().name,
            "groups": [(name, _heading(name), len(places)) for name, places in groups],
            "total": sum(len(places) for _, places in groups),
            "refused": self._refused,
            "notes": list(self._notes),
        }
        with replacing(self._path) as temporary, temporary.open("xb") as file:
            file.write(_bytes(_template("head").render(style=Markup(_style_sheet()), **about)))  # noqa: S704 - our own files
            self._styles.seek(0)
            file.writelines(self._styles)
            file.write(_bytes(_template("headline").render(**about)))
            for name, places in groups:
                file.write(_bytes(_template("group").render(name=name, heading=_heading(name))))
                for place in sorted(places):
                    self._entries.seek(place.start)
                    file.write(self._entries.read(place.length))
                file.write(b"</div></section>\n")
            file.write(_bytes(_template("foot").render(**about)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._files:
            if kind is None:
                self._write()


def _sureness(answer: Answer) -> float:
    """Return the probability of the taxon that was given; of the likeliest where none was."""
    if answer.determination is not None:
        return answer.ranks[answer.determination.rank][0][1]
    finest = list(answer.ranks.values())[-1:]
    return finest[0][0][1] if finest and finest[0] else 0.0


def _likeliest(answer: Answer) -> list[tuple[str, str, bool, str]]:
    """Return the likeliest taxon of each rank, fine to coarse: rank, name, italics, share."""
    return [
        (rank, taxa[0][0], is_italic(rank), answer.figure(rank))
        for rank, taxa in reversed(answer.ranks.items())
        if taxa
    ]


def _heading(group: str) -> str:
    if group == _UNKNOWN:
        return "Unknown"
    return f"Named to {'the ' if group not in ('species', 'genus') else ''}{group}"


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _appended(file: IO[bytes], text: str) -> tuple[int, int]:
    """Write at the end of a file and return where, and how many bytes."""
    data = _bytes(text)
    start = file.seek(0, os.SEEK_END)
    file.write(data)
    return start, len(data)


def _style_sheet() -> str:
    return report_style() + (_TEMPLATES / "contact_sheet.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> Any:
    return _environment().get_template(f"{name}.html.j2")
