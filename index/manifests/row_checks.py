"""The rules for the ids of a manifest's and of a vector file's rows, one after the other."""

from __future__ import annotations

from .image_ids import fault_of_id
from .names import RowError


class RowChecks:
    """Rules that compare a row with the earlier ones: ids are unique."""

    def __init__(self) -> None:
        self._first_row: dict[str, int] = {}

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
