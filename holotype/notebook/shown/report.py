"""What some work came to, as names and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from .base import Shown, Thumbnails
from .html import box, figure, joined, muted, strong, table

_LONGEST = 90  # characters of a value that is shown
_LISTED = 20  # problems, or entries of a list, in a notebook
_WIDEST = 40  # characters of a cell of a list
_OF_IMAGES = ("examples", "image_ids")  # lists of the ids of images


class Report(Shown, Mapping[str, Any]):
    """What some work came to: `report["images"]`, `dict(report)`, `report.to_dict()`."""

    def __init__(self, title: str, told: Mapping[str, Any], thumbnails: Thumbnails) -> None:
        super().__init__(told, thumbnails)
        self._title = title

    def __getitem__(self, name: str) -> Any:
        return self._told[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    @property
    def summary(self) -> str:
        """What it says in one sentence; empty where it has none."""
        return str(self._told.get("summary", ""))

    def _lines(self) -> list[str]:
        plain = [f"{name}: {value}" for name, value in self._plain()]
        return [self._title, _cut(self.summary or ", ".join(plain[:4])), _cut(self._more())]

    def _html(self) -> Markup:
        parts = [strong(self._title), muted(self.summary), table((), self._plain())]
        return box(*parts, *(part for one in self._told.items() for part in self._listed(*one)))

    def _listed(self, name: str, value: Any) -> Iterator[Markup]:
        """Yield what is listed under a name: images as pictures, all else as a table."""
        if not isinstance(value, list) or not value:
            return
        more = f" (the first {_LISTED} of {len(value)})" if len(value) > _LISTED else ""
        yield muted(f"{name.replace('_', ' ')}{more}")
        own = "image_id" if name in _OF_IMAGES else ""
        entries = [one if isinstance(one, Mapping) else {own: one} for one in value[:_LISTED]]
        if all("image_id" in one for one in entries):
            ids = [str(one["image_id"]) for one in entries]
            yield joined(figure(self._small(one), one, one) for one in ids)
            return
        names = [key for key, told in entries[0].items() if not isinstance(told, dict | list)]
        yield table(names, ([_cell(one.get(key)) for key in names] for one in entries))

    def _plain(self) -> list[tuple[str, str]]:
        """Return the values that are read at a glance."""
        return [
            (name, _cut(str(value)))
            for name, value in self._told.items()
            if name != "summary" and value not in (None, "") and not isinstance(value, dict | list)
        ]

    def _more(self) -> str:
        nested = [name for name, value in self._told.items() if isinstance(value, dict | list)]
        return f"more: {', '.join(nested)}" if nested else "to_dict() has all of it"


class AddedReport(Report):
    """What was added, and what was left out, each with its reason."""

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Rows that were left out or need attention: `row`, `path`, `message`, `severity`."""
        return [dict(one) for one in self._told["problems"]]

    def _lines(self) -> list[str]:
        counts = [
            f"{name}: {value}"
            for name, value in self._told.items()
            if isinstance(value, int) and (value or name == "left_out")
        ]
        if not self.problems:
            return [self._title, _cut(", ".join(counts)), "to_dict() has all of it"]
        first = self.problems[0]
        seen = f"{len(self.problems)} in problems; row {first['row']}: {first['message']}"
        return [self._title, _cut(", ".join(counts)), seen]

    def _html(self) -> Markup:
        rows = [(one["row"], one["path"], one["message"]) for one in self.problems]
        listed = table(("row", "path", "problem"), rows[:_LISTED]) if rows else Markup("")
        more = len(rows) - _LISTED
        unlisted = f"{more} more are in problems" if more > 0 else ""
        about = [strong(self._title), table((), self._plain())]
        return box(*about, listed, muted(unlisted))


def _cell(value: object) -> str:
    return "" if value is None else _cut(str(value), _WIDEST)


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
