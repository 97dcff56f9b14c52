"""Tuning on half of the species, measured on the other half."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from holotype.eval.retrieval.unseen_species import evaluate_unseen
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from tests.conftest import Cli

from ..planting import SPECIES


def test_only_species_that_nothing_was_fitted_on_ask(fill: Callable[..., Collection]) -> None:
    found = evaluate_unseen(fill(SPECIES, each=6), seeds=2)
    assert [half.seed for half in found.halves] == [0, 1]
    told = found.to_dict()
    assert [half["n"] for half in told["halves"]] == [24, 24]  # half of 8 species, 6 images each
    assert 0 <= told["before"] <= 1
    gain = told["after"] - told["before"]
    if told["before"] < 1:
        assert told["fewer_errors"] == pytest.approx(gain / (1 - told["before"]))


def test_the_command_says_what_was_won(fill: Callable[..., Collection], cli: Cli) -> None:
    collection = fill(SPECIES, each=6)
    code, out, err = cli("eval", collection.folder, "--protocol", "unseen-species")
    assert (code, err) == (0, "")
    assert "fewer errors" in out


def test_too_few_species_say_so(fill: Callable[..., Collection]) -> None:
    with pytest.raises(UsageError, match="Half of the species cannot be tuned on"):
        evaluate_unseen(fill(SPECIES[:3], each=6))
