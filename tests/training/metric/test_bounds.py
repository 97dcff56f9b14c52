"""A bound on minutes, by a clock that is turned by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.training import trained_space
from holotype.training.metric.config import read_config
from holotype.training.metric.schedule import Plan
from holotype.training.metric.train import Training
from holotype.training.trained_space import prepared


def ready(collection: Collection, minutes: float) -> Training:
    return told(collection, minutes)[0]


def told(collection: Collection, minutes: float) -> tuple[Training, list[str]]:
    table = {
        "batches": {"batch": 8, "per_class": 2},
        "schedule": {"pictures": 10**9, "minutes": minutes, "sizes": [1.0], "shares": [1.0]},
    }
    folder = collection.folder / "models"
    folder.mkdir(exist_ok=True)
    config = read_config(over=table)
    return prepared(collection, collection.space(None), (), config, folder, began=1000.0)


def test_time_ends_a_run_before_its_pictures(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 10_000, 10))
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("holotype.training.metric.loop.time", clock)
    training = ready(collection, 1.0)
    run = training.run_over(np.arange(40), Plan(10**9, 60.0))
    steps = list(run.steps())
    assert [step.seconds for step in steps] == [10.0 * (number + 1) for number in range(6)]
    assert [step.done for step in steps] == pytest.approx([(n + 1) / 6 for n in range(6)])
    assert steps[-1].rate < steps[1].rate  # the schedule is fitted into it


def test_both_runs_and_embedding_share_the_minutes(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = len(collection.gallery())
    monkeypatch.setattr(trained_space, "_seconds_of", lambda _: 60 / count)
    training = ready(collection, 10.0)
    assert training.ends == pytest.approx(1000 + 600 - 72)
    clock = SimpleNamespace(monotonic=lambda: 1100.0)
    monkeypatch.setattr("holotype.training.metric.train.time", clock)
    assert training._left() == pytest.approx(428)
    share = training.config.gate.share
    judged = training._plan(share, share * training._left())
    assert judged.seconds == pytest.approx(share * 428)
    assert judged.pictures == round(share * 10**9)
    assert training._plan(1.0, -5).seconds == 1.0  # late as it is, a step is taken
    assert ready(collection, 0.0)._plan(1.0, float("inf")).seconds == 0.0


def test_a_bound_that_embedding_alone_breaks_is_told(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = len(collection.gallery())
    monkeypatch.setattr(trained_space, "_seconds_of", lambda _: 3000 / count)
    training, problems = told(collection, 10.0)
    assert training.ends == pytest.approx(1000 + 300)  # half of it is for training
    assert f"the {count} pictures of the collection" in problems[0]
    assert "takes about 60 minutes by itself" in problems[0]
    assert told(collection, 0.0)[1] == []
