"""Taking decisions about clusters back, one or all since a moment; an undo can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from ...database.connection import Database
from ...errors import UsageError
from ...ways import way
from ..determinations import Standing
from .append import add_undo
from .records import Decision, decision, decisions


def undo_decision(database: Database, decision_id: int, *, by: str, remarks: str = "") -> int:
    """Take back a decision, or an undo, with all determinations of it, in one transaction.

    Returns:
        the number of the undo, which can be undone in turn.

    Raises:
        NotFoundError: there is no such decision.
        UsageError: it is undone already, it is the clustering itself, or later decisions about
            the same clusters stand.
    """
    with database.writing(), database.transaction() as connection:
        found = decision(database, decision_id)
        _require_undoable(found, decisions(database, found.clustering_id))
        return add_undo(connection, found, by=by, remarks=remarks)


def undo_since(database: Database, decision_id: int, *, by: str, remarks: str = "") -> list[int]:
    """Take a clustering back to how it was right after a decision, in one transaction.

    Every later decision that stands is taken back, newest first, and every earlier one that was
    taken back since is brought back.

    Returns:
        the numbers of the undos, in their order; none where nothing has changed since.

    Raises:
        NotFoundError: there is no such decision.
    """
    with database.writing(), database.transaction() as connection:
        back, again = changes_since(database, decision_id)
        return [add_undo(connection, one, by=by, remarks=remarks) for one in [*back, *again]]


def changes_since(database: Database, decision_id: int) -> tuple[list[Decision], list[Decision]]:
    """Return what `undo_since` would undo: decisions, newest first, and undos of earlier ones.

    Raises:
        NotFoundError: there is no such decision.
    """
    taken = decisions(database, decision(database, decision_id).clustering_id)
    back, again = _differing(taken, decision_id)
    return back[::-1], again


def _differing(taken: Sequence[Decision], last: int) -> tuple[list[Decision], list[Decision]]:
    """Return what is to be undone so that all is as it was after a decision.

    Returns:
        decisions that stand now and did not then, and the undos of those that stood then and do
        not now.
    """
    then = Standing()
    for one in taken:
        if one.decision_id <= last:
            then.append(one.decision_id, one.undoes)
    back = [
        one
        for one in taken
        if one.undoes is None and one.stands and one.decision_id not in then.events
    ]
    undone = [one for one in taken if one.undoes is None and not one.stands]
    again = [
        next(undo for undo in reversed(taken) if undo.root == one.decision_id and undo.stands)
        for one in undone
        if one.decision_id in then.events
    ]
    return back, again


def _require_undoable(found: Decision, taken: Sequence[Decision]) -> None:
    if found.kind == "cluster":
        raise UsageError(
            f"Decision {found.decision_id} is the clustering itself, which cannot be undone; "
            "reject its clusters, or cluster anew"
        )
    if not found.stands:
        raise UsageError(
            f"Decision {found.decision_id} is undone already; undo its undo to bring it back"
        )
    own = found.root or found.decision_id
    later = [
        one
        for one in taken
        if one.undoes is None
        and one.stands
        and one.decision_id > found.decision_id
        and one.decision_id != own
        and one.clusters.keys() & found.clusters.keys()
    ]
    if later:
        more = f" and {len(later) - 1} more" if len(later) > 1 else ""
        raise UsageError(
            f"Decision {found.decision_id} cannot be undone alone: {later[-1]}{more} came later, "
            "about the same clusters; undo the later ones first, newest first, or take all "
            f"back with {way('undo --to')}"
        )
