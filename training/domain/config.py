"""What training does about a second imaging set-up without labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from holotype.index.errors import UsageError

Schedule = Literal["ganin", "constant"]


@dataclass(frozen=True)
class DomainConfig:
    """How training draws a labelled source and an unlabelled target together.

    Attributes:
        method: see `terms.TERMS`; empty for none.
        weight: λ, what the term counts for beside the loss of the labelled images.
        target: conditions on the unlabelled images of the target, such as `imaging=degraded`;
            their labels are never read.
        schedule: `ganin` lets the weight grow from 0 to λ while training goes on, `constant`
            begins with all of it.
        hidden: width of the layer of the domain classifier (`dann` only).
    """

    method: str = ""
    weight: float = 0.1
    target: tuple[str, ...] = ()
    schedule: Schedule = "ganin"
    hidden: int = 256

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise UsageError(f"The weight of the domain term is {self.weight}; give 0 or more")
        if self.schedule not in get_args(Schedule):
            raise UsageError(
                f"There is no schedule '{self.schedule}' of a domain term; there are "
                f"{' and '.join(get_args(Schedule))}"
            )
        if self.hidden < 1:
            raise UsageError(f"The domain classifier is {self.hidden} wide; give 1 or more")
        if self.method and not self.target:
            raise UsageError(
                f"{self.method} needs images of the target: give conditions that choose them, for "
                'example target = ["imaging=degraded"]'
            )

    def weight_at(self, done: float) -> float:
        """Return what the term counts for when a share of the training is done.

        Ganin's schedule is λ · (2 / (1 + exp(−10 · done)) − 1) (Ganin et al. 2016, JMLR 17:59).

        Args:
            done: in [0, 1].

        >>> [round(DomainConfig(weight=2.0).weight_at(done), 3) for done in (0, 0.1, 1)]
        [0.0, 0.924, 2.0]
        """
        if not 0 <= done <= 1:
            raise UsageError(f"{done} of the training is done; it must lie between 0 and 1")
        if self.schedule == "constant":
            return self.weight
        return self.weight * (2 / (1 + math.exp(-10 * done)) - 1)
