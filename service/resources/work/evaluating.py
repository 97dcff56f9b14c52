"""Jobs that measure: the protocols of `holotype eval`, whose reports the collection keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.search.filters import chosen_places

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders
from .kept_evaluations import About, keep_evaluation

_SIDES = ("query", "gallery")


@dataclass(frozen=True)
class _Protocol:
    """Who asks whom.

    Attributes:
        measure: given the collection, `space` and the options that were asked for.
        options: which it takes.
        needs: which of them it cannot do without.
        has_report: whether there is a page about what it measures.
    """

    measure: Callable[..., Any]
    options: tuple[str, ...]
    needs: tuple[str, ...] = ()
    has_report: bool = True


def _recall(collection: Collection, space: str, **asked: Any) -> Any:
    from holotype.eval.retrieval.evaluate import evaluate
    from holotype.eval.retrieval.two_spaces import compare_spaces

    spaces = asked.pop("spaces", ())
    if spaces:
        return compare_spaces(collection, tuple(spaces), **asked)
    return evaluate(collection, space=space, **asked)


def _folds(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.retrieval.cross_validation import evaluate_kfold

    return evaluate_kfold(collection, **asked)


def _sites(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.retrieval.cross_validation import evaluate_sites

    return evaluate_sites(collection, **asked)


def _curve(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.retrieval.learning_curve import evaluate_curve

    if asked.get("per_taxon") and "site" in asked:
        raise UsageError("per_taxon draws images of every taxon, whatever their site; leave it out")
    return evaluate_curve(collection, unit=asked.pop("site", "specimen"), **asked)


def _grid(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.classifiers.grid import evaluate_grid

    return evaluate_grid(collection, **asked)


def _unseen(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.retrieval.unseen_species import evaluate_unseen

    return evaluate_unseen(collection, **asked)


def _answers(collection: Collection, **asked: Any) -> Any:
    from holotype.eval.identification.evaluate import evaluate_honesty

    return evaluate_honesty(collection, left_out=asked.pop("leave_out", None), **asked)


_PROTOCOLS: Mapping[str, _Protocol] = {
    "leave-one-out": _Protocol(_recall, ("spaces", "allow_leak")),
    "split": _Protocol(_recall, (*_SIDES, "spaces", "allow_leak", "classifiers"), _SIDES),
    "kfold": _Protocol(_folds, ("folds", "group", "seed", "classifiers")),
    "leave-site-out": _Protocol(_sites, ("site", "allow_leak", "classifiers")),
    "learning-curve": _Protocol(
        _curve,
        (*_SIDES, "site", "per_taxon", "replicates", "seed", "allow_leak", "classifiers"),
        _SIDES,
    ),
    "grid": _Protocol(_grid, (*_SIDES, "seed"), _SIDES),
    "unseen-species": _Protocol(_unseen, ("seeds",), has_report=False),
    "identification": _Protocol(
        _answers, (*_SIDES, "leave_out", "share", "far", "seeds", "risk", "prior")
    ),
}


def evaluation_work(engine: Engine, space: str, asked: orders.Evaluate) -> Work:
    """Return the work of measuring under a protocol and keeping the report.

    Raises:
        NotFoundError: a space that is compared does not exist.
        UsageError: an option that the protocol does not take, or lacks; a condition that is off.
    """
    collection, protocol = engine.collection, _PROTOCOLS[asked.protocol]
    given = _given(asked, protocol)
    spaces = given.get("spaces") or [space]
    for name in spaces:
        gallery = collection.gallery(name)
        for side in (*_SIDES, "far"):
            chosen_places(collection, gallery, given.get(side, ()))

    def work(tell: Telling) -> dict[str, Any]:
        tell.phase("Measuring")
        found = protocol.measure(collection, space=space, **given)
        tell.phase("Writing the report")
        about = About(asked.protocol, spaces, given)
        kept = keep_evaluation(
            collection, tell.job_id, found, about, has_report=protocol.has_report
        )
        return {"evaluation": kept.evaluation_id, "summary": kept.summary}

    return work


def _given(asked: orders.Evaluate, protocol: _Protocol) -> dict[str, Any]:
    """Return the options that were given, all of which a protocol takes."""
    said = asked.model_dump(exclude={"protocol"}, exclude_unset=True)
    given = {name: value for name, value in said.items() if value not in (None, [])}
    for name in given:
        if name not in protocol.options:
            raise UsageError(
                f"{name}: protocol '{asked.protocol}' has no such option; it takes "
                f"{', '.join(protocol.options)}"
            )
    needed = protocol.needs or (_SIDES if set(_SIDES) & set(given) else ())
    for name in needed:
        if name not in given:
            raise UsageError(f"{name}: give it and the other side, such as split=test, split=train")
    if "share" in given and "leave_out" not in given:
        raise UsageError("share says nothing without leave_out; give both")
    if len(given.get("spaces", (0, 0))) != 2:
        raise UsageError("spaces: name two, the one to improve on first")
    if {"spaces", "classifiers"} <= set(given):
        raise UsageError("classifiers are fitted in one space; leave out spaces")
    return given
