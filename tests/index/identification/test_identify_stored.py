"""The answer about a stored image is kept, and no longer than what it rests on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError
from holotype.index.identification.identify import identify_stored, identify_vector
from holotype.index.search.search import stored_vector
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space


@pytest.fixture
def made(tmp_path: Path) -> Collection:
    plain.make(tmp_path / "c", 60)
    return Collection.open(tmp_path / "c")


def fresh(collection: Collection, image_id: str) -> object:
    image = collection.image(image_id)
    return identify_vector(
        collection,
        stored_vector(collection, image),
        name=image_id,
        exclude_specimens={image.specimen_id},
    )


def test_it_is_worked_out_once_and_is_that_of_its_vector(made: Collection) -> None:
    first = identify_stored(made, "image 3")
    assert identify_stored(made, "image 3") is first
    assert first == fresh(made, "image 3")
    assert identify_stored(made, "image 3", risk=0.2) is not first
    with pytest.raises(NotFoundError):
        identify_stored(made, "nothing")


def test_whatever_changes_is_in_the_next_answer(made: Collection) -> None:
    def changed() -> None:
        assert identify_stored(made, "image 3") == fresh(made, "image 3")

    calibrate_space(made)
    before = identify_stored(made, "image 3")
    calibrate_space(made, seed=1)
    assert identify_stored(made, "image 3") is not before
    nearest = before.neighbours[0].image
    made.determine(nearest.specimen_id, ("Moth", *nearest.lineage[1:-1], "Xestia nova"), by="A")
    changed()
    assert identify_stored(made, "image 3").neighbours[0].image.lineage[-1] == "Xestia nova"
    edited = replace(nearest, metadata={"note": "seen"})
    made.store(made.space(), [(edited, None)])
    changed()
    made.delete([nearest.image_id])
    changed()
    assert nearest.image_id not in {
        hit.image.image_id for hit in identify_stored(made, "image 3").neighbours
    }


def test_where_nothing_may_be_compared_the_calibration_is_named_and_no_figure_is_given(
    made: Collection,
) -> None:
    own = made.image("image 3").specimen_id
    calibrate_space(made)
    for state in ("fitted", "stale"):
        answer = identify_stored(made, "image 3", only=[f"specimen_id={own}"])
        assert answer.why == "Nothing in the gallery may be compared with it."
        assert (answer.neighbours, answer.ranks, answer.unknown) == ([], {}, True)
        assert (answer.calibration, answer.novelty_p) == (state, None)
        assert answer.calibration_changes is not None
        assert answer.calibration_changes.images_removed == (state == "stale")
        made.delete(["image 9"] if state == "fitted" else [])


def test_where_nothing_that_may_be_compared_is_named_no_figure_is_given(made: Collection) -> None:
    calibrate_space(made)
    unnamed = made.image("image 9")
    made.determine(unnamed.specimen_id, ("",) * len(unnamed.lineage), by="A")
    answer = identify_stored(made, "image 3", only=[f"specimen_id={unnamed.specimen_id}"])
    assert answer.why.startswith("None of the neighbours has a determination")
    assert (answer.calibration, answer.novelty_p) == ("stale", None)


def test_without_a_calibration_nothing_to_compare_with_gives_no_figure(made: Collection) -> None:
    own = made.image("image 3").specimen_id
    answer = identify_stored(made, "image 3", only=[f"specimen_id={own}"])
    assert (answer.neighbours, answer.calibration, answer.novelty_p) == ([], "none", None)


def test_what_is_deleted_while_a_question_is_answered_is_left_out(
    made: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = identify_stored(made, "image 3").neighbours
    galleries = made.gallery_and_source()
    made.delete([first[0].image.image_id])
    monkeypatch.setattr(made, "gallery_and_source", lambda _: galleries)
    answer = identify_stored(made, "image 3", k=9)
    assert [hit.image for hit in answer.neighbours] == [hit.image for hit in first[1:9]]
