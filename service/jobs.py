"""Work that takes longer than an answer: one job at a time, in a thread beside the questions."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from holotype.index.database.connection import Database
from holotype.index.errors import HolotypeError, NotFoundError
from holotype.index.storage.jobs import INTERRUPTED, MOST_JOBS, Job, keep_job, kept_jobs
from holotype.index.storage.records import now
from holotype.index.ways import Door, Noted, noted_ways, noting, retold, speaking, spoken

from .guards.turns import NO_THREAD
from .problems import BusyError, JobRunsError, NotReadyError

_FAILED = "Holotype failed at this job; its log says why"

log = logging.getLogger("holotype.service")


class _EndedError(Exception):
    """Raised inside the work, which ends it: it is cancelled, or the service ends."""


class Telling:
    """What a job's work tells: called with how much is done, of how much.

    The first call says that nothing keeps the work from being done. Any call may raise, which ends
    the work.

    Attributes:
        job_id: of the job.
    """

    def __init__(self, job_id: str, tell: Callable[[int, int, str], None]) -> None:
        self.job_id = job_id
        self._tell = tell
        self._phase = ""

    def __call__(self, done: int, total: int) -> None:
        """Tell how much is done of the work, or of its phase."""
        self._tell(done, total, self._phase)

    def phase(self, name: str) -> None:
        """Tell that a phase begins."""
        self._phase = name
        self._tell(0, 1, name)


Work = Callable[[Telling], dict[str, Any]]


class Jobs:
    """The jobs of a service, and the last ones of those before it.

    The collection keeps when one begins and how it ended, where it can be written to. With
    what it left stands which ways out that names, as it is read at every door.

    Args:
        told: gives the sentence of an error as anybody may read it.
        database: the collection's.
    """

    def __init__(self, told: Callable[[HolotypeError], str], database: Database) -> None:
        self._told = told
        self._database = database
        self._jobs = {job.job_id: job for job in kept_jobs(database)}
        self._running: str | None = None
        self._begun = Future[Job]()
        self._unwanted: set[str] = set()
        self._ended = False
        self._lock = threading.Lock()
        # One thread for all of them: a collection keeps a database connection for each thread.
        self._thread = ThreadPoolExecutor(1, "job")

    def start(
        self,
        kind: str,
        space: str,
        work: Work,
        *,
        options: Mapping[str, Any] | None = None,
        joins: bool = True,
    ) -> Future[Job]:
        """Start a job, and return what is resolved as soon as it is under way, or refused.

        Asked again for what is running, it returns the job that runs.

        Args:
            options: what is asked for, beside the space, as JSON-ready values.
            joins: False where kind, space and options do not say all that was asked for, so that
                another request is refused while it runs.
            work: calls what it is given as soon as nothing keeps it from working, and then often.

        Raises:
            BusyError: no thread can be started.
            JobRunsError: another job runs, or this one is being cancelled.
            NotReadyError: the service is ending.
        """
        with self._lock:
            if self._ended:
                raise NotReadyError("The collection was replaced meanwhile; ask again")
            job = Job(uuid.uuid4().hex, kind, space, options=dict(options or {}))
            running = self._jobs.get(self._running or "")
            if running is not None:
                return self._joined(running, job, joins)
            begun = self._begun = Future[Job]()
            self._jobs[job.job_id] = job
            self._running = job.job_id
            try:
                self._thread.submit(self._run, job.job_id, work, begun, spoken())
            except RuntimeError as error:  # it stays in the queue of a thread that starts later
                del self._jobs[job.job_id]
                self._running = None
                raise BusyError(NO_THREAD) from error
            return begun

    def _joined(self, running: Job, asked: Job, joins: bool) -> Future[Job]:
        """Return what is resolved with the job that runs, where that is what is asked for."""
        if running.job_id in self._unwanted:
            raise JobRunsError(f"Job {running.job_id} is being cancelled; ask again in a moment")
        same = (running.kind, running.space) == (asked.kind, asked.space)
        if not (joins and same and running.options == asked.options):
            raise JobRunsError(
                f"Job {running.job_id} ({running.kind} '{running.space}', "
                f"{running.percent} %) is running; wait until it is done, or cancel it"
            )
        if not self._begun.done():  # it may yet be refused, and then for all who ask for it
            return self._begun
        joined = Future[Job]()
        joined.set_result(running)
        return joined

    def get(self, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._lock:
            return self._found(job_id)

    def all(self) -> list[Job]:
        """Return the jobs that are remembered, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end; it does so after the step that it is at. One that has ended stays.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self._lock:
            job = self._found(job_id)
            if job.state == "running":
                self._unwanted.add(job_id)
            return job

    def close(self) -> None:
        """End what is running, which can be started again later, and wait for it."""
        with self._lock:
            self._ended = True
        self._thread.shutdown()

    def _found(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise NotFoundError(f"There is no job '{job_id}'; the last {MOST_JOBS} are remembered")
        return job

    def _run(self, job_id: str, work: Work, begun: Future[Job], door: Door) -> None:
        with self._lock:
            if job_id != self._running:  # who asked was told that it is not done
                return

        def tell(done: int, total: int, phase: str) -> None:
            with self._lock:
                if job_id in self._unwanted or self._ended:
                    raise _EndedError
                percent = min(99, 100 * done // max(total, 1))
                job = self._jobs[job_id] = self._changed(job_id, percent=percent, phase=phase)
            if not begun.done():
                self._keep(job)
                begun.set_result(job)

        # Words of HTTP are none that sentences hold otherwise, as names of arguments are.
        with speaking(Door.HTTP), noting() as noted:
            try:
                result = work(Telling(job_id, tell))
                self._end(job_id, begun, noted, state="done", percent=100, result=result)
            except _EndedError:
                self._end(job_id, begun, noted, **self._why_ended(job_id))
            except HolotypeError as error:
                with speaking(door):
                    refusal = type(error)(retold(str(error), noted))
                self._fail(job_id, begun, noted, refusal, self._told(error))
            except Exception as error:
                self._fail(job_id, begun, noted, error, _FAILED)
                log.error("A job failed", exc_info=error)
        if not begun.done():  # cancelled before it was under way
            begun.set_result(self.get(job_id))

    def _why_ended(self, job_id: str) -> dict[str, str]:
        if job_id in self._unwanted:
            return {"state": "cancelled"}
        return {"state": "interrupted", "error": INTERRUPTED}

    def _fail(
        self, job_id: str, begun: Future[Job], noted: Noted, error: Exception, sentence: str
    ) -> None:
        """Note a failure; of what never began there is no job, but an error for who asked."""
        self._end(job_id, begun, noted, state="failed", error=sentence)
        if not begun.done():
            with self._lock:
                del self._jobs[job_id]
            begun.set_exception(error)

    def _end(self, job_id: str, begun: Future[Job], noted: Noted, **changes: Any) -> None:
        left = json.dumps([changes.get("result"), changes.get("error")], ensure_ascii=False)
        job = self._changed(job_id, phase="", noted=noted_ways(noted, left), **changes)
        # Of what never began there is nothing to remember, and what is remembered as running is
        # interrupted for the next service.
        if begun.done() and job.state != "interrupted":
            self._keep(job)
        with self._lock:
            self._jobs[job_id] = job
            self._running = None
            self._unwanted.discard(job_id)
            while len(self._jobs) > MOST_JOBS:
                del self._jobs[next(iter(self._jobs))]

    def _keep(self, job: Job) -> None:
        """Let the collection remember a job, where it can be written to."""
        try:
            keep_job(self._database, job)
        except (HolotypeError, sqlite3.Error, OSError) as error:
            log.warning("Job %s will not be remembered as %s: %s", job.job_id, job.state, error)

    def _changed(self, job_id: str, **changes: Any) -> Job:
        return replace(self._jobs[job_id], changed_at=now(), **changes)
