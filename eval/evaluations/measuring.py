"""From the options of a protocol to what measures it; heavy imports wait until it runs.

Options that were not given and have no default are absent, so that those of `holotype.eval` hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holotype.index.collection import Collection

Names = str | Sequence[str]  # such as "knn,mlp"
Told = Callable[[int, int], None]  # is told how much is done, and of how much


def measure_recall(
    collection: Collection,
    *,
    space: str | None,
    spaces: Names | None = None,
    classifiers: Names | None = None,
    **asked: Any,
) -> Any:
    """Measure one space, or two under one protocol."""
    from ..retrieval.evaluate import evaluate
    from ..retrieval.two_spaces import compare_spaces

    if not spaces:
        return evaluate(collection, space=space, classifiers=_listed(classifiers), **asked)
    return compare_spaces(collection, _two(spaces), **asked)


def measure_folds(collection: Collection, *, classifiers: Names | None = None, **asked: Any) -> Any:
    """Let every fold ask in turn."""
    from ..retrieval.cross_validation import evaluate_kfold

    return evaluate_kfold(collection, classifiers=_listed(classifiers), **asked)


def measure_sites(collection: Collection, *, classifiers: Names | None = None, **asked: Any) -> Any:
    """Let every site ask in turn."""
    from ..retrieval.cross_validation import evaluate_sites

    return evaluate_sites(collection, classifiers=_listed(classifiers), **asked)


def measure_transfer(
    collection: Collection,
    *,
    space: str | None,
    copies: int = 2,
    simulate: str = "random",
    networks: int = 0,
    on_picture: Told | None = None,
    on_network: Told | None = None,
    **asked: Any,
) -> Any:
    """Let another imaging set-up ask, with so many degraded copies of every gallery picture.

    Args:
        on_picture, on_network: are told how many copies are embedded, and networks trained.
    """
    from holotype.index.search.search import encoder_of

    from ..set_ups.adapted import Networks
    from ..set_ups.degrade import Degradation
    from ..set_ups.transfer import Simulation, evaluate_transfer

    simulation = trained = None
    if networks:
        trained = Networks(networks, on_network=on_network)
    if copies:
        how = Degradation() if simulate == "exact" else None
        encoder = encoder_of(collection.space(space))
        simulation = Simulation(encoder, copies, how, on_picture)
    return evaluate_transfer(
        collection, space=space, simulation=simulation, networks=trained, **asked
    )


def measure_curve(
    collection: Collection,
    *,
    site: str | None = None,
    per_taxon: bool = False,
    classifiers: Names | None = None,
    **asked: Any,
) -> Any:
    """Let ever more of the gallery answer, drawn by specimens, by sites or within every taxon."""
    from holotype.index.errors import UsageError

    from ..retrieval.learning_curve import evaluate_curve

    if per_taxon and site is not None:
        raise UsageError(
            "per_taxon draws images of every taxon, whatever their site; leave out site"
        )
    methods, unit = _listed(classifiers), site or "specimen"
    return evaluate_curve(collection, unit=unit, per_taxon=per_taxon, classifiers=methods, **asked)


def measure_grid(collection: Collection, **asked: Any) -> Any:
    """Choose a learning rate and a momentum inside the gallery, then ask."""
    from ..classifiers.grid import evaluate_grid

    return evaluate_grid(collection, **asked)


def measure_unseen(collection: Collection, **asked: Any) -> Any:
    """Tune on half of the species and let the others ask."""
    from ..retrieval.unseen_species import evaluate_unseen

    return evaluate_unseen(collection, **asked)


def measure_answers(collection: Collection, *, leave_out: str | None = None, **asked: Any) -> Any:
    """Calibrate and identify."""
    from ..identification.evaluate import evaluate_honesty

    return evaluate_honesty(collection, left_out=leave_out, **asked)


def _listed(names: Names | None) -> tuple[str, ...]:
    """Return the names of a list such as `knn,mlp`; none where it was not given."""
    if names is None:
        return ()
    return tuple(name.strip() for name in (names.split(",") if isinstance(names, str) else names))


def _two(spaces: Names) -> tuple[str, str]:
    from holotype.index.errors import UsageError

    names = _listed(spaces)
    if len(names) != 2:
        raise UsageError(f"spaces is '{spaces}'; name two spaces, for example base,tuned")
    return names[0], names[1]
