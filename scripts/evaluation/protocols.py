"""The protocols of `holotype eval`: what each measures, which options it takes, what it prints.

A new protocol is one entry of `PROTOCOLS`, and its new options are parameters of the command. An
option that the protocol does not take is refused, never ignored; the help is grouped by the same
entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from .answer_tables import show_answers
from .classifier_tables import show_grid
from .measuring import (
    measure_answers,
    measure_curve,
    measure_folds,
    measure_grid,
    measure_recall,
    measure_sites,
    measure_transfer,
    measure_unseen,
)
from .recall_tables import show_curve, show_folds, show_recall, show_unseen
from .transfer_tables import show_transfer


@dataclass(frozen=True)
class Protocol:
    """Who asks whom, and what is measured.

    Attributes:
        what: for the help.
        measure: gets the collection, `space`, and the options by name; what it returns has
            `to_dict`.
        show: prints what `measure` found, as JSON knows it.
        options: what it takes beside --space, --out and --json.
        needs: those of them that it cannot do without.
        only_with: options that say nothing without another one.
        doing: what the terminal says meanwhile; empty where `measure` has a progress bar.
        page: whether the report has a page with pictures, not `report.json` alone.
    """

    what: str
    measure: Callable[..., Any]
    show: Callable[[dict[str, Any]], None]
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    only_with: Mapping[str, str] = field(default_factory=dict)
    doing: str = "Measuring"
    page: bool = True


SIDES = ("query", "gallery")
IDENTIFICATION = "identification"

PROTOCOLS: Mapping[str, Protocol] = {
    "leave-one-out": Protocol(
        "every image asks all others, the default",
        measure_recall,
        show_recall,
        ("spaces", "allow_leak"),
    ),
    "split": Protocol(
        "--query asks --gallery, the default with these",
        measure_recall,
        show_recall,
        (*SIDES, "spaces", "allow_leak", "classifiers"),
        needs=SIDES,
    ),
    "kfold": Protocol(
        "each fold asks the others",
        measure_folds,
        show_folds,
        ("folds", "group", "seed", "classifiers"),
    ),
    "leave-site-out": Protocol(
        "each site asks the others",
        measure_sites,
        show_folds,
        ("site", "allow_leak", "classifiers"),
    ),
    "transfer": Protocol(
        "another imaging set-up asks",
        measure_transfer,
        show_transfer,
        (*SIDES, "setup", "copies", "simulate", "networks", "unlabelled", "seed", "allow_leak"),
        needs=SIDES,
        only_with={"simulate": "copies"},
        doing="",
        page=False,
    ),
    "learning-curve": Protocol(
        "ever more of the gallery answers",
        measure_curve,
        show_curve,
        (*SIDES, "site", "per_taxon", "replicates", "seed", "allow_leak", "classifiers"),
        needs=SIDES,
    ),
    "grid": Protocol(
        "a perceptron's learning rate and momentum, chosen inside the gallery",
        measure_grid,
        show_grid,
        (*SIDES, "seed"),
        needs=SIDES,
        doing="Fitting a perceptron at every learning rate and momentum",
    ),
    "unseen-species": Protocol(
        "a space tuned on half of the species is asked for the other half",
        measure_unseen,
        show_unseen,
        doing="Tuning on half of the species, five times",
        page=False,
    ),
    IDENTIFICATION: Protocol(
        "how honest the answers are",
        measure_answers,
        show_answers,
        (*SIDES, "leave_out", "share", "far", "seeds", "risk", "prior", "allow_leak"),
        only_with={"share": "leave_out"},
        doing="Calibrating and identifying",
    ),
}


def flag(option: str) -> str:
    """Return an option as it is typed."""
    return "--" + option.replace("_", "-")


def takers(option: str) -> str:
    """Return the protocols that take an option, as they are typed."""
    names = [name for name, protocol in PROTOCOLS.items() if option in protocol.options]
    named = [name for name in names if name != IDENTIFICATION]
    typed = [f"--protocol {_listed(named, 'or')}"] if named else []
    return ", or ".join(typed + [flag(IDENTIFICATION)] * (IDENTIFICATION in names))


def chosen(named: str | None, *, identification: bool, sided: bool) -> str:
    """Return the protocol that is meant, `sided` where conditions say who asks or answers.

    Raises:
        UsageError: there is none of that name, or two are named.
    """
    from holotype.index.errors import UsageError

    if named is not None and named not in PROTOCOLS:
        raise UsageError(f"There is no --protocol {named}; there are {_listed(PROTOCOLS, 'and')}")
    if identification and named not in (None, IDENTIFICATION):
        raise UsageError(f"--identification is a protocol of its own; leave out --protocol {named}")
    return named or (IDENTIFICATION if identification else "split" if sided else "leave-one-out")


def options_of(name: str, given: Set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a protocol is measured with, `space` included.

    Args:
        name: of the protocol.
        given: the options that were typed.
        values: of all options of the command; None and empty ones are left out.

    Raises:
        UsageError: an option is given that the protocol does not take, or one that it needs is not.
    """
    from holotype.index.errors import UsageError

    protocol = PROTOCOLS[name]
    typed = flag(name) if name == IDENTIFICATION else f"--protocol {name}"
    owned = {option for each in PROTOCOLS.values() for option in each.options}
    strays = [option for option in values if option in given & owned.difference(protocol.options)]
    if strays:
        told = "; ".join(f"{flag(option)} belongs to {takers(option)}" for option in strays)
        takes = _listed(map(flag, protocol.options), "and") or "no option of its own"
        raise UsageError(f"{told}; {typed} takes {takes}")
    needed = protocol.needs or (SIDES if given & set(SIDES) else ())
    if not set(needed) <= given:
        example = "--query split=test --gallery split=train"
        both = _listed(map(flag, needed), "and")
        raise UsageError(f"{typed} needs both {both}, for example {example}")
    for option, other in protocol.only_with.items():
        if option in given and not values[other]:
            raise UsageError(f"{flag(option)} says nothing without {flag(other)}; give both")
    if {"space", "spaces"} <= given:
        raise UsageError("--spaces names both spaces; leave out --space")
    if {"spaces", "classifiers"} <= given:
        raise UsageError("--classifiers are fitted in one space; leave out --spaces")
    used = {option: values[option] for option in protocol.options}
    return {"space": values["space"]} | {o: v for o, v in used.items() if v is not None and v != []}


def _listed(names: Iterable[str], last: str) -> str:
    """Return names as a list in words.

    >>> _listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    *first, final = [*names] or [""]
    return f"{', '.join(first)} {last} {final}" if first else final
