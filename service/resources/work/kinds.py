"""Kinds of jobs by name: what each may be asked for, who may ask, and what does it.

A new kind is its options in `orders` and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from holotype.index.errors import UsageError

from ...engine import Engine
from ...guards.keys import require_admin, require_write
from ...jobs import Work
from . import orders
from .evaluating import evaluation_work
from .identifying import identification_work
from .ingesting import ingest_work
from .learning import calibration_work, left_of_training, training_work, tuning_work
from .placing import cluster_work, map_work, review_work

Prepare = Callable[[Engine, str, Any], Work]


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Attributes:
        options: what may be asked for.
        prepare: given the engine, the space's name and the options, checks what can be checked at
            once, and returns the work.
        example: a body that starts one.
        administers: whether it is for few.
        again: given the engine and the options as they were, returns those that go on with it.
    """

    options: type[orders.JobOptions]
    prepare: Prepare
    example: Mapping[str, Any] = field(default_factory=dict)
    administers: bool = False
    again: Callable[[Engine, Mapping[str, Any]], dict[str, Any]] = lambda _, options: {**options}

    def require_scope(self) -> None:
        """Refuse a request whose key does not reach so far.

        Raises:
            ScopeError, AdminScopeError: it does not.
        """
        if self.administers:
            require_admin()
        else:
            require_write()


KINDS: Mapping[str, Kind] = {
    "tune": Kind(orders.Tune, tuning_work, {"where": ["split=train"]}),
    "train": Kind(
        orders.Train,
        training_work,
        {"preset": "quick", "minutes": 10.0},
        administers=True,
        again=left_of_training,
    ),
    "calibrate": Kind(orders.Calibrate, calibration_work),
    "map": Kind(orders.Map, map_work, {"method": "umap"}),
    "cluster": Kind(orders.Cluster, cluster_work, {"where": ["split=batch"], "by": "A. Curator"}),
    "review": Kind(orders.Review, review_work),
    "evaluate": Kind(orders.Evaluate, evaluation_work, {"protocol": "leave-one-out"}),
    "identify": Kind(orders.Identify, identification_work, {"where": ["split=batch"]}),
    "ingest": Kind(
        orders.Ingest, ingest_work, {"source": "2026/trip", "levels": ["species"]}, administers=True
    ),
}


def kind_named(name: str) -> Kind:
    """Return a kind of job.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in KINDS:
        raise UsageError(f"kind is '{name[:80]}'; it must be one of {', '.join(KINDS)}")
    return KINDS[name]
