"""A report's page, read back."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """The text and exact figures of every table row, and everything that could load or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[tuple[str, list[float]]] = []
        self.figures: list[float] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self._in_row = self._in_head_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = {name: value or "" for name, value in attrs}
        names = ("src", "href", "xlink:href", "action", "data", "poster")
        self.links += [values[name] for name in names if name in values]
        self.ids += [values["id"]] if "id" in values else []
        assert not [name for name in values if name.startswith("on")]
        if tag == "tr":
            self._in_row = True
            self.rows.append(("", []))
        self._in_head_cell = tag == "th" or (self._in_head_cell and tag == "i")
        if tag == "data":
            self.figures.append(float(values["value"]))
            if self._in_row:
                self.rows[-1][1].append(float(values["value"]))

    def handle_data(self, data: str) -> None:
        if self._in_head_cell and self.rows:
            text, figures = self.rows[-1]
            self.rows[-1] = (text + data, figures)

    def handle_endtag(self, tag: str) -> None:
        if tag == "th":
            self._in_head_cell = False
        if tag == "tr":
            self._in_row = False

    def row(self, name: str, place: int = 0) -> list[float]:
        """The figures of the place-th row of that name."""
        return [figures for text, figures in self.rows if text == name][place]
