"""`holotype eval --protocol`: folds, sites, another imaging set-up, a learning curve."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import err, progress, require_report
from .protocol_tables import show_curve, show_folds, show_place, show_transfer, show_unseen

if TYPE_CHECKING:
    from holotype.eval.retrieval.cross_validation import CrossValidation
    from holotype.eval.retrieval.learning_curve import Curve
    from holotype.eval.retrieval.unseen_species import UnseenSpecies
    from holotype.eval.set_ups.transfer import Transfer
    from holotype.index.collection import Collection


class ProtocolName(StrEnum):
    """Who asks whom."""

    LEAVE_ONE_OUT = "leave-one-out"
    SPLIT = "split"
    KFOLD = "kfold"
    LEAVE_SITE_OUT = "leave-site-out"
    TRANSFER = "transfer"
    LEARNING_CURVE = "learning-curve"
    UNSEEN_SPECIES = "unseen-species"


class Likeness(StrEnum):
    """How much the degraded copies know of the target's set-up."""

    RANDOM = "random"
    EXACT = "exact"


MEASURED_APART = frozenset(ProtocolName) - {ProtocolName.LEAVE_ONE_OUT, ProtocolName.SPLIT}
_FOLDED = (ProtocolName.KFOLD, ProtocolName.LEAVE_SITE_OUT)
_SIDED = (ProtocolName.SPLIT, ProtocolName.TRANSFER, ProtocolName.LEARNING_CURVE)


@dataclass(frozen=True)
class Asked:
    """The options that the protocols share."""

    space: str | None
    query: list[str]
    gallery: list[str]
    folds: int
    group: str
    site: str | None
    setup: str
    copies: int
    simulate: Likeness
    seed: int
    allow_leak: bool


def check_protocol(
    protocol: ProtocolName,
    *,
    query: list[str] | None,
    gallery: list[str] | None,
    spaces: str | None,
) -> None:
    """Refuse options that the protocol would not use.

    Raises:
        UsageError: conditions that are missing or one too many, or two spaces.
    """
    from holotype.index.errors import UsageError

    sided = protocol in _SIDED
    if sided and not (query and gallery):
        raise UsageError(
            f"--protocol {protocol} needs --query and --gallery, for example --query split=test "
            "--gallery split=train"
        )
    if not sided and (query or gallery):
        raise UsageError(
            f"--protocol {protocol} takes all images; leave out --query and --gallery, or use "
            "--protocol split"
        )
    if spaces is not None and protocol in MEASURED_APART:
        raise UsageError(f"--protocol {protocol} measures one space; use --space, not --spaces")


def run_protocol(
    folder: Path, protocol: ProtocolName, asked: Asked, to: Path | None = None
) -> dict[str, Any]:
    """Measure, write the report where a folder is given, and return the figures."""
    from holotype.eval.report import write_report
    from holotype.eval.retrieval.cross_validation import CrossValidation
    from holotype.index.collection import Collection

    if to is not None:
        require_report(to)
    with Collection.open(folder) as opened:
        found = _RUN[protocol](opened, asked)
        figures = found.to_dict()
        if to is not None and isinstance(found, CrossValidation):
            with err.status("Drawing the report …"):
                write_report(found, opened, to)
        elif to is not None:
            _write_figures(figures, to)
        return figures


def show_protocol(protocol: ProtocolName, found: dict[str, Any], to: Path | None = None) -> None:
    """Print the figures of a protocol, and where the report is."""
    show = {
        ProtocolName.TRANSFER: show_transfer,
        ProtocolName.LEARNING_CURVE: show_curve,
        ProtocolName.UNSEEN_SPECIES: show_unseen,
    }
    show.get(protocol, show_folds)(found)
    if to is not None:
        show_place(to, "report.html" if protocol in _FOLDED else "report.json")


def _write_figures(figures: dict[str, Any], folder: Path) -> None:
    from holotype.index.files.own_output import write_own

    text = json.dumps(figures, ensure_ascii=False, indent=2, allow_nan=False)
    write_own(folder, {"report.json": text.encode()})


def _kfold(collection: Collection, asked: Asked) -> CrossValidation:
    from holotype.eval.retrieval.cross_validation import evaluate_kfold

    with err.status("Measuring …"):
        return evaluate_kfold(
            collection,
            space=asked.space,
            folds=asked.folds,
            group=asked.group,
            seed=asked.seed,
        )


def _sites(collection: Collection, asked: Asked) -> CrossValidation:
    from holotype.eval.retrieval.cross_validation import evaluate_sites

    site = asked.site or "site"
    with err.status("Measuring …"):
        return evaluate_sites(collection, space=asked.space, site=site, allow_leak=asked.allow_leak)


def _curve(collection: Collection, asked: Asked) -> Curve:
    from holotype.eval.retrieval.learning_curve import evaluate_curve

    with err.status("Measuring …"):
        return evaluate_curve(
            collection,
            query=asked.query,
            gallery=asked.gallery,
            space=asked.space,
            unit=asked.site or "specimen",
            allow_leak=asked.allow_leak,
            seed=asked.seed,
        )


def _transfer(collection: Collection, asked: Asked) -> Transfer:
    from holotype.eval.set_ups.degrade import Degradation
    from holotype.eval.set_ups.transfer import Simulation, evaluate_transfer
    from holotype.index.search.search import encoder_of

    with progress("Degrading and embedding") as on_picture:
        simulation = None
        if asked.copies:
            how = Degradation() if asked.simulate is Likeness.EXACT else None
            encoder = encoder_of(collection.space(asked.space))
            simulation = Simulation(encoder, asked.copies, how, on_picture)
        return evaluate_transfer(
            collection,
            query=asked.query,
            gallery=asked.gallery,
            space=asked.space,
            setup=asked.setup,
            simulation=simulation,
            allow_leak=asked.allow_leak,
            seed=asked.seed,
        )


def _unseen(collection: Collection, asked: Asked) -> UnseenSpecies:
    from holotype.eval.retrieval.unseen_species import evaluate_unseen

    with err.status("Tuning on half of the species, five times …"):
        return evaluate_unseen(collection, space=asked.space)


_RUN: dict[
    ProtocolName,
    Callable[[Collection, Asked], CrossValidation | Curve | Transfer | UnseenSpecies],
] = {
    ProtocolName.KFOLD: _kfold,
    ProtocolName.LEAVE_SITE_OUT: _sites,
    ProtocolName.TRANSFER: _transfer,
    ProtocolName.LEARNING_CURVE: _curve,
    ProtocolName.UNSEEN_SPECIES: _unseen,
}
