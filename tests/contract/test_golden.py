"""Figures that a right implementation shows on the labelled images, through the real ingest."""

from __future__ import annotations

import pytest

from holotype.eval.retrieval.evaluate import Evaluation, evaluate
from holotype.index.collection import Collection

pytestmark = pytest.mark.data


def measured(atlas: Collection, category: str, space: str = "base") -> Evaluation:
    """Leave-one-out within one of the sets."""
    only = [f"category={category}"]
    return evaluate(atlas, space=space, query=only, gallery=only)


def recall(found: Evaluation, rank: str, k: int = 1) -> float:
    value: float = found.to_dict()["ranks"][rank]["recall"][str(k)]["micro"]
    return value


def test_moths(atlas: Collection) -> None:
    found = measured(atlas, "Moth")
    assert found.to_dict()["n"] == 1100
    for k, expected in ((1, 0.663), (5, 0.860), (10, 0.916)):
        assert recall(found, "species", k) == pytest.approx(expected, abs=0.01)
    assert recall(found, "genus") == pytest.approx(0.707, abs=0.01)
    assert recall(found, "family") == pytest.approx(0.924, abs=0.01)


def test_leaves(atlas: Collection) -> None:
    assert recall(measured(atlas, "Plant"), "species") == pytest.approx(0.890, abs=0.01)


def test_fish_with_frames_of_the_same_fish_left_out(atlas: Collection) -> None:
    found = measured(atlas, "Fish")
    assert recall(found, "species") == pytest.approx(0.543, abs=0.02)
    specimens = found.images.specimens[found.protocol.query_rows]
    assert len(set(specimens.tolist())) == 149


def test_the_three_categories_are_told_apart(atlas: Collection) -> None:
    found = evaluate(atlas)
    assert found.to_dict()["n"] == 2510
    assert recall(found, "category") >= 0.999


@pytest.mark.slow
@pytest.mark.parametrize(("category", "least"), [("Moth", 0.01), ("Fish", 0.01)])
def test_three_views_are_better_than_one(
    three_views: Collection, category: str, least: float
) -> None:
    one = recall(measured(three_views, category), "species")
    three = recall(measured(three_views, category, "three"), "species")
    assert three >= one + least, f"{one:.4f} with one view, {three:.4f} with three"


def test_names_of_all_makes_came_through(atlas: Collection) -> None:
    names = set(atlas.gallery().labels("species").names)
    assert len(names) == 206
    assert {"Xestia c-nigrum", "Philadelphus sp.", "Quercus × turneri"} <= names
