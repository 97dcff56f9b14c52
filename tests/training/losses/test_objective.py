from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from holotype.index.errors import HolotypeError, UsageError
from holotype.training.losses import LossConfig, Objective, make_objective, require_teachable
from holotype.training.losses.registry import LOSSES

CLASSES = {"genus": 3, "species": 10}
PAIRS = [
    (name, miner) for name, loss in LOSSES.items() for miner in dict.fromkeys(("", *loss.miners))
]


def batch(n: int = 40, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features of a random network, with 3 genera and 10 species."""
    features = torch.randn(n, 16, generator=torch.Generator().manual_seed(seed))
    row = torch.arange(n)
    return features.requires_grad_(), torch.stack([row % 3, row % 10], 1)


def objective(
    config: LossConfig | None = None, generator: torch.Generator | None = None
) -> Objective:
    torch.manual_seed(0)
    return make_objective(config or LossConfig(), 16, CLASSES, generator)


def value(loss: Tensor) -> float:
    return float(loss.detach())


@pytest.mark.parametrize(("name", "miner"), PAIRS)
def test_every_loss_with_every_miner_is_a_number_with_a_gradient(name: str, miner: str) -> None:
    features, labels = batch()
    loss = objective(LossConfig(name, miner))(features, labels)
    loss.backward()
    assert loss.shape == ()
    assert loss.dtype == torch.float32
    assert value(loss) > 0
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()
    assert float(features.grad.norm()) > 0


@pytest.mark.parametrize(("name", "miner"), PAIRS)
def test_the_same_state_of_the_generator_gives_the_same_loss(name: str, miner: str) -> None:
    features, labels = batch()
    made = objective(LossConfig(name, miner))
    state = torch.get_rng_state()
    first = made(features, labels)
    torch.set_rng_state(state)
    assert torch.equal(made(features, labels), first)


@pytest.mark.parametrize("name", ["cluster-discrimination", "reciprocal-triplet"])
def test_random_choices_are_drawn_from_the_generator_given(name: str) -> None:
    features, labels = batch()
    generator = torch.Generator().manual_seed(3)
    miner = "random-negative" if name == "reciprocal-triplet" else ""
    made = objective(LossConfig(name, miner), generator)
    before = torch.get_rng_state()
    first, second = (value(made(features, labels)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first != second
    generator.manual_seed(3)
    assert value(made(features, labels)) == first


def test_ranks_are_summed_with_their_weights() -> None:
    features, labels = batch()
    one = value(objective(LossConfig(ranks={"species": 1}))(features, labels))
    other = value(objective(LossConfig(ranks={"genus": 1}))(features, labels))
    both = value(objective(LossConfig(ranks={"species": 1, "genus": 0.5}))(features, labels))
    assert both == pytest.approx(one + 0.5 * other, rel=1e-5)


def test_the_loss_and_the_classifier_beside_it_are_summed_with_their_weights() -> None:
    features, labels = batch()
    made = objective(LossConfig("supcon", weight=0.01, softmax=2.0, smoothing=0.0))
    plain = value(objective(LossConfig("supcon"))(features, labels))
    entropy = torch.nn.functional.cross_entropy(made.logits(features, "species"), labels[:, 1])
    whole = value(made(features, labels))
    assert whole == pytest.approx(0.01 * plain + 2 * value(entropy), rel=1e-5)


@pytest.mark.parametrize("name", ["supcon", "proxy-anchor", "softmax"])
def test_what_is_not_named_at_a_rank_is_left_out_there(name: str) -> None:
    features, labels = batch()
    made = objective(LossConfig(name))
    part = value(made(features[:30], labels[:30]))
    labels[30:, 1] = -1
    assert value(made(features, labels)) == pytest.approx(part, rel=1e-5)


@pytest.mark.parametrize("labels", [[-1, -1, -1], [4, 4, 4], [1, 2, 3]])
def test_a_batch_that_cannot_teach_adds_zero_and_is_counted(labels: list[int]) -> None:
    features, _ = batch(3)
    made = objective(LossConfig("triplet"))
    codes = torch.tensor([[0, label] for label in labels])
    loss = made(features, codes)
    loss.backward()
    assert value(loss) == 0
    assert features.grad is not None
    assert not features.grad.any()
    assert made.skipped == {"species": 1}


def test_a_classifier_beside_it_learns_where_no_two_are_of_one_class() -> None:
    features, _ = batch(3)
    codes = torch.tensor([[0, 1], [0, 2], [0, 3]])
    made = objective(LossConfig("triplet", softmax=1))
    assert value(made(features, codes)) > 0
    assert made.skipped == {"species": 1}
    alone = objective(LossConfig("triplet", weight=0, softmax=1))
    assert value(alone(features, codes)) > 0
    assert not alone.skipped


def test_where_no_image_is_named_parameters_get_a_gradient_of_zero() -> None:
    features, labels = batch(3)
    made = objective(LossConfig("proxy-anchor"))
    made(features, labels.fill_(-1)).backward()
    assert all(one.grad is not None and not one.grad.any() for one in made.parameters())


def test_one_image_teaches_a_classifier() -> None:
    features, labels = batch(1)
    assert value(objective(LossConfig("proxy-anchor"))(features, labels)) > 0


def test_features_that_are_no_numbers_are_refused_with_what_to_lower() -> None:
    features, labels = batch()
    broken = torch.where(torch.arange(16) == 3, torch.nan, features)
    with pytest.raises(HolotypeError, match=r"'multi-similarity' .* lower .*schedule\.rate"):
        objective()(broken, labels)


def test_a_loss_that_is_no_number_names_itself_and_what_to_lower() -> None:
    features, labels = batch()
    made = objective(LossConfig("softmax"))
    with torch.no_grad():
        next(made.parameters()).fill_(torch.inf)
    with pytest.raises(HolotypeError, match=r"'softmax' at rank 'species' is nan; lower"):
        made(features, labels)
    steep = objective(LossConfig("circle", options={"scale": 1e38}))
    with pytest.raises(HolotypeError, match=r"lower scale in loss\.options"):
        steep(features, labels)


@pytest.mark.parametrize(
    ("features", "labels", "said"),
    [
        (torch.zeros(4, 15), torch.zeros(4, 2, dtype=torch.int64), r"\[4, 15\]"),
        (torch.zeros(4, 16).half(), torch.zeros(4, 2, dtype=torch.int64), "float16"),
        (torch.zeros(4, 16), torch.zeros(4, dtype=torch.int64), "a column for each of genus"),
        (torch.zeros(4, 16), torch.zeros(4, 2), "torch.float32"),
        (torch.zeros(4, 16), torch.full((4, 2), 10), "label 10 of 10 species classes"),
    ],
)
def test_other_shapes_types_and_labels_are_refused(
    features: Tensor, labels: Tensor, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        objective()(features, labels)


def test_half_precision_around_it_does_not_change_the_loss() -> None:
    features, labels = batch()
    made = objective()
    plain = made(features, labels)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(made(features, labels), plain)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if not loss.compares])
def test_what_has_a_classifier_gives_its_logits(name: str) -> None:
    features, _ = batch()
    assert objective(LossConfig(name)).logits(features, "species").shape == (40, 10)


def test_what_has_no_classifier_says_so() -> None:
    with pytest.raises(UsageError, match=r"no classifier .* set loss\.softmax above 0"):
        objective().logits(batch()[0], "species")


def test_a_rank_or_data_that_cannot_teach_are_refused_before_the_work() -> None:
    config = LossConfig(ranks={"species": 1, "tribe": 1})
    with pytest.raises(UsageError, match=r"'tribe'.*images are named at genus, species"):
        make_objective(config, 16, CLASSES)
    with pytest.raises(UsageError, match=r"1 species name, .* at least two"):
        make_objective(LossConfig(), 16, {"species": 1})


def test_labels_that_cannot_teach_are_refused_before_the_work() -> None:
    def refused(labels: list[int], name: str = "supcon", per_class: int | None = None) -> str:
        column = np.array(labels, np.int64)[:, None]
        with pytest.raises(UsageError) as told:
            require_teachable(LossConfig(name), ["species"], column, per_class=per_class)
        return str(told.value)

    assert "0 species names" in refused([-1, -1])
    assert "1 species name, " in refused([3, 3, -1])
    assert "has a single image" in refused([0, 1, 2, -1])
    assert "batches.per_class is 1" in refused([0, 0, 1], per_class=1)
    assert "1 species name, " in refused([3, 3], "proxy-anchor")
    alone = np.array([[0], [1], [2]])
    require_teachable(LossConfig("proxy-anchor"), ["species"], alone, per_class=1)
    require_teachable(LossConfig("supcon"), ["species"], np.array([[0], [1], [1]]))
