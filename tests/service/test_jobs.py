"""Jobs on their own: who asks for what is being refused or cancelled is not told that it runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holotype.index.database.connection import Database
from holotype.index.errors import UsageError
from holotype.index.runtime import workers
from holotype.index.storage.jobs import MOST_JOBS, Job, keep_job
from holotype.index.ways import Door, option, speaking, way, way_there
from holotype.service.jobs import Jobs
from holotype.service.problems import BusyError, JobRunsError
from holotype.training.calibration.steps import Progress
from tests.conftest import NoThreads


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "drawer", create=True)
    yield made
    made.close()


@pytest.fixture
def jobs(database: Database) -> Iterator[Jobs]:
    made = Jobs(str, database)
    yield made
    made.close()


def quick(progress: Progress) -> dict[str, Any]:
    progress(0, 10)
    return {"held": True}


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


def test_a_thread_that_cannot_start_leaves_the_place_of_a_job_free(
    jobs: Jobs, no_threads: NoThreads
) -> None:
    with no_threads("job"), pytest.raises(BusyError, match="No thread can be started"):
        jobs.start("tune", "base", quick)
    assert jobs.all() == []
    job = jobs.start("calibrate", "base", quick).result(10)
    jobs.close()
    assert [(one.kind, one.state) for one in jobs.all()] == [("calibrate", "done")]
    assert jobs.get(job.job_id).result == {"held": True}


def test_jobs_are_remembered_when_the_service_has_ended(jobs: Jobs, database: Database) -> None:
    def broken(progress: Progress) -> dict[str, Any]:
        progress(0, 10)
        raise UsageError("There is too little")

    for work in (quick, broken):
        job = jobs.start("calibrate", "base", work).result(10)
        while jobs.get(job.job_id).state == "running":
            time.sleep(0.001)
    assert [(job.state, job.percent, job.result, job.error) for job in jobs.all()] == [
        ("done", 100, {"held": True}, None),
        ("failed", 0, None, "There is too little"),
    ]
    assert Jobs(str, database).all() == jobs.all()


def test_a_job_whose_service_was_killed_is_interrupted(jobs: Jobs, database: Database) -> None:
    go_on = threading.Event()

    def held(progress: Progress) -> dict[str, Any]:
        progress(3, 10)
        go_on.wait(10)
        return {}

    job = jobs.start("calibrate", "base", held).result(10)
    after = Jobs(str, database)  # as the next service finds it
    found = after.get(job.job_id)
    assert (found.state, found.percent, found.space) == ("interrupted", 30, "base")
    assert found.error == "The service ended before this job did; start it again"
    assert after.cancel(job.job_id) == found
    assert after.start("calibrate", "base", quick).result(10).job_id != job.job_id
    go_on.set()
    after.close()


def test_a_job_tells_what_to_do_in_the_words_of_whoever_looks(
    jobs: Jobs, database: Database
) -> None:
    def broken(progress: Progress) -> dict[str, Any]:
        progress(0, 10)
        option("seed", Path("not said"))
        said = f"{option('query', 'split=test')}, {option('where')} where the query can be"
        raise UsageError(f"Run {way('tune', as_='t')}, or give {said}")

    def noting(progress: Progress) -> dict[str, Any]:
        progress(0, 10)
        with workers(2) as pool:
            notes = [*pool.map(lambda _: f"run {way_there('review', queue='far')}", range(2))]
        return {"notes": notes, "kept": {"as": [way("map", method="pca"), 3, None]}}

    for work in (broken, noting):
        with speaking(Door.PYTHON):
            job = jobs.start("calibrate", "base", work).result(10)
        while jobs.get(job.job_id).state == "running":
            time.sleep(0.001)
    told = {
        Door.HTTP: (
            "Run a job of kind 'tune' (POST /v1/jobs), name 't', or give 'query' split=test, "
            "'where' where the query can be",
            "run 'holotype review --queue far' on the collection",
            "a job of kind 'map' (POST /v1/jobs), method 'pca'",
        ),
        Door.PYTHON: (
            'Run tune(name="t"), or give query="split=test", where where the query can be',
            'run holotype.open(…).review(queue="far") where it lies',
            'map(method="pca")',
        ),
    }
    for read in (jobs, Jobs(str, database)):
        assert [len(job.noted) for job in read.all()] == [3, 2], "and nothing that was not told"
        for door, (error, note, way_of_map) in told.items():
            with speaking(door):
                failed, done = [job.to_dict() for job in read.all()]
            assert failed["error"] == error
            assert done["result"] == {"notes": [note] * 2, "kept": {"as": [way_of_map, 3, None]}}


def test_who_is_refused_is_told_in_their_own_words(jobs: Jobs) -> None:
    def refused(progress: Progress) -> dict[str, Any]:
        raise UsageError(f"Run {way('tune')} first")

    for door, words in ((Door.PYTHON, r"Run tune\(\) first"), (Door.HTTP, r"Run a job of kind")):
        with speaking(door), pytest.raises(UsageError, match=words):
            jobs.start("calibrate", "base", refused).result(10)


@pytest.mark.parametrize("noted", [[], {"": ["way", "tune", {}]}, {"run": 3}, {"run": [1, 2, 3]}])
def test_ways_that_another_program_noted_are_told_as_they_are(
    database: Database, noted: Any
) -> None:
    odd = {"run": ["way", "unheard of", {}], "it": ["way", "tune", {"where": 3}]}
    for number, one in enumerate((noted, odd, {"run": ["eval", "tune", {}]})):
        keep_job(database, Job(f"job {number}", "calibrate", "base", "failed", error="run it"))
        with database.transaction() as connection:
            kept = json.dumps({"result": None, "error": "run it", "noted": one})
            connection.execute(
                "UPDATE jobs SET result = ? WHERE job_id = ?", (kept, f"job {number}")
            )
    assert [job.to_dict()["error"] for job in Jobs(str, database).all()] == ["run it"] * 3


def test_where_nothing_can_be_written_jobs_are_done_and_forgotten(
    jobs: Jobs, database: Database
) -> None:
    with Database(database.folder).writing():
        job = jobs.start("calibrate", "base", quick).result(10)
        jobs.close()
    assert jobs.get(job.job_id).state == "done"
    assert Jobs(str, database).all() == []


def test_the_last_jobs_are_kept_in_their_order(database: Database) -> None:
    for number in range(MOST_JOBS + 5):
        keep_job(database, Job(f"job {number}", "calibrate", "base", state="done"))
    keep_job(database, Job("job 7", "calibrate", "base", state="failed", error="why"))
    found = Jobs(str, database).all()
    assert [job.job_id for job in found] == [f"job {n}" for n in range(5, MOST_JOBS + 5)]
    assert (found[2].state, found[2].error) == ("failed", "why")


def test_a_record_that_cannot_be_read_is_told_as_such(database: Database) -> None:
    keep_job(database, Job("one", "calibrate", "base"))
    with database.transaction() as connection:
        connection.execute("UPDATE jobs SET request = '[]', result = '{', progress = 1e999")
    (job,) = Jobs(str, database).all()
    assert (job.state, job.percent) == ("failed", 100)
    assert "cannot be read" in (job.error or "")
