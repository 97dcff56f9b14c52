"""Folds are dealt by places or days where a manifest tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.identification.identify import identify_stored
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.identification.reference import build_reference
from holotype.index.storage.records import Image
from holotype.training import spaces
from holotype.training.calibration.left_out import leave_out
from holotype.training.calibration.sets import of_conditions
from holotype.training.calibration.steps import Steps
from holotype.training.conditions import Conditions, conditions_of
from tests.eval import planting

from .synthetic import draw_sample


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Collection]:
    """Plants 96 images, 12 a species, whose days are dealt in turn."""
    stored = planting._stored

    def collection(folder: Path, days: Sequence[str], column: str = "date") -> Collection:
        def dated(place: Path, number: int, row: planting.Planted) -> Image:
            image = stored(place, number, row)
            return replace(image, details={**image.details, column: days[number % len(days)]})

        monkeypatch.setattr(planting, "_stored", dated)
        return planting.plant(folder, planting.noisy(planting.SPECIES, each=12))

    return collection


def found(collection: Collection) -> Conditions | None:
    gallery = collection.gallery()
    return conditions_of(collection, gallery, gallery.labels("species").codes, gallery.specimens)


def test_days_and_places_are_groups_where_they_tell_something(
    tmp_path: Path, planted: Callable[..., Collection]
) -> None:
    days = [f"2024-05-{day:02}T10:0{day % 10}" for day in range(1, 8)]
    with planted(tmp_path / "days", days) as collection:
        conditions = found(collection)
        assert conditions is not None
        assert conditions.column == "date"
        assert len(np.unique(conditions.groups)) == 7
    with planted(tmp_path / "places", [f"pond {n}" for n in range(6)], "locality") as collection:
        places = found(collection)
        assert places is not None
        assert places.column == "locality"
    for name, few in (("none", [""]), ("few", ["2024-05-01", "2024-05-02"])):
        with planted(tmp_path / name, few) as collection:
            assert found(collection) is None


@pytest.mark.parametrize("fit", ["tune", "calibrate"])
def test_fits_keep_days_apart(
    tmp_path: Path,
    planted: Callable[..., Collection],
    monkeypatch: pytest.MonkeyPatch,
    fit: str,
) -> None:
    seen: list[np.ndarray] = []

    def told(_: object, __: object, groups: np.ndarray, **options: Any) -> None:
        seen.append(options.get("conditions", groups))
        raise ValueError("that is all")

    monkeypatch.setattr(spaces, fit, told)
    days = [f"2024-05-{day:02}" for day in range(1, 8)]
    collection = planted(tmp_path / "c", days)
    with collection, pytest.raises(UsageError, match="that is all"):
        getattr(spaces, f"{fit}_space")(collection)
    assert len(np.unique(seen[0])) == 7


@pytest.mark.parametrize(("days", "told"), [(7, True), (24, False)])
def test_an_answer_says_that_its_calibration_met_few_days(
    tmp_path: Path, planted: Callable[..., Collection], days: int, told: bool
) -> None:
    with planted(tmp_path / "c", [f"2024-05-{day + 1:02}" for day in range(days)]) as collection:
        card = spaces.calibrate_space(collection)
        assert (card["apart"], card["known_conditions"]) == ("date", days)
        kept = kept_calibration(collection, collection.gallery())
        assert kept is not None
        assert len(kept.calibration.surprise) == days
        notes = identify_stored(collection, "image-0").notes
        assert ("The calibration was fitted on 7 days" in " ".join(notes)) == told


def test_what_is_promised_of_the_next_day_rests_on_the_days() -> None:
    """Of 40 days with one to thirty specimens each, a day's share what they are off by."""
    generator = np.random.default_rng(4)
    inside: dict[str, list[float]] = {"days": [], "specimens": []}
    for _ in range(300):
        sizes = generator.geometric(0.15, 41)
        days = np.repeat(np.arange(41), sizes)
        values = generator.normal(size=41)[days] + 0.1 * generator.normal(size=len(days))
        before, after = values[days < 40], values[days == 40]
        for name, kept in (
            ("days", of_conditions(before, days[days < 40])),
            ("specimens", np.sort(before)),
        ):
            place = min(int(np.ceil((len(kept) + 1) * 0.9)), len(kept)) - 1
            inside[name].append(float((after <= kept[place]).mean()))
    assert np.mean(inside["days"]) >= 0.895 > np.mean(inside["specimens"])


def test_who_is_left_out_meets_nobody_of_its_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = draw_sample(species=12, images=12)
    days = np.arange(144) % 9
    galleries: list[np.ndarray] = []

    def noted(projections: Any, vectors: Any, labels: Any, groups: np.ndarray) -> Any:
        galleries.append(groups)
        return build_reference(projections, vectors, labels, groups)

    monkeypatch.setattr("holotype.training.calibration.left_out.build_reference", noted)
    left_out = leave_out(*sample, conditions=days, steps=Steps(threads=1))
    known = left_out.novel == 0
    for fold in np.unique(left_out.fold):
        asked = left_out.specimen[(left_out.fold == fold) & known]
        assert not np.isin(days[asked], days[galleries[fold]]).any()
    by_fold = zip(np.unique(left_out.fold), left_out.evidence, strict=True)
    for fold, evidence in by_fold:
        asked = left_out.specimen[left_out.fold == fold]
        near = galleries[fold][np.maximum(evidence.nearest, 0)]
        met = (days[near] == days[asked][:, None]) & (evidence.nearest >= 0)
        assert not met.any()


def test_without_days_nothing_changes() -> None:
    sample = draw_sample(species=8, images=8)
    one, other = leave_out(*sample), leave_out(*sample, conditions=sample.groups)
    assert one.specimen.tolist() == other.specimen.tolist()
    assert replace(one, evidence=[]).novel.tolist() == replace(other, evidence=[]).novel.tolist()
