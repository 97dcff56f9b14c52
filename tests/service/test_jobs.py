"""Jobs on their own: who asks for what is being refused or cancelled is not told that it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from holotype.index.errors import UsageError
from holotype.service.jobs import Jobs
from holotype.service.problems import JobRunsError
from holotype.training.calibration.steps import Progress


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs(str)
    yield made
    made.close()


def test_what_is_refused_is_refused_to_all_who_asked_for_it(jobs: Jobs) -> None:
    go_on = threading.Event()

    def refused(_: Progress) -> dict[str, Any]:
        go_on.wait(10)
        raise UsageError("There is too little")

    both = [jobs.start("calibrate", "base", refused) for _ in range(2)]
    go_on.set()
    for begun in both:
        with pytest.raises(UsageError, match="too little"):
            begun.result(10)
    assert jobs.all() == []


def test_what_is_being_cancelled_is_not_given_to_who_asks_for_it_anew(jobs: Jobs) -> None:
    go_on = threading.Event()

    def held(progress: Progress) -> dict[str, Any]:
        progress(0, 10)
        go_on.wait(10)
        progress(5, 10)
        return {}

    job = jobs.start("calibrate", "base", held).result(10)
    jobs.cancel(job.job_id)
    with pytest.raises(JobRunsError, match="is being cancelled"):
        jobs.start("calibrate", "base", held)
    go_on.set()
    jobs.close()
    assert jobs.get(job.job_id).state == "cancelled"
