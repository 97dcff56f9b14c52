"""Shares as people count: so many out of a hundred."""

from __future__ import annotations

from dataclasses import dataclass

_WHOLES = (100, 1_000, 10_000)


@dataclass(frozen=True)
class OutOf:
    """Shares of n things as counts out of a hundred, or out of all n where these are few.

    Attributes:
        whole: what the counts are out of.
    """

    whole: int

    @classmethod
    def all_of(cls, n: int, *compared: float) -> OutOf:
        """Return a whole that suits n things, large enough to tell shares that differ apart.

        >>> OutOf.all_of(37).whole, OutOf.all_of(5000).whole, OutOf.all_of(5000, 0.661, 0.664).whole
        (37, 100, 1000)
        """
        for whole in _WHOLES:
            if whole >= n:
                break
            if len({round(whole * share) for share in compared}) == len(set(compared)):
                return cls(whole)
        return cls(n)

    def count(self, share: float) -> str:
        """Return a share as a count; rounding makes it neither all nor none.

        >>> [OutOf(100).count(share) for share in (0.61, 0.997, 0.001, 0.0, 1.0)]
        ['61', 'more than 99', 'fewer than 1', 'none', 'all']
        """
        count = round(self.whole * share)
        if count >= self.whole:
            return "all" if share >= 1 else f"more than {self.whole - 1:,}"
        if count <= 0:
            return "none" if share <= 0 else "fewer than 1"
        return f"{count:,}"

    def __str__(self) -> str:
        return f"{self.whole:,}"
