"""What was measured: recall at every rank, or how honest the answers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..figures import RECALL, answer_rows, bounds_text, figure_text, recall_row
from .base import Thumbnails
from .html import box, link, muted, strong, table
from .report import Report

if TYPE_CHECKING:
    import pandas as pd

_KS = ("1", "5", "10")
_COLUMNS = (
    "rank",
    *(f"recall@{k}{end}" for k in _KS for end in ("", "_low", "_high")),
    "macro@1",
    "n",
)
_COMPARED = ("rank", "before", "after", "gain", "95 % interval", "n")


class EvaluationReport(Report):
    """The figures of an evaluation, as `report.json` has them.

    Args:
        page: where the report with pictures of mistakes is: a file, or an address of the service;
            empty where there is none.
    """

    def __init__(self, told: Mapping[str, Any], thumbnails: Thumbnails, page: str = "") -> None:
        super().__init__("Evaluation", told, thumbnails)
        self._page = page

    @property
    def page(self) -> str:
        """Where the report with pictures of mistakes is; empty where `out` named no folder."""
        return self._page

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row a rank: recall@1, @5 and @10 with 95 % intervals, macro@1, n.

        Recall is a share in [0, 1], and NaN where it is not known; the bounds of recall@1 are
        `recall@1_low` and `recall@1_high`, `macro@1` is the mean over taxa. The table is empty for
        a protocol that measures something else.
        """
        import pandas as pd

        rows = [tuple(_row(rank, one)) for rank, one in self._ranks.items()]
        table = pd.DataFrame(rows, columns=list(_COLUMNS))
        return table.astype(dict.fromkeys(_COLUMNS[1:-1], float))

    @property
    def _ranks(self) -> Mapping[str, Any]:
        """Recall at every rank; nothing for a protocol that measures something else."""
        found = self._told.get("ranks")
        return found if isinstance(found, Mapping) else {}

    def _lines(self) -> list[str]:
        if not self._ranks:
            return [self._title, self.summary or super()._lines()[1], self._more()]
        rank, found = list(self._ranks.items())[-1]
        _, first, bounds, fifth, tenth, *_ = recall_row(rank, found)
        figures = f"{rank}: recall@1 {first} ({bounds}), @5 {fifth}, @10 {tenth}"
        return [f"{self._title}, {figures}", self.summary, self._page or self._more()]

    def _html(self) -> Markup:
        parts = [strong(self._title), muted(self.summary), *self._tables()]
        if self._page:
            parts.append(link(self._page, "The report, with pictures of what was mistaken"))
        return box(*parts)

    def _tables(self) -> Iterator[Markup]:
        if self._ranks:
            yield table(RECALL, (recall_row(*one) for one in self._ranks.items()))
        if "comparison" in self._told:
            before, after = (one["space"]["name"] for one in self._told["spaces"])
            yield muted(f"From space '{before}' to '{after}':")
            yield table(_COMPARED, map(_compared, self._told["comparison"].items()))
        if "outcomes" in self._told.get("mean", {}):
            yield table((), answer_rows(self._told))
        if not self._ranks and "mean" not in self._told:
            yield table((), self._plain())


def _compared(of_rank: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what a rank gains from one space to another."""
    rank, change = of_rank
    sides = (figure_text(change[side]["micro"]) for side in ("before", "after"))
    gain = change["gain_over_taxa"]
    return rank, *sides, figure_text(gain["estimate"]), bounds_text(gain), str(change["n"])


def _row(rank: str, found: Mapping[str, Any]) -> Iterator[object]:
    """Yield what `_COLUMNS` say of a rank; reports made before know one interval alone."""
    yield rank
    for k in _KS:
        bounds = found.get(f"recall_at_{k}_interval", {})
        yield from (found["recall"][k]["micro"], bounds.get("low"), bounds.get("high"))
    yield from (found["recall"]["1"]["macro"], found["n_answerable"])
