"""Jobs that measure: the protocols of `holotype eval`, whose reports the collection keeps."""

from __future__ import annotations

from typing import Any

from holotype.eval.evaluations.protocols import PROTOCOLS, SIDES, options_of
from holotype.index.database.locks import is_writable
from holotype.index.errors import ReadOnlyError, UsageError
from holotype.index.search.filters import chosen_places

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders
from .kept_evaluations import About, keep_evaluation

_COMPARED = 2  # spaces
_CONDITIONS = (*SIDES, "far", "unlabelled")


def evaluation_work(engine: Engine, space: str, asked: orders.Evaluate) -> Work:
    """Return the work of measuring under a protocol and keeping the report.

    Raises:
        NotFoundError: a space that is compared does not exist.
        UsageError: an option that the protocol does not take, or lacks; a condition that is off.
    """
    collection, protocol = engine.collection, PROTOCOLS[asked.protocol]
    said = asked.model_dump(exclude={"protocol"}, exclude_unset=True)
    values = {name: value for name, value in said.items() if value not in (None, [])}
    given = {
        name: value
        for name, value in options_of(asked.protocol, values.keys(), values).items()
        if name != "space"
    }
    spaces = given.get("spaces") or [space]
    if "spaces" in given and len(spaces) != _COMPARED:
        raise UsageError("spaces: name two, the one to improve on first")
    for name in spaces:
        gallery = collection.gallery(name)
        for condition in _CONDITIONS:
            chosen_places(collection, gallery, given.get(condition, ()))

    def work(tell: Telling) -> dict[str, Any]:
        if not is_writable(collection.folder):
            raise ReadOnlyError(f"{collection.folder} is read-only, so no report can be kept there")
        tell.phase("Measuring")
        watched = {"on_picture": tell, "on_network": tell} if asked.protocol == "transfer" else {}
        found = protocol.measure(collection, space=space, **given, **watched)
        tell.phase("Writing the report")
        about = About(asked.protocol, spaces, given)
        kept = keep_evaluation(collection, tell.job_id, found, about, has_report=protocol.page)
        return {"evaluation": kept.evaluation_id, "summary": kept.summary}

    return work
