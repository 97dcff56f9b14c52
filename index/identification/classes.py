"""Which classes of a gallery lose members where only a part of it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes

Array = TypeVar("Array", bound=NDArray[Any])


@dataclass(frozen=True, eq=False)
class Changed:
    """Classes that lose some of their members, and what is left of them.

    Attributes:
        classes: int64 [m], those that lose some and keep some, ascending.
        kept: bool [classes], those that keep any member.
        rows: int64 [r], the members that these m classes keep.
        member: int64 [r], the places of their classes in `classes`.
    """

    classes: Codes
    kept: NDArray[np.bool_]
    rows: Codes
    member: Codes

    def written(self, old: Array, new: Array) -> Array:
        """Return an array over the classes that stay, with those that changed written anew.

        Args:
            old: [classes, …].
            new: [m, …].
        """
        copy = old.copy()
        copy[self.classes] = new
        return copy if self.kept.all() else copy[self.kept]  # type: ignore[return-value]


def changed_classes(member: Codes, used: NDArray[np.bool_], classes: int) -> Changed:
    """Return which classes lose members.

    Args:
        member: int64 [n], the class of every member, none -1.
        used: bool [n], the members that stay.
        classes: how many there are.

    >>> changed_classes(np.array([0, 1, 1, 2]), np.array([True, False, True, False]), 3).classes
    array([1])
    """
    loses = np.zeros(classes, bool)
    loses[member[~used]] = True
    rows = np.flatnonzero(used & loses[member])
    stays = np.zeros(classes, bool)
    stays[member[rows]] = True
    changed = np.flatnonzero(stays)
    return Changed(changed, stays | ~loses, rows, np.searchsorted(changed, member[rows]))
