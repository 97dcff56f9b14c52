"""Answers of identifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from markupsafe import Markup

from holotype.index.identification.answers import Determination
from holotype.index.identification.answers.wording import FIGURES
from holotype.index.manifests.problems import counted
from holotype.index.visible import visible

from .base import Shown, Thumbnails
from .hits import ShownHits, hits_of
from .html import box, figure, joined, muted, picture, strong, table

if TYPE_CHECKING:
    import pandas as pd

Asked = Callable[[], bytes | None]  # the small picture of what was asked about

_NEIGHBOURS = 5  # that are shown beside an answer
_ROWS = 50  # answers that are shown in a table


class ShownAnswer(Shown):
    """What a specimen is, how sure that is, and the evidence; `to_dict()` has all of it."""

    def __init__(
        self, told: dict[str, Any], thumbnails: Thumbnails, asked: Asked = lambda: None
    ) -> None:
        super().__init__(told, thumbnails)
        self._asked = asked

    @property
    def image(self) -> str:
        """What was asked about."""
        return str(self._told.get("image") or self._told.get("path") or "")

    @property
    def error(self) -> str:
        """Why its picture cannot be used, in one sentence; empty where it can."""
        return str(self._told.get("error", ""))

    @property
    def determination(self) -> Determination | None:
        """Taxon, rank, confidence and qualifier; None for "unknown"."""
        found = self._told.get("determination")
        return None if found is None else Determination(**found)

    @property
    def unknown(self) -> bool:
        """Whether no taxon at any rank is sure enough."""
        return self.determination is None

    @property
    def taxon(self) -> str:
        """The name, at the lowest rank that is sure enough; empty for "unknown"."""
        return self.determination.taxon if self.determination else ""

    @property
    def rank(self) -> str:
        """The rank of that; empty for "unknown"."""
        return self.determination.rank if self.determination else ""

    @property
    def confidence(self) -> float | None:
        """The probability in [0, 1] that it is right; None without a calibration, or a name."""
        return self.determination.confidence if self.determination else None

    @property
    def ranks(self) -> dict[str, list[tuple[str, float]]]:
        """The likeliest taxa of every rank with their probabilities, best first."""
        return {
            rank: [(one["taxon"], one["p"]) for one in taxa]
            for rank, taxa in self._told.get("ranks", {}).items()
        }

    @property
    def neighbours(self) -> ShownHits:
        """The nearest stored images, none of the specimen's own."""
        return hits_of(self._told.get("neighbours", ()), self._thumbnails)

    @property
    def novelty(self) -> float | None:
        """How unlike anything known it is, in [0, 1); None without a calibration."""
        found: float | None = self._told.get("novelty")
        return found

    @property
    def why(self) -> str:
        """The reason, in one sentence."""
        return self.error or str(self._told["why"])

    @property
    def notes(self) -> list[str]:
        """What else to bear in mind, a sentence each."""
        notes = [*self._told.get("notes", ()), self._told.get("calibration_note", "")]
        return [note for note in notes if note]

    @property
    def headline(self) -> str:
        """The determination in one line, such as "Xestia sp., genus, 94.6 %", or "unknown"."""
        found = self.determination
        if found is None:
            return "not used" if self.error else "unknown"
        sure = self._told["ranks"][found.rank][0]["percent"]
        sure += FIGURES.get(self._told["calibration"], "")
        return f"{f'{found.taxon} {found.qualifier}'.strip()}, {found.rank}, {sure}"

    def _lines(self) -> list[str]:
        note = self._told.get("calibration_note", "")
        return [self.image or "picture", f"  {self.headline}", f"  {self.why} {note}".rstrip()]

    def _html(self) -> Markup:
        asked = figure(self._asked(), self.image, self.image)
        said = joined([strong(self.headline), muted(self.why), *map(muted, self.notes)])
        near = self.neighbours.strip(_NEIGHBOURS)
        return box(table((), [(asked, said)]), near)

    def _row(self) -> tuple[object, ...]:
        nearest = self.neighbours[:1]
        seen = picture(self._small(nearest[0].image_id), nearest[0].image_id) if nearest else ""
        return picture(self._asked(), self.image), self.image, self.headline, seen, self.why


class ShownAnswers(Sequence[ShownAnswer]):
    """Answers in the order of what was asked about; of a picture that cannot be used, the error."""

    def __init__(self, answers: Sequence[ShownAnswer]) -> None:
        self._answers = list(answers)

    @overload
    def __getitem__(self, place: int) -> ShownAnswer: ...
    @overload
    def __getitem__(self, place: slice) -> ShownAnswers: ...
    def __getitem__(self, place: int | slice) -> ShownAnswer | ShownAnswers:
        if isinstance(place, slice):
            return ShownAnswers(self._answers[place])
        return self._answers[place]

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[ShownAnswer]:
        return iter(self._answers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShownAnswers) and self._answers == other._answers

    __hash__ = None  # type: ignore[assignment]

    def to_list(self) -> list[dict[str, Any]]:
        """Return all of them as JSON-ready values."""
        return [answer.to_dict() for answer in self]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row an answer: image, taxon, rank, confidence, why, error."""
        import pandas as pd

        names = ("image", "taxon", "rank", "confidence", "why", "error")
        return pd.DataFrame([{name: getattr(one, name) for name in names} for one in self])

    def __repr__(self) -> str:
        first = (visible(f"  {one.image}: {one.headline}") for one in self[:2])
        return "\n".join([self._headline, *first])

    @property
    def _headline(self) -> str:
        unknown = sum(one.unknown and not one.error for one in self)
        refused = sum(bool(one.error) for one in self)
        return f"{counted(len(self), 'answer')}, {unknown} unknown, {refused} not used"

    def _repr_html_(self) -> str:
        rows = [one._row() for one in self[:_ROWS]]
        more = f"{len(self) - _ROWS} more; to_pandas() has all" if len(self) > _ROWS else ""
        columns = ("", "picture", "answer", "nearest", "why")
        return str(box(strong(self._headline), table(columns, rows), muted(more)))
