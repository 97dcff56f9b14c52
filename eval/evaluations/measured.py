"""Measuring a collection under a protocol that is told by its name, and the report of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.files.own_output import require_own, write_own

from ..report import write_report
from ..report.summaries import figures_of
from .protocols import PROTOCOLS, chosen, options_of

_TABLES = ("per_species.parquet", "classifiers.csv", "classifiers_by_taxon.csv", "sweep.csv")
REPORT, PAGE = "report.json", "report.html"


def evaluated(
    collection: Collection,
    protocol: str | None = None,
    *,
    space: str | None = None,
    to: Path | None = None,
    **said: Any,
) -> dict[str, Any]:
    """Measure a collection, write the report where a folder is given, and return the figures.

    Args:
        protocol: one of `PROTOCOLS`; by default `split` where `query` and `gallery` are said, else
            `leave-one-out`.
        space: which; by default the oldest.
        to: where the report goes, see `measured`.
        said: options of the protocol, see `PROTOCOLS`; None counts as not said.

    Raises:
        UsageError: there is no such protocol, or it does not take an option.
    """
    values = {name: value for name, value in said.items() if value is not None}
    if space is not None:
        values["space"] = space
    known = {"space"}.union(*(each.options for each in PROTOCOLS.values()))
    unknown = next((name for name in values if name not in known), None)
    if unknown is not None:
        raise UsageError(
            f"{unknown}: there is no such option; there are {', '.join(sorted(known))}"
        )
    name = chosen(protocol, sided=bool(values.get("query") or values.get("gallery")))
    return measured(collection, name, options_of(name, values.keys(), values), to)


def measured(
    collection: Collection,
    name: str,
    options: Mapping[str, Any],
    to: Path | None = None,
    **watched: Any,
) -> dict[str, Any]:
    """Measure under a protocol, write the report where a folder is given, and return the figures.

    Args:
        name: of the protocol.
        options: from `options_of`.
        to: the folder of `report.json` and, where the protocol has a page, `report.html` with its
            tables.
        watched: what is told how far it is, where the protocol takes that; see `measuring`.
    """
    if to is not None:
        require_report(to)
    found = PROTOCOLS[name].measure(collection, **options, **watched)
    figures = figures_of(found, collection)
    if to is not None and PROTOCOLS[name].page:
        write_report(found, collection, to)
    elif to is not None:
        text = json.dumps(figures, ensure_ascii=False, indent=2, allow_nan=False)
        write_own(to, {REPORT: text.encode()})
    return figures


def require_report(folder: Path) -> None:
    """Refuse a folder for a report before the long work, where it holds other files."""
    require_own(folder, (REPORT, PAGE, *_TABLES))
