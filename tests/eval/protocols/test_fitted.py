"""A space is not measured on what it was fitted on, unless both figures are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.eval.protocols.fitted import FittedError
from holotype.eval.protocols.leaks import LeakError
from holotype.eval.report import write_report
from holotype.eval.retrieval.cross_validation import evaluate_kfold, evaluate_sites
from holotype.eval.retrieval.evaluate import evaluate
from holotype.eval.retrieval.two_spaces import compare_spaces
from holotype.index.arrays import Flags
from holotype.index.collection import Collection
from holotype.index.vectors.fitted_on import FittedOn
from holotype.index.vectors.projection import Projection
from holotype.training.spaces import tune_space
from holotype.training.tuning.tune import tune
from tests.eval.planting import DIM, SPECIES, Planted, noisy, plant
from tests.eval.report.page import Page

Make = Callable[[Sequence[Planted]], Collection]

SPLIT: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}


def rows_of(seed: int = 0) -> list[Planted]:
    """Pictures whose species tuning learns by heart: the noise is as wide as the differences."""
    rng = np.random.default_rng(seed)
    print(f"seed {seed}")
    rows = noisy(SPECIES, each=12)
    wide = rng.permutation(DIM)[: DIM // 2]
    made = []
    for row in rows:
        vector = row.vectors["base"].copy()
        vector[wide] += rng.normal(0, 0.35, len(wide)).astype(np.float32)
        made.append(replace(row, vectors={"base": vector / np.linalg.norm(vector)}))
    return made


def right(
    rows: Sequence[Planted], vectors: NDArray[np.float32], asked: Sequence[int], held: Sequence[int]
) -> list[bool]:
    """Whether the nearest other image is of the right species, by brute force."""
    found = []
    for query in asked:
        others = [row for row in held if rows[row].specimen != rows[query].specimen]
        best = others[int(np.argmax(vectors[others] @ vectors[query]))]
        found.append(rows[best].names["species"] == rows[query].names["species"])
    return found


def tuned_on(collection: Collection, learned: Flags) -> NDArray[np.float32]:
    """The vectors of all images in a space that is tuned on some of them."""
    gallery = collection.gallery("base")
    kept = np.flatnonzero(learned)
    species = gallery.labels("species").codes[kept]
    vectors = gallery.index.vectors
    made = tune(vectors[kept], species, gallery.specimens[kept]).projection
    found: NDArray[np.float32] = made.apply(vectors)
    return found


def sides(rows: Sequence[Planted]) -> tuple[list[int], list[int]]:
    asked = [place for place, row in enumerate(rows) if row.split == "test"]
    return asked, [place for place in range(len(rows)) if place not in set(asked)]


def test_leave_one_out_of_a_tuned_space_is_refused_with_the_commands_to_run(make: Make) -> None:
    collection = make(rows_of())
    tune_space(collection)
    with pytest.raises(FittedError, match="fitted on 96 of the 96 queries") as told:
        evaluate(collection, space="tuned")
    folder, message = collection.folder, str(told.value)
    assert f"holotype tune {folder} --as tuned --where split=train" in message
    sides = "--query split=test --gallery split=train"
    assert f"holotype eval {folder} --space tuned {sides}" in message
    assert f"holotype eval {folder} --space tuned --protocol kfold" in message
    assert "--allow-leak" in message
    with pytest.raises(LeakError, match="fitted on 96 of the 96"):
        compare_spaces(collection, ("base", "tuned"))


@pytest.mark.slow
def test_both_figures_of_leave_one_out_are_told_and_the_lower_one_is_of_parts_unseen(
    make: Make,
) -> None:
    rows = rows_of()
    collection = make(rows)
    tune_space(collection)
    found = evaluate(collection, space="tuned", allow_leak=True)
    everyone = list(range(len(rows)))
    seeming = right(rows, collection.gallery("tuned").index.vectors, everyone, everyone)
    assert found.with_leaks["species"] == pytest.approx(np.mean(seeming))
    honest = found.recall["species"].recall[1].micro
    base = evaluate(collection).recall["species"].recall[1].micro
    assert honest < found.with_leaks["species"]
    assert honest > base - 0.05
    told = found.to_dict()["fitted_on"]
    assert told["space"] == {"images": 96, "specimens": 96, "recorded": True, "queries": 96}
    assert "tuned anew in 5 parts" in told["instead"]
    both = compare_spaces(collection, ("base", "tuned"), allow_leak=True)
    assert both.after.recall["species"].recall[1].micro == honest


def test_a_split_asks_a_space_that_was_tuned_on_everything_only_with_both_figures(
    make: Make,
) -> None:
    rows = rows_of()
    collection = make(rows)
    tune_space(collection)
    asked, held = sides(rows)
    with pytest.raises(FittedError, match=f"fitted on {len(asked)} of the {len(asked)}") as told:
        evaluate(collection, space="tuned", **SPLIT)
    assert "holotype tune" in str(told.value)
    assert "--as tuned --where split=train" in str(told.value)
    both = evaluate(collection, space="tuned", allow_leak=True, **SPLIT)
    learned = np.isin(np.arange(len(rows)), held)
    honest = np.mean(right(rows, tuned_on(collection, learned), asked, held))
    assert both.recall["species"].recall[1].micro == pytest.approx(honest)
    seeming = right(rows, collection.gallery("tuned").index.vectors, asked, held)
    assert both.with_leaks["species"] == pytest.approx(np.mean(seeming))
    tune_space(collection, where=["split=train"])  # what the refusal says
    clean = evaluate(collection, space="tuned", **SPLIT)
    assert clean.recall["species"].recall[1].micro == pytest.approx(honest)
    assert not clean.with_leaks
    assert clean.to_dict()["fitted_on"]["space"]["queries"] == 0


def test_another_picture_of_a_specimen_that_was_seen_counts_as_seen(make: Make) -> None:
    rows = rows_of()
    twin = replace(rows[1], split="late", picture=rows_of(1)[0].picture)
    assert rows[1].split == "train"
    collection = make([*rows, twin])
    tune_space(collection, where=["split=train"])
    late: dict[str, Any] = {"query": ["split=late"], "gallery": ["split=test"]}
    with pytest.raises(FittedError, match="fitted on 1 of the 1 queries"):
        evaluate(collection, space="tuned", **late)


def test_a_deleted_picture_is_remembered_under_another_id_and_specimen(make: Make) -> None:
    rows = rows_of()
    collection = make(rows)
    tune_space(collection, where=["split=train"])
    image = collection.image("image-1")
    vector = collection.vectors(collection.space("base"))[1]
    collection.delete(["image-1"])
    again = replace(image, image_id="elsewhere", specimen_id="another", split="late")
    collection.store(collection.space("base"), [(again, vector)])
    with pytest.raises(FittedError, match="fitted on 1 of the 1 queries"):
        evaluate(collection, space="tuned", query=["split=late"], gallery=["split=test"])


def test_folds_tune_anew_without_what_asks(make: Make) -> None:
    rows = rows_of()
    collection = make(rows)
    tune_space(collection)
    found = evaluate_kfold(collection, space="tuned", folds=3)
    hits = np.zeros(len(rows), np.bool_)
    for fold in range(3):
        asked = np.flatnonzero(found.fold == fold)
        others = np.flatnonzero(found.fold != fold)
        vectors = tuned_on(collection, found.fold != fold)
        hits[asked] = right(rows, vectors, asked.tolist(), others.tolist())
    assert found.recall["species"].recall[1].micro == pytest.approx(hits.mean())
    assert np.array_equal(found.recall["species"].hits[:, 0], hits)
    told = found.to_dict()["fitted_on"]
    assert (told["space"]["queries"], told["instead"][:22]) == (96, "the space tuned anew f")


def test_sites_tune_anew_without_what_is_from_there(make: Make) -> None:
    from tests.eval.retrieval.test_cross_validation import write_column

    rows = rows_of()
    collection = make(rows)
    site = np.array([number % 2 for number in range(len(rows))])
    write_column(collection, "site", [("north", "south")[one] for one in site])
    tune_space(collection)
    found = evaluate_sites(collection, space="tuned")
    hits = np.zeros(len(rows), np.bool_)
    for one in (0, 1):
        asked, others = np.flatnonzero(site == one), np.flatnonzero(site != one)
        vectors = tuned_on(collection, site != one)
        hits[asked] = right(rows, vectors, asked.tolist(), others.tolist())
    assert found.recall["species"].recall[1].micro == pytest.approx(hits.mean())


def own(fitted_on: FittedOn | None) -> Projection:
    return Projection(
        np.zeros(DIM, np.float32), np.eye(DIM, dtype=np.float32), "mine", fitted_on=fitted_on
    )


def test_a_projection_without_a_record_counts_as_fitted_on_all_that_was_there(make: Make) -> None:
    rows = rows_of()
    collection = make(rows)
    base = collection.space("base")
    collection.add_projected_space("mine", base, own(None))
    for more in ({}, SPLIT):
        with pytest.raises(FittedError, match="nothing says on which, so all that were here"):
            evaluate(collection, space="mine", **more)
    with pytest.raises(FittedError, match="All 96 queries"):
        evaluate(collection, space="mine", allow_leak=True)
    with pytest.raises(FittedError, match="fit its projection again"):
        evaluate_kfold(collection, space="mine")
    collection.add_projected_space("mine", base, own(FittedOn.of([])))
    assert evaluate(collection, space="mine").to_dict()["fitted_on"]["space"]["queries"] == 0


def test_what_a_projection_of_ones_own_has_seen_does_not_ask(make: Make) -> None:
    rows = rows_of()
    collection = make(rows)
    seen = FittedOn.of([collection.image(f"image-{place}").sha256 for place in range(10)])
    collection.add_projected_space("mine", collection.space("base"), own(seen))
    with pytest.raises(FittedError, match="fitted on 10 of the 96 queries"):
        evaluate(collection, space="mine")
    found = evaluate(collection, space="mine", allow_leak=True)
    assert found.to_dict()["n"] == 86
    vectors = collection.gallery("base").index.vectors
    everyone = list(range(len(rows)))
    expected = right(rows, vectors, everyone[10:], everyone)
    assert found.recall["species"].recall[1].micro == pytest.approx(np.mean(expected))
    assert found.with_leaks["species"] == pytest.approx(
        np.mean(right(rows, vectors, everyone, everyone))
    )


def test_the_report_tells_both_figures_first_and_what_was_fitted_on_what(
    make: Make, tmp_path: Path
) -> None:
    collection = make(rows_of())
    tune_space(collection)
    for number, asked in enumerate(({}, SPLIT)):
        both = compare_spaces(collection, ("base", "tuned"), allow_leak=True, **asked)
        html = write_report(both, collection, tmp_path / str(number)).read_text("utf-8")
        assert html.index('class="notice"') < html.index('id="headline"')
        n = len(both.after.protocol.query_rows)
        assert f"space tuned was fitted on {n}" in html
        assert both.after.fitting.instead in html
        assert "Encoder: nobody knows; space: 96 images of 96 specimens" in html
        row = Page(html).row("species")
        clean = both.after.recall["species"].recall[1].micro
        assert row[3:5] == [clean, both.after.with_leaks["species"]]
        assert row[0] == row[1]  # of the base nothing was fitted


def test_a_record_outlives_the_collection_being_opened_again(make: Make, tmp_path: Path) -> None:
    with plant(tmp_path / "c", rows_of()) as collection:
        told = tune_space(collection, where=["split=train"])
    with Collection.open(tmp_path / "c") as collection:
        projection = collection.gallery("tuned").projection
        assert projection is not None
        assert projection.fitted_on is not None
        assert projection.fitted_on.to_dict() == told["fitted_on"]
        assert projection.fitted_on.saw([collection.image("image-1").sha256])
        assert not projection.fitted_on.saw([collection.image("image-0").sha256])
        assert projection.fitted_on.saw(specimen_ids=["specimen-1"])
