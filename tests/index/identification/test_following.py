"""After a change a gallery is made of the one before, and what identification knows follows it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError
from holotype.index.gallery import label_files, loading
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification import gallery_reference
from holotype.index.identification import reference as references
from holotype.index.identification.gallery_reference import reference_of
from holotype.index.identification.identify import identify_vector
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.identification.reference import Reference
from holotype.index.vectors import FlatIndex, HalfIndex, LayeredIndex
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space, tune_space

IMAGES = 160


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plain.make(tmp_path / "c", IMAGES)
    with Collection.open(tmp_path / "c") as made:
        calibrate_space(made)
    return tmp_path / "c"


@pytest.fixture
def collection(folder: Path) -> Iterator[Collection]:
    with Collection.open(folder) as opened:
        yield opened


@pytest.fixture
def _followed_however_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_MANY_CHANGED", 10)
    monkeypatch.setattr(gallery_reference, "_MANY_CHANGED", 10)


def reference_now(collection: Collection) -> tuple[Gallery, Reference]:
    gallery = collection.gallery()
    kept = kept_calibration(collection, gallery)
    assert kept is not None
    reference = reference_of(gallery, kept.calibration, kept.ranks)
    assert reference is not None
    return gallery, reference


def ask(collection: Collection) -> None:
    identify_vector(collection, plain.vector_of("3" * 64), name="q")


def change(collection: Collection, rng: np.random.Generator) -> None:
    """Add, replace, edit, name, unname or delete something, or undo a determination."""
    name = f"image {rng.integers(IMAGES + 30)}"
    specimen = f"specimen image {rng.integers(IMAGES)}"
    stored = {image.image_id for image in collection.images()}
    what = rng.integers(6)
    if what == 0 and name in stored:
        collection.delete([name])
    elif what == 1:
        plain.put(collection, [(name, int(rng.integers(3))), ("another", int(rng.integers(9)))])
    elif what == 2 and name in stored:
        moved = replace(collection.image(name), specimen_id=specimen, lineage=("",) * 8)
        collection.store(collection.space(), [(moved, None)])
    elif what == 5 and collection.history():
        with suppress(HolotypeError):  # it may be undone already
            collection.undo(int(rng.integers(1, len(collection.history()))), by="T")
    elif collection.database.read("SELECT 1 FROM images WHERE specimen_id = ?", (specimen,)):
        lineage = ("",) * 8 if what == 4 else plain.lineage_of(str(rng.integers(99)))
        if what == 3 and rng.random() < 0.5:
            lineage = (*lineage[:-1], f"Xestia new{rng.integers(3)}x")
        collection.determine(specimen, lineage, by="T")


def check(collection: Collection, folder: Path) -> None:
    """Hold what was made of the states before against what a process that starts now sees."""
    gallery, reference = reference_now(collection)
    with Collection.open(folder) as other:
        fresh, wanted = reference_now(other)
        for name in ("rows", "sequence", "specimens", "taxon"):
            np.testing.assert_array_equal(getattr(gallery, name), getattr(fresh, name), name)
        np.testing.assert_array_equal(gallery.index.vectors, fresh.index.vectors)
        assert gallery.ranks == fresh.ranks
        for rank in gallery.ranks:
            assert gallery.labels(rank).names == fresh.labels(rank).names
            np.testing.assert_array_equal(gallery.labels(rank).codes, fresh.labels(rank).codes)
        order = [reference.classes.tolist().index(one) for one in wanted.classes.tolist()]
        assert len(order) == len(reference.classes)
        back = np.append(np.argsort(order), -1)
        np.testing.assert_array_equal(back[reference.member], wanted.member)
        np.testing.assert_array_equal(reference.counts[order], wanted.counts)
        for view, other_view in zip(reference.views, wanted.views, strict=True):
            np.testing.assert_allclose(view.index.vectors, other_view.index.vectors, atol=1e-5)
            np.testing.assert_allclose(view.centres[order], other_view.centres, atol=1e-5)
            np.testing.assert_allclose(view.means[order], other_view.means, atol=1e-5)
            np.testing.assert_allclose(view.spread[order], other_view.spread, atol=1e-5)
        every = np.arange(len(reference.classes))
        again = reference.with_members(reference.member, reference.pooled, every).likelihood
        model = reference.likelihood
        np.testing.assert_array_equal(
            model.specimens.counts[order], wanted.likelihood.specimens.counts
        )
        np.testing.assert_allclose(model.specimens.sums, again.specimens.sums, atol=1e-6)
        for name, part in wanted.likelihood.shape.parts.items():
            np.testing.assert_array_equal(model.shape.parts[name], part, name)
        sums = wanted.likelihood.specimens.sums
        np.testing.assert_allclose(model.specimens.sums[order], sums, atol=1e-6)
        np.testing.assert_allclose(model.heights[order], wanted.likelihood.heights, atol=1e-6)


@pytest.mark.usefixtures("_followed_however_much")
@pytest.mark.parametrize("seed", range(6))
def test_any_changes_are_followed(folder: Path, collection: Collection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference_now(collection)
    for _ in range(6):
        for _ in range(rng.integers(1, 4)):
            change(collection, rng)
        check(collection, folder)


@pytest.mark.usefixtures("_followed_however_much")
def test_deleted_images_are_found_by_counting(
    folder: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_files, "_FEW_ROWS", 2)
    reference_now(collection)
    monkeypatch.setattr("holotype.index.gallery.loading.load_columns", None)
    for numbers in ([0], [5, 6, 7], [IMAGES - 1], [20, 80, 140]):
        collection.delete([f"image {number}" for number in numbers])
        plain.put(collection, [(f"new {numbers}", 0), (f"image {numbers[0] + 1}", 2)])
        collection.gallery()
    monkeypatch.undo()
    check(collection, folder)


def test_nothing_is_built_anew_after_a_change(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(collection)
    for name in ("gallery_reference.reference_over", "reference.fit_likelihood"):
        monkeypatch.setattr(f"holotype.index.identification.{name}", None)
    for name in ("load_columns", "load_index"):
        monkeypatch.setattr(f"holotype.index.gallery.loading.{name}", None)
    event = collection.determine("specimen image 3", plain.lineage_of("x"), by="T")
    ask(collection)
    collection.undo(event, by="T")
    ask(collection)
    plain.put(collection, [("new", 0)])
    ask(collection)
    collection.delete(["new"])
    ask(collection)


def test_many_changes_are_read_and_fitted_anew(folder: Path, collection: Collection) -> None:
    ask(collection)
    for number in range(20):
        collection.determine(f"specimen image {number}", plain.lineage_of("x"), by="T")
        plain.put(collection, [(f"new {number}", 0)])
        ask(collection)
    gallery, _ = reference_now(collection)
    assert not isinstance(gallery.index, LayeredIndex) or gallery.index.changes <= 9
    check(collection, folder)


CHANGES: dict[str, Callable[[Collection], object]] = {
    "a determination": lambda c: c.determine("specimen image 3", plain.lineage_of("x"), by="T"),
    "new pictures": lambda c: plain.put(c, [(f"new {n}", 0) for n in range(3)]),
    "a deletion": lambda c: c.delete(["image 5"]),
    "an edit": lambda c: c.store(
        c.space(), [(replace(c.image("image 3"), metadata={"note": "seen"}), None)]
    ),
    "another calibration": lambda c: calibrate_space(c, seed=1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_holds_on_to_past_galleries(collection: Collection, what: str) -> None:
    tune_space(collection)
    for name in ("tuned", "base", None):
        identify_vector(
            collection, plain.vector_of("3" * 64), name="q", space=name, only=["split=train"]
        )
    gallery, reference = reference_now(collection)
    past: list[Callable[[], object]] = [weakref.ref(gallery), weakref.ref(reference)]
    del gallery, reference
    CHANGES[what](collection)
    ask(collection)
    gc.collect()
    kept = [one() is not None for one in past]
    if what in ("an edit", "another calibration"):
        kept = kept[:1]  # the gallery's data are the same, and so may the reference be
    assert not any(kept)


@pytest.mark.usefixtures("_followed_however_much")
def test_a_tuned_space_follows_too(folder: Path, collection: Collection) -> None:
    tune_space(collection)
    vector = plain.vector_of("3" * 64)
    identify_vector(collection, vector, name="q", space="tuned")
    rng = np.random.default_rng(1)
    for _ in range(6):
        change(collection, rng)
        answer = identify_vector(collection, vector, name="q", space="tuned")
        found, source = collection.gallery_and_source("tuned")
        np.testing.assert_array_equal(found.rows, source.rows)
        with Collection.open(folder) as other:
            fresh = other.gallery("tuned")
            np.testing.assert_array_equal(found.rows, fresh.rows)
            np.testing.assert_allclose(found.index.vectors, fresh.index.vectors, atol=1e-6)
            expected = identify_vector(other, vector, name="q", space="tuned")
        assert [hit.image for hit in answer.neighbours] == [
            hit.image for hit in expected.neighbours
        ]


@pytest.mark.usefixtures("_followed_however_much")
def test_lists_at_half_precision_follow(
    folder: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "_MOST_EXACT", 100)
    _, reference = reference_now(collection)
    assert isinstance(reference.views[0].index, HalfIndex)
    plain.put(collection, [("new", 0), ("image 7", 2)])
    collection.delete(["image 9"])
    gallery, reference = reference_now(collection)
    assert isinstance(reference.views[0].index, LayeredIndex)
    for view in reference.views:
        projected = view.projection.apply(gallery.index.vectors)
        np.testing.assert_allclose(view.index.vectors, projected, atol=1e-3)
        exact = FlatIndex(projected).search(projected[:20], 5)
        found = view.index.search(projected[:20], 5)
        np.testing.assert_array_equal(found[1][:, 0], exact[1][:, 0])
        assert (found[1] == exact[1]).mean() > 0.9


# What a question reads ------------------------------------------------------------------------


def test_a_warm_question_reads_three_times_at_most(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = collection.database.read

    def counted(query: str, values: object = ()) -> object:
        asked.append(query)
        return read(query, values)  # type: ignore[arg-type]

    vector = plain.vector_of("3" * 64)
    questions: list[dict[str, object]] = [
        {},
        {"only": ["split=train"]},
        {"exclude_specimens": {"specimen image 3"}},
        {"only": ["split=train"], "exclude_specimens": {"specimen image 3"}, "space": "base"},
    ]
    for question in questions:
        identify_vector(collection, vector, name="q", **question)  # type: ignore[arg-type]
    monkeypatch.setattr(collection.database, "read", counted)
    for question in questions:
        asked.clear()
        identify_vector(collection, vector, name="q", **question)  # type: ignore[arg-type]
        assert len(asked) <= 3, asked
    collection.determine("specimen image 4", plain.lineage_of("x"), by="T")
    ask(collection)
    asked.clear()
    ask(collection)
    assert len(asked) <= 3, asked
