"""The rules for the rows of a manifest and of a vector file, one row after the other."""

from __future__ import annotations

from ..taxonomy import RANKS, Lineage, TaxonNameError, parse_lineage
from .image_ids import fault_of_id

Names = tuple[str, ...]


class RowError(ValueError):
    """A row that cannot be stored."""


class RowChecks:
    """Rules that compare a row with the earlier ones: ids are unique, names of specimens agree."""

    def __init__(self) -> None:
        self._lineages: dict[Names, tuple[Lineage, str | None] | TaxonNameError] = {}
        self._first_row: dict[str, int] = {}
        self._first_lineage: dict[str, Lineage] = {}

    def identify(self, number: int, image_id: str) -> None:
        """Refuse an id that cannot be asked for, or that an earlier row has.

        Args:
            number: the row's, as `Problem.row` counts.
            image_id: may be empty, once.

        Raises:
            RowError: saying which.
        """
        if fault := fault_of_id(image_id):
            raise RowError(fault)
        first = self._first_row.setdefault(image_id, number)
        if first != number:
            raise RowError(f"image_id '{image_id}' is already in row {first}; give each its own")

    def name(self, names: Names) -> tuple[Lineage, str | None]:
        """Return the lineage that names give, one a rank of `RANKS`, and a note on it.

        Raises:
            TaxonNameError: they contradict each other, or one is no name.
        """
        if names not in self._lineages:
            try:
                self._lineages[names] = parse_lineage(dict(zip(RANKS, names, strict=True)))
            except TaxonNameError as error:
                self._lineages[names] = error
        parsed = self._lineages[names]
        if isinstance(parsed, TaxonNameError):
            raise parsed
        return parsed

    def agree(self, specimen_id: str, lineage: Lineage) -> None:
        """Refuse another name of a specimen than its first one.

        Raises:
            RowError: it is another.
        """
        if self._first_lineage.setdefault(specimen_id, lineage) != lineage:
            raise RowError(
                f"specimen '{specimen_id}' has another name in an earlier row; give both the same"
            )
