from __future__ import annotations

from typing import Any

import pytest

from holotype.index.errors import UsageError
from holotype.training.losses import LossConfig, make_objective
from holotype.training.losses.registry import LOSSES, miner_names, names


def refused(**config: Any) -> str:
    with pytest.raises(UsageError) as told:
        LossConfig(**config)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_unknown_names_are_told_the_nearest_known_one() -> None:
    assert "did you mean 'triplet'?" in refused(name="tripplet")
    assert "did you mean 'semi-hard'?" in refused(name="triplet", miner="semihard")
    said = refused(name="triplet", options={"margn": 1.0})
    assert "no option of loss 'triplet' 'margn'; did you mean 'margin'?" in said
    said = refused(name="triplet", miner="semi-hard", miner_options={"epsilon": 1.0})
    assert "no option of miner 'semi-hard' 'epsilon'; known is margin" in said
    assert "known is none" in refused(name="softmax", options={"margin": 1.0})


def test_what_does_not_go_together_is_told_in_a_sentence() -> None:
    assert 'set loss.miner to ""' in refused(name="proxy-anchor", miner="semi-hard")
    assert "its miners are all, semi-hard" in refused(name="triplet", miner="multi-similarity")
    assert "name a loss for miner 'hard'" in refused(name="", miner="hard")
    assert "name a miner" in refused(name="supcon", miner_options={"margin": 1.0})
    assert "the same loss twice" in refused(name="softmax", softmax=1.0)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"weight": -1.0}, "loss.weight is -1"),
        ({"weight": float("nan")}, "loss.weight is nan"),
        ({"softmax": float("inf")}, "loss.softmax is inf"),
        ({"smoothing": 1.0}, "loss.smoothing is 1"),
        ({"ranks": {"species": -2.0}}, "loss.ranks.species is -2"),
        ({"ranks": {"species": 0.0}}, "no rank with a weight above 0"),
        ({"ranks": {}}, "no rank with a weight above 0"),
        ({"weight": 0.0}, "both 0"),
        ({"name": "supcon", "options": {"temperature": 0}}, "above 0"),
        ({"name": "supcon", "options": {"temperature": True}}, "a number"),
        ({"name": "supcon", "options": {"temperature": -0.1}}, "above 0"),
        ({"name": "triplet", "options": {"margin": -0.1}}, "a number from 0 up"),
        ({"name": "soft-triple", "options": {"centres": 2.5}}, "a whole number from 1 to 100"),
        ({"name": "soft-triple", "options": {"centres": 0}}, "a whole number from 1 to 100"),
        ({"name": "reciprocal-triplet", "options": {"unit": 1}}, "true or false"),
    ],
)
def test_numbers_that_cannot_be_are_refused(config: dict[str, Any], said: str) -> None:
    assert said in refused(**config)


def test_a_share_above_one_is_refused() -> None:
    config = LossConfig("cluster-discrimination", options={"share": 2})
    with pytest.raises(UsageError, match="at most 1"):
        make_objective(config, 4, {"species": 2})


def test_a_whole_number_may_be_written_with_a_point() -> None:
    made = make_objective(LossConfig("soft-triple", options={"centres": 2.0}), 4, {"species": 3})
    assert made.state_dict()["losses.species.metric.fc"].shape == (4, 6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_alone_chooses_a_miner_that_goes_with_it(name: str) -> None:
    chosen = LossConfig(name).chosen_miner
    assert chosen in ("", *LOSSES[name].miners)
    assert set(LOSSES[name].miners) <= set(miner_names())


def test_names_are_those_of_the_published_losses() -> None:
    assert set(names()) == set(
        "contrastive triplet reciprocal-triplet multi-similarity circle supcon nt-xent softmax "
        "normalised-softmax cosface arcface sub-centre-arcface cluster-discrimination proxynca++ "
        "proxy-anchor soft-triple".split()
    )
