"""What has changed since a calibration was fitted is counted, and told with every answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.identification.changes import Changes
from holotype.index.identification.identify import identify_stored
from holotype.index.taxonomy import parse_lineage
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space, tune_space

pytestmark = pytest.mark.both_stores

NAME = parse_lineage({"species": "Xestia nova"})[0]


@pytest.fixture
def fitted(tmp_path: Path, store: str) -> Iterator[Collection]:
    """A collection of 60 images that has just been calibrated."""
    plain.make(tmp_path / "c", 60, store)
    with Collection.open(tmp_path / "c") as collection:
        calibrate_space(collection)
        yield collection


def told(collection: Collection, space: str | None = None) -> tuple[str, Changes | None]:
    answer = identify_stored(collection, "image 3", space=space)
    return answer.calibration, answer.calibration_changes


def test_added_and_removed_and_replaced_images(fitted: Collection) -> None:
    assert told(fitted) == ("fitted", Changes())
    plain.put(fitted, [("new 1", 0), ("new 2", 0)])
    assert told(fitted) == ("stale", Changes(images_added=2))
    fitted.delete(["image 7", "new 2"])
    assert told(fitted) == ("stale", Changes(images_added=1, images_removed=1))
    plain.put(fitted, [("image 8", 1)])  # another picture under the same id
    assert told(fitted) == ("stale", Changes(images_added=2, images_removed=2))
    note = identify_stored(fitted, "image 3").calibration_note
    assert "2 images were added, 2 images were removed since it was fitted" in note
    calibrate_space(fitted)
    assert told(fitted) == ("fitted", Changes())


def test_determinations(fitted: Collection) -> None:
    name = fitted.determine("specimen image 5", NAME, by="A")
    assert told(fitted) == ("stale", Changes(specimens_determined=1))
    fitted.determine("specimen image 5", NAME, by="B")
    fitted.determine("specimen image 6", NAME, by="B")
    assert told(fitted) == ("stale", Changes(specimens_determined=2))
    fitted.undo(name, by="A")
    assert told(fitted) == ("stale", Changes(specimens_determined=2))
    note = identify_stored(fitted, "image 3").calibration_note
    assert "2 specimens were determined anew since it was fitted" in note


def test_what_changes_no_label_makes_nothing_stale(fitted: Collection) -> None:
    fitted.determine("specimen image 5", NAME, by="a model", origin="machine")
    fitted.add_space("other", encoder="external:o", fingerprint="o", views=1, dim=4)
    assert told(fitted) == ("fitted", Changes())


def test_names_of_new_images_are_counted_with_the_images(fitted: Collection) -> None:
    plain.put(fitted, [("new 1", 0)])
    fitted.determine("specimen new 1", NAME, by="A")
    assert told(fitted) == ("stale", Changes(images_added=1))


def test_a_tuned_space_shares_it(fitted: Collection) -> None:
    tune_space(fitted)
    plain.put(fitted, [("new 1", 0)])
    assert told(fitted, "tuned") == ("stale", Changes(images_added=1))


def test_in_words() -> None:
    assert str(Changes(1, 0, 1)) == "1 image was added, 1 specimen was determined anew"
    assert str(Changes(1200, 3, 0)) == "1,200 images were added, 3 images were removed"
