"""Whole networks drawn towards pictures of another set-up, whose names are never read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from holotype.eval.protocols.fitted import FittedError
from holotype.eval.retrieval.evaluate import evaluate
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.encoders.trained_on import trained_on
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training.domain.terms import TERMS
from holotype.training.metric.config import read_config
from holotype.training.metric.gate import Verdict
from holotype.training.metric.loop import Run
from holotype.training.metric.schedule import Plan
from holotype.training.metric.train import Outcome, Training, Watch
from holotype.training.trained_network import TrainedNetwork
from holotype.training.trained_space import Asked, prepared
from tests.conftest import Draw

GENERA = ("Xestia", "Catocala", "Noctua", "Salmo")
EACH = 6


def planted(folder: Path, draw: Draw, tiny: Encoder, target_turn: int = 0) -> Collection:
    """Return a collection of two set-ups; the target's names are turned by so many species."""
    lines = ["path,specimen_id,species,imaging"]
    for kind in range(len(GENERA)):
        for number in range(2 * EACH):
            target = number >= EACH
            path = draw(folder / f"{kind}-{number}.png", 100 * kind + number, like=kind)
            name = GENERA[(kind + target_turn * target) % len(GENERA)]
            imaging = "degraded" if target else "clean"
            lines.append(f"{path.name},{kind}-{number},{name} alba,{imaging}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    collection = Collection.create(folder / "collection")
    ingest(Manifest.read(folder / "manifest.csv"), collection, tiny)
    return collection


@pytest.fixture
def plain(tmp_path: Path, draw: Draw, tiny: Encoder) -> Iterator[Collection]:
    (tmp_path / "plain").mkdir()
    with planted(tmp_path / "plain", draw, tiny) as collection:
        yield collection


def ready(collection: Collection, method: str, **domain: Any) -> Training:
    table = {
        "domain": {"method": method, "target": ["imaging=degraded"], "weight": 1.0} | domain,
        "batches": {"batch": 8, "per_class": 2},
        "schedule": {"pictures": 32, "sizes": [1.0], "shares": [1.0]},
    }
    folder = collection.folder / "models"
    folder.mkdir(exist_ok=True)
    config = read_config(over=table)
    training, problems = prepared(collection, collection.space(None), (), config, folder)
    assert problems == []
    return training


def begun(training: Training) -> Run:
    return training.run_over(np.arange(len(training.pictures.images)), Plan(32, 0.0))


def weights(run: Run) -> dict[str, Tensor]:
    for _ in run.steps():
        pass
    return run.averaged_state()


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_target_s_names_are_never_read(
    plain: Collection, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    (tmp_path / "poisoned").mkdir()
    with planted(tmp_path / "poisoned", draw, tiny, target_turn=1) as poisoned:
        told, misled = ready(plain, "coral"), ready(poisoned, "coral")
        assert len(told.pictures.images) == len(GENERA) * EACH
        assert {image.metadata["imaging"] for image in told.pictures.images} == {"clean"}
        assert told.identity == misled.identity
        drawn = weights(begun(told))
        assert same(drawn, weights(begun(misled)))
    assert not same(drawn, weights(begun(ready(plain, "coral", weight=0.0))))


@pytest.mark.parametrize("method", TERMS)
def test_a_run_that_was_interrupted_goes_on_with_the_same_target(
    plain: Collection, method: str
) -> None:
    training = ready(plain, method)
    through, first, second = (begun(training) for _ in range(3))
    whole = weights(through)
    steps = first.steps()
    for _ in range(2):
        next(steps)
    second.load_state_dict(first.state_dict())
    assert same(whole, weights(second))
    for kept, tensor in through.term.state_dict().items():
        assert torch.equal(tensor, second.term.state_dict()[kept])


def test_what_was_seen_without_names_counts_as_seen(plain: Collection) -> None:
    training = ready(plain, "mmd")
    verdict = Verdict((), "trained", "wccn", {"shrinkage": 0.3}, 1.0, 0.5, {}, {})
    outcome = Outcome(weights(begun(training)), verdict, 32)
    made = TrainedNetwork(plain, plain.space(None), Asked(), training.config, training, outcome)
    found = made.keep(Watch())
    record = trained_on(f"checkpoint:{found['checkpoint']}")
    assert record is not None
    assert all(record.saw([image.sha256]) for image in plain.images())
    shown = plain.gallery("trained").projection
    assert shown is not None
    assert shown.fitted_on is not None
    assert len(shown.fitted_on.images) == len(GENERA) * EACH  # names of the source alone
    sides = ["imaging=degraded"], ["imaging=clean"]
    with pytest.raises(FittedError, match="was trained on 24 of the 24"):
        evaluate(plain, space="trained", query=sides[0], gallery=sides[1])


def test_a_target_that_is_not_there_is_told(plain: Collection) -> None:
    with pytest.raises(UsageError, match="There is no domain method 'dan'; did you mean 'dann'"):
        ready(plain, "dan")
    conditions = ["imaging=degraded", "imaging=clean"]
    with pytest.raises(UsageError, match="No image is imaging=degraded and imaging=clean, so"):
        ready(plain, "dann", target=conditions)
    with pytest.raises(UsageError, match="dann needs images of the target"):
        ready(plain, "dann", target=[])
