"""Last stages on kept activations, and a projection on stored embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.encoders.architecture import split
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training.metric import train as metric_train
from holotype.training.metric.config import read_config
from holotype.training.metric.gate import Verdict, judge
from holotype.training.metric.schedule import Plan
from holotype.training.metric.train import Training, Watch
from holotype.training.trained_space import Asked, prepared, train_space

TABLE: dict[str, Any] = {
    "batches": {"batch": 16, "per_class": 4},
    "loss": {"name": "softmax", "miner": ""},
    "schedule": {"pictures": 320, "sizes": [1.0], "shares": [1.0]},
}


@pytest.fixture
def collection(source: Path, tmp_path: Path, tiny: Encoder) -> Iterator[Collection]:
    with Collection.create(tmp_path / "collection") as made:
        ingest(Manifest.read(source), made, tiny)
        yield made


def ready(collection: Collection, **network: Any) -> Training:
    folder = collection.folder / "models"
    folder.mkdir(exist_ok=True)
    config = read_config(over=TABLE | {"network": network})
    training, problems = prepared(collection, collection.space(None), (), config, folder)
    assert problems == []
    return training


@pytest.fixture
def always_better(monkeypatch: pytest.MonkeyPatch) -> None:
    def better(*args: Any, **named: Any) -> Verdict:
        return replace(judge(*args, **named), reasons=())

    monkeypatch.setattr(metric_train, "judge", better)


def test_last_stages_learn_and_the_first_stay(collection: Collection) -> None:
    training = ready(collection, train="last", stages=2, copies=2)
    run = training.run_over(np.arange(len(training.pictures.images)), Plan(320))
    losses = [step.loss for step in run.steps()]
    assert losses[-1] < losses[0]
    assert training.start.architecture is not None
    (_, network), _ = split(training.start.architecture, training.start.network.image)
    trained = run.averaged_state()
    changed = {
        name.split(".")[0]
        for name, tensor in network.state_dict().items()
        if not torch.equal(tensor.cpu(), trained[f"backbone.{name}"])
    }
    assert changed
    assert "conv_stem" not in changed
    assert training.embedded(trained, np.arange(3)).shape == (3, training.pictures.vectors.shape[1])


@pytest.mark.usefixtures("always_better")
def test_last_stages_give_a_space_and_a_checkpoint(collection: Collection) -> None:
    config = read_config(over=TABLE | {"network": {"train": "last", "stages": 1, "copies": 1}})
    found = train_space(collection, config, Asked())
    assert found["space"] == "trained"
    assert len(collection.gallery("trained")) == len(collection.gallery(None))


@pytest.mark.usefixtures("always_better")
def test_a_projection_is_kept_as_a_space_with_what_it_was_fitted_on(
    collection: Collection,
) -> None:
    losses: list[float] = []
    config = read_config(over=TABLE | {"network": {"train": "projection", "head": [8]}})
    watch = Watch(on_step=lambda step: losses.append(step.loss))
    found = train_space(collection, config, Asked(where=["split=train"]), watch)
    assert (found["space"], found["checkpoint"], found["dim"]) == ("trained", None, 8)
    assert min(losses) < losses[0]
    projection = collection.gallery("trained").projection
    assert projection is not None
    assert projection.kind == "metric"
    assert projection.fitted_on is not None
    assert len(projection.fitted_on.images) == found["images"] == 32
    assert train_space(collection, config, Asked())["space"] == "trained"  # replaced


def test_a_network_of_one_size_is_trained_on_that_with_a_note(
    tmp_path: Path, collection: Collection
) -> None:
    import timm

    from holotype.index.encoders.checkpoint import save_checkpoint
    from holotype.index.encoders.model import Preprocessing
    from holotype.index.trust import trust_encoder

    half = (0.5, 0.5, 0.5)
    name = "vit_tiny_patch16_224"
    network = timm.create_model(name, num_classes=0)
    recipe = Preprocessing(size=224, mean=half, std=half)
    folder = tmp_path / "vit"
    save_checkpoint(folder, network, architecture=name, preprocessing=recipe, card={})
    trust_encoder(f"checkpoint:{folder}")
    config = read_config(over={"network": {"encoder": f"checkpoint:{folder}"}})
    there = collection.folder / "models"
    there.mkdir(exist_ok=True)
    training, notes = prepared(collection, collection.space(None), (), config, there)
    assert training.config.schedule.sizes == (1.0,)
    assert "takes pictures of 224 pixels only" in notes[0]


def test_epochs_are_so_many_of_all_pictures(collection: Collection) -> None:
    training = ready(collection, train="whole")
    schedule = replace(training.config.schedule, epochs=2.5)
    training.config = replace(training.config, schedule=schedule)
    assert training._plan(1.0, float("inf")).pictures == 2.5 * len(training.pictures.images)
