"""Every loss with every miner on the encoder's features of real moths, through a linear head."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from holotype.index.encoders import Encoder
from holotype.training.losses import LossConfig, make_objective
from holotype.training.losses.registry import LOSSES
from holotype.training.samplers import make_sampler

PAIRS = [
    (name, miner) for name, loss in LOSSES.items() for miner in dict.fromkeys(("", *loss.miners))
]
SPECIES, EACH, DIM = 6, 4, 32


class Moths(NamedTuple):
    features: Tensor
    labels: Tensor


@pytest.fixture(scope="module")
def moths(data: Path, encoder: Encoder) -> Moths:
    """Features of a few images of a few species in two genera, centred, of length 1 on average."""
    paths: dict[tuple[str, str], list[Path]] = {}
    with (data / "moths" / "manifest.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            paths.setdefault((row["genus"], row["species"]), []).append(
                data / "moths" / row["path"]
            )
    chosen = sorted(paths)[:SPECIES]
    genera = sorted({genus for genus, _ in chosen})
    rows, labels = [], []
    for code, name in enumerate(chosen):
        for path in paths[name][:EACH]:
            with Image.open(path) as picture:
                rows.append(encoder.preprocess(picture.convert("RGB")))
            labels.append([genera.index(name[0]), code])
    features = torch.from_numpy(encoder.encode_images(np.stack(rows)))
    features = features - features.mean(0)
    return Moths(features / features.norm(dim=1).mean(), torch.tensor(labels))


@pytest.mark.data
@pytest.mark.parametrize(("name", "miner"), PAIRS)
def test_an_epoch_lowers_the_loss(moths: Moths, name: str, miner: str) -> None:
    torch.manual_seed(0)
    config = LossConfig(name, miner, ranks={"species": 1, "genus": 0.5})
    classes = {"genus": int(moths.labels[:, 0].max()) + 1, "species": SPECIES}
    head = nn.Linear(moths.features.shape[1], DIM)
    objective = make_objective(config, DIM, classes)
    # What a miner leaves are the hard pairs of the moment: their mean may rise as all improve.
    measured = make_objective(replace(config, miner=""), DIM, classes) if miner else objective
    optimiser = torch.optim.AdamW([*head.parameters(), *objective.parameters()], lr=1e-3)

    def loss_now() -> float:
        """The mean over all images, and over what the loss draws."""
        torch.manual_seed(1)
        with torch.no_grad():
            features = head(moths.features)
            return sum(float(measured(features, moths.labels)) for _ in range(8)) / 8

    before = loss_now()
    sampler = make_sampler("per-class", moths.labels[:, 1].numpy(), 12, 2, 0)
    for batch in sampler.epoch(0):
        optimiser.zero_grad()
        objective(head(moths.features[batch]), moths.labels[batch]).backward()
        optimiser.step()
    assert loss_now() < before
