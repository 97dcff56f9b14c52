"""A trained network that sees pictures at another side than the encoder takes them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.model import Preprocessing
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training.metric import train as metric_train
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.metric.embedding import embedded
from holotype.training.metric.gate import Candidate, Verdict, judge
from holotype.training.trained_space import Asked, prepared, train_space

HALF = (0.5, 0.5, 0.5)


def short(sizes: Sequence[float]) -> TrainConfig:
    return read_config(
        over={
            "batches": {"batch": 16, "per_class": 4},
            "schedule": {"pictures": 64, "sizes": [0.5], "shares": [1.0]},
            "gate": {"sizes": list(sizes)},
        }
    )


@pytest.fixture
def larger(tmp_path: Path) -> Encoder:
    """A tiny network that was made for 160 pixels, shown 192."""
    torch.manual_seed(0)
    network = timm.create_model("test_efficientnet", num_classes=0)
    recipe = Preprocessing(size=192, mean=HALF, std=HALF)
    folder = tmp_path / "larger"
    save_checkpoint(
        folder, network, architecture="test_efficientnet", preprocessing=recipe, card={}
    )
    return load_encoder(f"checkpoint:{folder}")


@pytest.fixture
def shown(source: Path, tmp_path: Path, larger: Encoder) -> Path:
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(source), made, larger)
    return tmp_path / "c"


def offered(features: str) -> Any:
    """Judge as ever, and offer these features whatever came of it: the pictures are random."""

    def better(start: Candidate, others: Sequence[Candidate], *args: Any) -> Verdict:
        some = [one for one in others if one.features == features]
        return replace(judge(start, some, *args), reasons=())

    return better


@pytest.mark.parametrize("features", ["trained+start", "trained"])
def test_a_checkpoint_keeps_the_side_that_judged_best(
    features: str, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_train, "judge", offered(features))
    with Collection.open(shown) as collection:
        found = train_space(collection, short([0.4]), Asked())
        assert found["validation"]["side"] == 64
        card = json.loads(Path(found["checkpoint"], "card.json").read_text())
        assert card["architecture"]["side"] == 64
        assert card["preprocessing"]["size"] == 192
        space = collection.space(found["untuned_space"])
        gallery = collection.gallery(space.name)
        images = [collection.images_at([row])[row] for row in gallery.rows.tolist()]
        again = embedded(collection, images, load_encoder(space.encoder))
        np.testing.assert_allclose(gallery.index.vectors, again, atol=2e-3)
        # What it came to is trained on further, beside the same start.
        further = train_space(collection, short([1.0]), Asked(space=space.name, name="further"))
        assert further["validation"]["side"] == 160
        card = json.loads(Path(further["checkpoint"], "card.json").read_text())
        assert card["architecture"]["side"] == 160


def test_only_sides_up_to_the_encoders_are_tried(shown: Path, tmp_path: Path) -> None:
    with Collection.open(shown) as collection:

        def sides(*sizes: float) -> list[int]:
            base = collection.space(None)
            training, _ = prepared(collection, base, (), short(sizes), tmp_path)
            return training.sides

        assert sides(1.0, 0.8, 1.43) == [160, 128, 0]
        assert sides(1.2) == [0]


def test_other_sides_are_tried_where_there_is_time(shown: Path, tmp_path: Path) -> None:
    with Collection.open(shown) as collection:
        training, _ = prepared(collection, collection.space(None), (), short([1.0, 0.8]), tmp_path)
        weights = training.make_network().state_dict()
        assert {one.side for one in training.candidates(weights)} == {160, 128}
        training.ends = time.monotonic()
        assert {one.side for one in training.candidates(weights)} == {160}


def test_many_pictures_are_judged_by_the_same_embeddings_faster(
    shown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(shown) as collection:
        training, _ = prepared(collection, collection.space(None), (), short([0.8]), tmp_path)
        weights, rows = training.make_network().state_dict(), training.held.judging
        plain = training.embedded(weights, rows, 128)
        monkeypatch.setattr(metric_train, "_MANY", 1)
        np.testing.assert_allclose(training.embedded(weights, rows, 128), plain, atol=1e-4)


def test_a_gate_without_sizes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"gate\.sizes is empty; give one size"):
        short([])
