"""The map that a collection keeps: followed through changes, never believed where harmed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.morphospace.map_table import map_columns, stream_of, write_parquet
from holotype.index.morphospace.morphospace import kept_morphospace, morphospace
from holotype.index.morphospace.parameters import Wanted
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.vectors.projection import Projection
from holotype.scripts.bench.faults import plain
from tests.faults.test_index_files import HARMS

from .conftest import Place

PCA = Wanted(method="pca")


def file_of(folder: Path) -> Path:
    (found,) = (folder / "index").glob("*.pca")
    return found


@pytest.mark.parametrize("images", [1, 2, 3, 10, 60])
@pytest.mark.parametrize("method", ["pca", "umap"])
@pytest.mark.usefixtures("umap_compiled")
def test_a_map_is_kept_and_read_again(place: Place, images: int, method: str) -> None:
    folder = place(images)
    with Collection.open(folder) as opened:
        made = morphospace(opened, wanted=Wanted(method=method))  # type: ignore[arg-type]
    with Collection.open(folder) as opened:
        found = kept_morphospace(opened, method=method)
        assert made.kept
        assert found.version == made.version
        assert found.coordinates.tobytes() == made.coordinates.tobytes()
        assert found.to_dict() == made.to_dict()
        assert len(found) == images
        assert not found.placed.any()
        assert verify(opened).warnings == []
        assert compact(opened).removed == []
        assert kept_morphospace(opened, method=method).version == made.version


def test_unnamed_images_have_places_too(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c") as made:
        images = [
            replace(plain.image_of(str(n)), lineage=("",) * 8, metadata={"version": "0", "x": "7"})
            for n in range(20)
        ]
        space = plain.space_of(made)
        made.store(space, [(image, plain.vector_of(image.sha256)) for image in images])
        shown = morphospace(made, wanted=PCA)
        table = map_columns(made, shown, ["species", "version", "x"])
        with pytest.raises(UsageError, match="no column 'far'"):
            map_columns(made, shown, ["far"])
    assert table.num_rows == 20
    assert set(table["x (own)"].to_pylist()) == {"7"}
    assert table["x"].to_pylist() == shown.coordinates[:, 0].tolist()
    assert table["species"].null_count == 20
    assert set(table["version"].to_pylist()) == {"0"}


def test_a_deleted_image_disappears_and_a_new_one_is_placed(place: Place) -> None:
    folder = place(60)
    with Collection.open(folder) as opened:
        before = morphospace(opened, wanted=PCA)
        ids = map_columns(opened, before)["image_id"].to_pylist()
        opened.delete([ids[3]])
        plain.put(opened, [("new", 0)])
        after = kept_morphospace(opened, method="pca")
        table = map_columns(opened, after).to_pydict()
        assert (after.gone, after.came) == (1, 1)
        assert after.version != before.version
        assert ids[3] not in table["image_id"]
        assert table["placed"] == [name == "new" for name in table["image_id"]]
        kept = {name: (x, y) for name, x, y in zip(ids, *before.coordinates.T, strict=True)}
        for name, x, y in zip(table["image_id"], table["x"], table["y"], strict=True):
            assert name == "new" or kept[name] == (x, y)
        # the axes place it where a map of all would have it, and so does another process
        vector = plain.vector_of(plain.content_of("new", 0))
        assert before.made.axes is not None
        own = before.made.axes.project(vector[None])[0]
        at = table["image_id"].index("new")
        np.testing.assert_allclose([table["x"][at], table["y"][at]], own, atol=1e-6)
        # nothing was made anew
        assert morphospace(opened, wanted=PCA).made.version == before.made.version


def test_an_image_that_is_like_no_other_is_marked_as_far(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = np.abs(rng.normal(1, 0.1, (60, plain.DIM))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    images = [plain.image_of(str(number)) for number in range(60)]
    with Collection.create(tmp_path / "c") as made:
        space = plain.space_of(made)
        made.store(space, zip(images, rows, strict=True))
        morphospace(made, wanted=PCA)
        near, far = plain.image_of("near"), plain.image_of("far")
        made.store(space, [(near, rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0)))])
        made.store(space, [(far, -rows[0])])
        shown = kept_morphospace(made, method="pca")
        table = map_columns(made, shown).to_pydict()
    marked = {name for name, one in zip(table["image_id"], table["far"], strict=True) if one}
    assert marked == {"far"}
    assert "1 of the 2 images that the map was not fitted on lie far" in shown.notes[0]


def test_a_map_of_which_much_has_changed_is_made_anew(place: Place) -> None:
    with Collection.open(place(40)) as opened:
        before = morphospace(opened, wanted=PCA)
        plain.put(opened, [(f"new {number}", 0) for number in range(10)])
        kept = kept_morphospace(opened, method="pca")
        assert kept.outdated
        assert "10 images came and 0 went" in " ".join(kept.notes)
        after = morphospace(opened, wanted=PCA)
        assert after.made.version != before.made.version
        assert not after.placed.any()
        assert len(list((opened.folder / "index").glob("*.pca"))) == 1


def test_a_map_whose_images_are_all_gone_says_so(place: Place) -> None:
    with Collection.open(place(5)) as opened:
        morphospace(opened, wanted=PCA)
        plain.put(opened, [("new", 0)])
        old = [image.image_id for image in opened.images() if image.image_id != "new"]
        opened.delete(old)
        shown = kept_morphospace(opened, method="pca")
        assert shown.far.tolist() == [True]
        assert np.isfinite(shown.coordinates).all()
        assert len(morphospace(opened, wanted=PCA)) == 1


@pytest.mark.usefixtures("umap_compiled")
def test_what_is_beyond_the_sample_is_placed(place: Place) -> None:
    with Collection.open(place(130)) as opened:
        shown = morphospace(opened, wanted=Wanted(sample=100))
        assert int(shown.placed.sum()) == 30
        assert np.isfinite(shown.coordinates).all()
        again = morphospace(opened, wanted=Wanted(sample=100), anew=True)
        assert again.coordinates.tobytes() == shown.coordinates.tobytes()
        assert again.version == shown.version
        assert morphospace(opened).version == shown.version  # what is not asked for stays


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_map_is_noticed_and_made_again(place: Place, harm: str) -> None:
    folder = place(30)
    with Collection.open(folder) as opened:
        before = morphospace(opened, wanted=PCA)
    HARMS[harm](file_of(folder))
    with Collection.open(folder) as opened:
        assert any("at the next 'holotype map'" in told for told in verify(opened).warnings)
        with pytest.raises(NotFoundError, match="keeps no map of space 'base' by pca"):
            kept_morphospace(opened, method="pca")
        again = morphospace(opened, wanted=PCA)
        assert again.coordinates.tobytes() == before.coordinates.tobytes()
        assert again.kept == (harm != "a folder in its place")


def test_a_map_of_another_users_program_is_not_believed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(10)
    with Collection.open(folder) as opened:
        morphospace(opened, wanted=PCA)
    monkeypatch.setattr("holotype.index.vectors.file.signature", lambda _: "0" * 64)
    monkeypatch.setattr("holotype.index.vectors.file.is_own", lambda *_: False)
    with Collection.open(folder) as opened, pytest.raises(NotFoundError):
        kept_morphospace(opened, method="pca")


def test_a_tuned_space_has_a_map_of_its_own_until_it_is_tuned_again(place: Place) -> None:
    def projection(seed: int) -> Projection:
        turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(plain.DIM, 4)))
        return Projection(np.zeros(plain.DIM, np.float32), turned.astype(np.float32), "whitening")

    with Collection.open(place(30)) as opened:
        base = opened.space()
        opened.add_projected_space("tuned", base, projection(0))
        morphospace(opened, wanted=PCA)
        tuned = morphospace(opened, space="tuned", wanted=PCA)
        assert kept_morphospace(opened, space="tuned", method="pca").version == tuned.version
        assert kept_morphospace(opened, method="pca").version != tuned.version
        opened.add_projected_space("tuned", base, projection(1))
        with pytest.raises(NotFoundError, match="keeps no map of space 'tuned'"):
            kept_morphospace(opened, space="tuned", method="pca")


def test_a_collection_without_a_map_says_how_to_make_one(place: Place) -> None:
    with Collection.open(place(5)) as opened:
        with pytest.raises(NotFoundError, match="'holotype map COLLECTION --space base"):
            kept_morphospace(opened)
        morphospace(opened, wanted=PCA)
        with pytest.raises(NotFoundError, match="or ask for that by pca"):
            kept_morphospace(opened)
        with pytest.raises(UsageError, match="must be umap or pca"):
            kept_morphospace(opened, method="tsne")


def test_columns_are_what_the_images_have(place: Place, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with Collection.open(place(30)) as opened:
        shown = morphospace(opened, wanted=PCA)
        allowed = np.arange(30) < 12
        table = map_columns(opened, shown, ["species", "Specimen_ID"], allowed)
        images = opened.images_at(shown.gallery.rows[:12].tolist())
        assert table["species"].to_pylist() == [one.lineage[-1] for one in images.values()]
        assert table["Specimen_ID"].to_pylist() == [one.specimen_id for one in images.values()]
        assert table["x"].type == pa.float32()
        with pytest.raises(UsageError, match="There is no column 'colour'"):
            map_columns(opened, shown, ["colour"])
        with pytest.raises(UsageError, match="33 columns are asked for; the limit is 32"):
            map_columns(opened, shown, [f"c{number}" for number in range(33)])
    assert pa.ipc.open_stream(stream_of(table)).read_all().equals(table)
    write_parquet(table, tmp_path / "map.parquet")
    assert pq.read_table(tmp_path / "map.parquet").column_names == table.column_names
