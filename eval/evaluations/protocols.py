"""The protocols by name: what each measures, and which options it takes.

A new protocol is one entry of `PROTOCOLS`, and its new options are parameters of the command
`holotype eval`. An option that the protocol does not take is refused, never ignored; the command's
help is grouped by the same entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from holotype.index.errors import UsageError
from holotype.index.ways import Door, option, spoken

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


@dataclass(frozen=True)
class NamedProtocol:
    """Who asks whom, and what is measured.

    Attributes:
        what: for the help.
        measure: gets the collection, `space`, and the options by name; what it returns has
            `to_dict`.
        options: what it takes beside the space.
        needs: those of them that it cannot do without.
        only_with: options that say nothing without another one.
        page: whether the report has a page with pictures, not `report.json` alone.
    """

    what: str
    measure: Callable[..., Any]
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    only_with: Mapping[str, str] = field(default_factory=dict)
    page: bool = True


SIDES = ("query", "gallery")
IDENTIFICATION = "identification"

PROTOCOLS: Mapping[str, NamedProtocol] = {
    "leave-one-out": NamedProtocol(
        "every image asks all others, the default",
        measure_recall,
        ("spaces", "allow_leak"),
    ),
    "split": NamedProtocol(
        "--query asks --gallery, the default with these",
        measure_recall,
        (*SIDES, "spaces", "allow_leak", "classifiers"),
        needs=SIDES,
    ),
    "kfold": NamedProtocol(
        "each fold asks the others",
        measure_folds,
        ("folds", "group", "seed", "classifiers"),
    ),
    "leave-site-out": NamedProtocol(
        "each site asks the others",
        measure_sites,
        ("site", "allow_leak", "classifiers"),
    ),
    "transfer": NamedProtocol(
        "another imaging set-up asks",
        measure_transfer,
        (*SIDES, "setup", "copies", "simulate", "networks", "unlabelled", "seed", "allow_leak"),
        needs=SIDES,
        only_with={"simulate": "copies"},
        page=False,
    ),
    "learning-curve": NamedProtocol(
        "ever more of the gallery answers",
        measure_curve,
        (*SIDES, "site", "per_taxon", "replicates", "seed", "allow_leak", "classifiers"),
        needs=SIDES,
    ),
    "grid": NamedProtocol(
        "a perceptron's learning rate and momentum, chosen inside the gallery",
        measure_grid,
        (*SIDES, "seed"),
        needs=SIDES,
    ),
    "unseen-species": NamedProtocol(
        "a space tuned on half of the species is asked for the other half",
        measure_unseen,
        page=False,
    ),
    IDENTIFICATION: NamedProtocol(
        "how honest the answers are",
        measure_answers,
        (*SIDES, "leave_out", "share", "far", "seeds", "risk", "prior", "allow_leak", "group"),
        only_with={"share": "leave_out"},
    ),
}


def takers(name: str) -> str:
    """Return the protocols that take an option, as they are asked for.

    >>> takers("folds"), takers("risk")
    ('--protocol kfold', '--identification')
    """
    names = [one for one, protocol in PROTOCOLS.items() if name in protocol.options]
    named = [one for one in names if one != IDENTIFICATION]
    typed = [f"{option('protocol')} {_listed(named, 'or')}"] if named else []
    return ", or ".join(typed + [_asked(IDENTIFICATION)] * (IDENTIFICATION in names))


def chosen(named: str | None, *, sided: bool) -> str:
    """Return the protocol that is meant, `sided` where conditions say who asks or answers.

    Raises:
        UsageError: there is none of that name.
    """
    if named is not None and named not in PROTOCOLS:
        there = _listed(PROTOCOLS, "and")
        raise UsageError(f"There is no {option('protocol')} {named}; there are {there}")
    return named or ("split" if sided else "leave-one-out")


def options_of(name: str, given: Set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a protocol is measured with, `space` included.

    Args:
        name: of the protocol.
        given: the options that were said.
        values: of all options that have one; None and empty ones are left out.

    Raises:
        UsageError: an option is given that the protocol does not take, or one that it needs is not.
    """
    protocol = PROTOCOLS[name]
    _refuse_strays(name, given)
    needed = protocol.needs or (SIDES if given & set(SIDES) else ())
    if not set(needed) <= given:
        example = f"{option('query', 'split=test')} {option('gallery', 'split=train')}"
        both = _listed(map(_said, needed), "and")
        raise UsageError(f"{_asked(name)} needs both {both}, for example {example}")
    for one, other in protocol.only_with.items():
        if one in given and not values.get(other):
            raise UsageError(f"{_said(one)} says nothing without {_said(other)}; give both")
    if {"space", "spaces"} <= given:
        raise UsageError(f"{option('spaces')} names both spaces; leave out {option('space')}")
    if {"spaces", "classifiers"} <= given:
        raise UsageError(
            f"{option('classifiers')} are fitted in one space; leave out {option('spaces')}"
        )
    used = {one: values.get(one) for one in protocol.options}
    return {"space": values.get("space")} | {
        one: value for one, value in used.items() if value is not None and value != []
    }


def _refuse_strays(name: str, given: Set[str]) -> None:
    protocol = PROTOCOLS[name]
    owned = dict.fromkeys(one for each in PROTOCOLS.values() for one in each.options)
    strays = [one for one in owned if one in given and one not in protocol.options]
    if strays:
        told = "; ".join(f"{_said(one)} belongs to {takers(one)}" for one in strays)
        takes = _listed(map(_said, protocol.options), "and") or "no option of its own"
        raise UsageError(f"{told}; {_asked(name)} takes {takes}")


def _said(name: str) -> str:
    return option(name.replace("_", "-"))


def _asked(name: str) -> str:
    """Return how a protocol is asked for; one has an option of its own in a terminal."""
    if name == IDENTIFICATION and spoken() is Door.COMMAND_LINE:
        return f"--{name}"
    return f"{option('protocol')} {name}"


def _listed(names: Iterable[str], last: str) -> str:
    """Return names as a list in words.

    >>> _listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    *first, final = [*names] or [""]
    return f"{', '.join(first)} {last} {final}" if first else final
