"""Long work as a collection remembers it: what was asked for, how far it came and how it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..database.connection import Database
from ..files.plain_json import read_json
from ..ways import Noted, noted_ways, retold
from .records import now

MOST_JOBS = 100  # that are remembered
INTERRUPTED = "The service ended before this job did; start it again"
_UNREADABLE = "What the collection keeps of this job cannot be read"

_KEEP = (
    "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id) DO UPDATE SET "
    "state = excluded.state, progress = excluded.progress, result = excluded.result, "
    "changed_at = excluded.changed_at"
)
_FORGET = "DELETE FROM jobs WHERE rowid NOT IN (SELECT rowid FROM jobs ORDER BY rowid DESC LIMIT ?)"


@dataclass(frozen=True)
class Job:
    """What is known of a job at a moment.

    Attributes:
        kind: what it does, such as `calibrate`.
        space: the space that it was asked for.
        state: `running`, `done`, `failed`, `cancelled`, or `interrupted` where the service ended
            before it did.
        percent: how much of it is done, 0 to 100; of its phase, where it tells one.
        phase: what it is at, where it has several things to do.
        options: what was asked for, beside the space.
        result: what it gave, once it is done.
        error: why it failed or was interrupted, in one sentence.
        noted: the ways out that result and error name; see `retold`.
        created_at, changed_at: ISO 8601.
    """

    job_id: str
    kind: str
    space: str
    state: str = "running"
    percent: int = 0
    phase: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None
    error: str | None = None
    created_at: str = field(default_factory=now)
    changed_at: str = field(default_factory=now)
    noted: Noted = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the job as JSON-ready values, in the words of the door that is spoken for."""
        told = {name: value for name, value in vars(self).items() if name != "noted"}
        return told | {name: _retold(told[name], self.noted) for name in ("result", "error")}


def _retold(value: Any, noted: Noted) -> Any:
    """Return JSON-ready values whose sentences are retold."""
    if not noted:
        return value
    if isinstance(value, str):
        return retold(value, noted)
    if isinstance(value, dict):
        return {name: _retold(one, noted) for name, one in value.items()}
    return [_retold(one, noted) for one in value] if isinstance(value, list) else value


def keep_job(database: Database, job: Job) -> None:
    """Store a job in place of what was stored of it before, and forget the oldest.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
    """
    request = json.dumps({"space": job.space, "options": dict(job.options)})
    left = {"result": job.result, "error": job.error}
    record = (
        *(job.job_id, job.kind, job.state, request, job.percent),
        json.dumps(left | ({"noted": job.noted} if job.noted else {})),
        *(job.created_at, job.changed_at),
    )
    with database.writing(), database.transaction() as connection:
        connection.execute(_KEEP, record)
        connection.execute(_FORGET, (MOST_JOBS,))


def kept_jobs(database: Database) -> list[Job]:
    """Return the jobs of services that have ended, oldest first."""
    query = "SELECT * FROM jobs ORDER BY rowid DESC LIMIT ?"
    return [_read(record) for record in reversed(database.read(query, (MOST_JOBS,)))]


def _read(record: sqlite3.Row) -> Job:
    """Make a job of a row of the table; one that still runs in it was interrupted."""
    state, space, options, result, noted = record["state"], "", None, None, None
    try:
        request = read_json(record["request"], dict)
        space, options = str(request["space"]), request.get("options")
        left = read_json(record["result"] or "{}", dict)
        result, error, noted = left.get("result"), left.get("error"), left.get("noted")
    except (ValueError, KeyError):
        state, error = "failed", _UNREADABLE
    if state in ("waiting", "running"):
        state, error = "interrupted", INTERRUPTED
    return Job(
        job_id=record["job_id"],
        kind=record["kind"],
        space=space,
        state=state,
        percent=int(max(0, min(100, record["progress"]))),
        options=options if isinstance(options, dict) else {},
        result=result if isinstance(result, dict) else None,
        error=None if error is None else str(error),
        created_at=record["created_at"],
        changed_at=record["changed_at"],
        noted=noted_ways(noted),
    )
