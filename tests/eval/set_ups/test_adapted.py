"""Networks on embeddings as remedies: what is chosen, what is compared, and what is never seen."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.eval.set_ups.adapted import Networks, adapted
from holotype.eval.set_ups.remedies import Side
from holotype.eval.set_ups.transfer_figures import measure_transfer
from holotype.training.domain.features import NetworkConfig
from holotype.training.domain.terms import TERMS

from .test_transfer_figures import world

SMALL = NetworkConfig(hidden=(16, 8), epochs=4, batch=32, rate=3e-3)
KINDS = [
    "network on the source alone",
    "network with dann",
    "network with coral",
    "network with mmd",
    "network on standardised set-ups",
    "network on degraded copies",
]


def test_all_kinds_stand_side_by_side_with_intervals() -> None:
    told: list[tuple[int, int]] = []
    networks = Networks(2, config=SMALL, on_network=lambda *at: told.append(at))
    found = measure_transfer(*world(offset=3.0), networks=networks)
    trained = {each.remedy: each for each in found.remedies if each.by_network}
    assert [*trained] == KINDS
    alone = trained[KINDS[0]]
    assert np.isnan(alone.over_training.estimate)
    for name, each in trained.items():
        assert each.accuracy_target == pytest.approx(np.mean(each.by_network))
        assert len(each.by_network) == 2
        assert each.gain.estimate == pytest.approx(each.accuracy_target - found.gap.accuracy_target)
        assert each.gain.low <= each.gain.estimate <= each.gain.high
        assert each.fitted.startswith("mean of 2 networks")
        if name != KINDS[0]:
            won = each.accuracy_target - alone.accuracy_target
            assert each.over_training.estimate == pytest.approx(won)
    assert told[-1] == (27, 27)
    assert [at for at, _ in told] == [*range(1, 28)]


def test_the_weight_is_the_best_of_its_kind_by_reverse_validation() -> None:
    gallery, source, target, _ = world(offset=3.0)
    networks = Networks(1, ("coral",), SMALL)
    _, coral, _ = adapted(gallery, source, target, target.vectors, None, networks)
    assert [trial.weight for trial in coral.weights] == [0.0, *TERMS["coral"].weights]
    best = max(coral.weights[1:], key=lambda trial: trial.reverse)
    assert f"weight {best.weight:g} of 3, 10, 30, 100 by reverse validation" in coral.fitted


def test_networks_see_no_label_of_the_target() -> None:
    """Wrong labels of the target change how it is judged, and nothing that is fitted."""
    gallery, source, target, copies = world(offset=2.0)
    networks = Networks(1, config=SMALL)
    wrong = (target.labels + 1) % (target.labels.max() + 1)
    poisoned = Side(target.vectors, wrong, target.groups)
    pairs = zip(
        adapted(gallery, source, target, target.vectors, copies, networks),
        adapted(gallery, source, poisoned, poisoned.vectors, copies, networks),
        strict=True,
    )
    for told, not_told in pairs:
        assert told.fitted == not_told.fitted
        assert told.weights == not_told.weights
        assert np.array_equal(told.source, not_told.source)
        assert not np.array_equal(told.target, not_told.target)


def test_what_is_adapted_to_need_not_be_what_asks() -> None:
    gallery, source, target, _ = world(offset=3.0)
    networks = Networks(1, ("mmd",), SMALL)
    seen, unseen = target.at(target.groups % 2 == 0), target.at(target.groups % 2 == 1)
    found = measure_transfer(gallery, source, unseen, unlabelled=seen.vectors, networks=networks)
    again = measure_transfer(gallery, source, unseen, networks=networks)
    alone, other = ([each for each in one.remedies if each.by_network] for one in (found, again))
    assert alone[0].accuracy_target == other[0].accuracy_target
    assert alone[1].weights != other[1].weights


def test_a_gallery_that_asks_itself_has_no_figure_with_a_network() -> None:
    gallery, _, target, _ = world(offset=2.0)
    networks = Networks(1, (), SMALL)
    found = measure_transfer(gallery, gallery, target, networks=networks, source_is_gallery=True)
    assert [np.isnan(each.accuracy_source) for each in found.remedies if each.by_network] == [
        True,
        True,
    ]
