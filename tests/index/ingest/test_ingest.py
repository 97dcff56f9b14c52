"""Ingest embeds what is new, keeps what is there, and loses or doubles nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.errors import ManifestError, MismatchError
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import content_hash
from holotype.index.search.search import stored_vector
from holotype.index.upkeep.info import info, verify
from tests.conftest import Draw

pytestmark = pytest.mark.both_stores


@pytest.fixture
def pictures(tmp_path: Path, draw: Draw) -> Path:
    """Six pictures of two species."""
    folder = tmp_path / "pictures"
    for seed in range(6):
        draw(folder / f"Xestia {'ab'[seed % 2]}x" / f"{seed}.png", seed, like=seed % 2)
    return folder


@pytest.fixture
def place(tmp_path: Path, store: str) -> Path:
    if store:
        Collection.create(tmp_path / "collection", store=store).close()
    return tmp_path / "collection"


def run(source: Path, place: Path, encoder: Encoder, **options: object) -> IngestReport:
    with Collection.create(place) as collection:
        return ingest(Manifest.read(source), collection, encoder, **options)  # type: ignore[arg-type]


def embedded(place: Path) -> dict[str, str]:
    with Collection.open(place) as collection:
        return collection.embedded(collection.space())


def test_the_second_time_nothing_is_embedded(pictures: Path, place: Path, tiny: Encoder) -> None:
    first, second = run(pictures, place, tiny), run(pictures, place, tiny)
    assert (first.embedded, first.unchanged) == (6, 0)
    assert (second.embedded, second.unchanged) == (0, 6)
    assert len(embedded(place)) == 6


def test_only_what_is_new_or_changed_is_embedded(
    pictures: Path, place: Path, tiny: Encoder, draw: Draw
) -> None:
    run(pictures, place, tiny)
    draw(pictures / "Xestia ax" / "0.png", 100)
    draw(pictures / "Xestia ax" / "new.png", 101)
    report = run(pictures, place, tiny)
    assert (report.embedded, report.unchanged) == (2, 5)
    with Collection.open(place) as collection:
        image = collection.image("Xestia ax/0.png")
        assert image.sha256 == content_hash((pictures / "Xestia ax" / "0.png").read_bytes())
        pixels = tiny.preprocess(Pillow.open(pictures / "Xestia ax" / "0.png"))
        expected = tiny.encode_images(pixels[None])[0]
        np.testing.assert_allclose(stored_vector(collection, image), expected, atol=1e-6)
        assert len(collection.gallery()) == 7


def test_a_changed_label_is_stored_without_embedding_again(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    run(pictures, place, tiny)
    lines = ["path,species,sex"]
    lines += [f"Xestia {'ab'[n % 2]}x/{n}.png,Noctua comes,f" for n in range(6)]
    (pictures / "manifest.csv").write_text("\n".join(lines))
    report = run(pictures, place, tiny)
    assert (report.embedded, report.unchanged) == (0, 6)
    with Collection.open(place) as collection:
        assert {image.lineage[-1] for image in collection.images()} == {"Noctua comes"}
        assert {image.metadata["sex"] for image in collection.images()} == {"f"}
        history = collection.database.read("SELECT count(*) FROM determinations")[0][0]
        assert history == 12


def test_pictures_that_moved_are_found_at_their_new_place(
    pictures: Path, place: Path, tiny: Encoder, tmp_path: Path
) -> None:
    run(pictures, place, tiny)
    moved = tmp_path / "elsewhere"
    pictures.rename(moved)
    report = run(moved, place, tiny)
    assert (report.embedded, report.unchanged) == (0, 6)
    with Collection.open(place) as collection:
        assert all(collection.picture_path(image).is_file() for image in collection.images())


def test_a_second_folder_with_the_same_file_names_replaces_nothing(
    pictures: Path, place: Path, tiny: Encoder, tmp_path: Path, draw: Draw
) -> None:
    run(pictures, place, tiny)
    before = embedded(place)
    other = tmp_path / "other"
    draw(other / "Xestia ax" / "0.png", 500)
    draw(other / "Xestia ax" / "only here.png", 501)
    report = run(other, place, tiny)
    assert (report.embedded, report.unchanged) == (1, 0)
    assert "'Xestia ax/0.png' is that of" in report.problems[0].message
    assert before.items() <= embedded(place).items()


# Bad pictures ---------------------------------------------------------------------------------


def spoil(pictures: Path) -> None:
    """Add a text file named .jpg and a picture that is cut short."""
    whole = (pictures / "Xestia ax" / "0.png").read_bytes()
    (pictures / "Xestia ax" / "short.png").write_bytes(whole[: len(whole) // 2])
    (pictures / "Xestia ax" / "text.jpg").write_text("no picture")


def test_bad_pictures_are_listed_and_the_rest_is_stored(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    spoil(pictures)
    report = run(pictures, place, tiny)
    assert report.embedded == 6
    found = report.to_dict()
    assert found["left_out"] == 2
    errors = [problem for problem in found["problems"] if problem["severity"] == "error"]
    messages = {problem["path"]: problem["message"] for problem in errors}
    assert len(messages) == 2
    assert any("not a JPEG" in message for message in messages.values())
    assert any("cut short" in message for message in messages.values())


def test_strict_stores_nothing_where_anything_is_wrong(
    pictures: Path, place: Path, tiny: Encoder, store: str
) -> None:
    spoil(pictures)
    with pytest.raises(ManifestError, match=r"Nothing was stored: row \d.*\(and 1 more\)"):
        run(pictures, place, tiny, strict=True)
    if not store:  # there was no collection before
        assert not place.exists()
        return
    with Collection.open(place) as collection:
        assert info(collection)["images"] == 0
        assert collection.spaces() == []


def test_strict_stores_all_where_nothing_is_wrong(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    assert run(pictures, place, tiny, strict=True).embedded == 6


def test_strict_adds_nothing_to_what_is_there(
    pictures: Path, place: Path, tiny: Encoder, draw: Draw
) -> None:
    run(pictures, place, tiny)
    draw(pictures / "Xestia ax" / "new.png", 101)
    spoil(pictures)
    before = embedded(place)
    with pytest.raises(ManifestError):
        run(pictures, place, tiny, strict=True)
    assert embedded(place) == before


def test_a_source_without_one_good_picture_is_an_error(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    spoil(pictures)
    for number in range(6):
        (pictures / f"Xestia {'ab'[number % 2]}x" / f"{number}.png").unlink()
    with pytest.raises(ManifestError, match="No picture can be used: row"):
        run(pictures, place, tiny)
    (pictures / "Xestia ax" / "short.png").unlink()
    with pytest.raises(ManifestError, match="not a JPEG"):
        run(pictures, place, tiny)


def test_a_failed_ingest_does_not_bind_the_space_to_its_encoder(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    spoil(pictures)
    with pytest.raises(ManifestError):
        run(pictures, place, load_encoder(tiny.name, views=3), strict=True)
    assert run(pictures, place, tiny).embedded == 6


def test_another_encoder_is_refused_before_the_pictures_are_read(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    run(pictures, place, tiny)
    calls: list[tuple[int, int]] = []
    with pytest.raises(MismatchError):
        run(
            pictures,
            place,
            load_encoder(tiny.name, views=3),
            on_check=lambda done, total: calls.append((done, total)),
        )
    assert calls == []


def test_a_picture_that_is_gone_when_its_turn_comes_is_one_problem(
    pictures: Path, place: Path, tiny: Encoder
) -> None:
    def vanish(done: int, total: int) -> None:
        if done == total:
            (pictures / "Xestia bx" / "5.png").unlink()

    report = run(pictures, place, tiny, on_check=vanish)
    assert report.embedded == 5
    assert "does not exist" in report.problems[0].message


# Copies ---------------------------------------------------------------------------------------


def test_copies_make_the_collection_independent_of_its_source(
    pictures: Path, place: Path, tiny: Encoder, tmp_path: Path
) -> None:
    run(pictures, place, tiny, copy_images=True)
    shutil.rmtree(pictures)
    moved = place.rename(tmp_path / "moved")
    with Collection.open(moved) as collection:
        for image in collection.images():
            assert content_hash(collection.picture_path(image).read_bytes()) == image.sha256
            assert collection.thumbnail(image)
        assert verify(collection, pictures=True).warnings == []


def test_equal_pictures_share_one_copy(pictures: Path, place: Path, tiny: Encoder) -> None:
    shutil.copy(pictures / "Xestia ax" / "0.png", pictures / "Xestia ax" / "again.png")
    run(pictures, place, tiny, copy_images=True)
    assert len(list((place / "images").rglob("*.png"))) == 6
    assert len(embedded(place)) == 7


# Threads and batches --------------------------------------------------------------------------


@pytest.mark.parametrize(("threads", "batch"), [("1", "1"), ("1", "64"), ("4", "3")])
def test_threads_and_batches_change_neither_vectors_nor_order(
    source: Path,
    folder: Path,
    place: Path,
    tiny: Encoder,
    threads: str,
    batch: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLOTYPE_THREADS", threads)
    monkeypatch.setenv("HOLOTYPE_BATCH_SIZE", batch)
    run(source, place, tiny)
    with Collection.open(place) as made, Collection.open(folder) as expected:
        assert [i.image_id for i in made.images()] == [i.image_id for i in expected.images()]
        ours, theirs = (c.gallery().index.vectors for c in (made, expected))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_progress_counts_every_picture_once(pictures: Path, place: Path, tiny: Encoder) -> None:
    spoil(pictures)
    calls: list[tuple[int, int]] = []
    run(pictures, place, tiny, on_embed=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (7, 7)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
