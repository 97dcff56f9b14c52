"""The synthetic collection: the same folder every time, honest splits, exact boxes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from holotype.index.errors import UsageError
from holotype.index.manifests.manifest import Manifest
from holotype.scripts.synthetic import write_collection, write_trays
from holotype.scripts.synthetic.chambers import Chambers, grow
from holotype.scripts.synthetic.coil import Coil, positions, render_coil
from holotype.scripts.synthetic.genera import GENERA
from holotype.scripts.synthetic.plan import plan_collection
from holotype.scripts.synthetic.species import LIMIT, make_species
from holotype.scripts.synthetic.surface import rotation
from holotype.scripts.synthetic.trays import run_lengths

COLUMNS = (
    "image_id path specimen_id category family genus species split setup source licence"
).split()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a small collection, in this process."""
    folder = tmp_path_factory.mktemp("synthetic") / "shells"
    return write_collection(folder, species=6, images=5, size=64, workers=1)


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Two trays: their folder and annotations."""
    folder = tmp_path_factory.mktemp("synthetic") / "trays"
    path = write_trays(folder, trays=2, species=6, width=480, workers=1)
    return folder, json.loads(path.read_text())


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_manifest_lists_pictures_of_three_categories(small: Path) -> None:
    table = pd.read_csv(small)
    assert list(table.columns) == COLUMNS
    assert set(table.category) == {"Ammonite", "Snail", "Foraminifer"}
    assert (table.groupby("species").size() == 5).all()
    assert table.species.nunique() == 6
    assert (table.groupby("genus").species.nunique() == 2).all()
    assert table.image_id.is_unique
    for path in table.path:
        assert Image.open(small.parent / path).size == (64, 64)


def test_manifest_passes_the_checks_of_ingest(small: Path) -> None:
    good, problems = Manifest.read(small).check(decode=True)
    assert len(good) == 30
    assert not problems


def test_pictures_show_a_shell_on_a_dark_mount(small: Path) -> None:
    for path in pd.read_csv(small).path:
        grey = np.asarray(Image.open(small.parent / path).convert("L"), float)
        mount = grey[:4, :4].mean()
        assert mount < 60, path
        assert (grey > mount + 40).mean() > 0.1, path


@pytest.mark.parametrize("setup", ["clean", "both"])
def test_split_keeps_specimens_together(setup: Any) -> None:
    table = pd.DataFrame(shot.row() for shot in plan_collection(30, 40, 0, setup))
    assert (table.groupby("specimen_id")[["split", "species"]].nunique() == 1).all(axis=None)
    per_species = table.drop_duplicates("specimen_id").groupby("species").split
    share = per_species.value_counts(normalize=True).unstack()["test"]
    assert share.between(0.2, 0.3).all()
    pictures = table.groupby("specimen_id").size() // table.setup.nunique()
    assert 0.1 <= (pictures == 2).mean() <= 0.15


def test_same_seed_same_files_whatever_the_workers(tmp_path: Path) -> None:
    same = {"species": 6, "images": 8, "size": 32, "seed": 5}
    write_collection(tmp_path / "one", **same, workers=1)  # type: ignore[arg-type]
    write_collection(tmp_path / "two", **same, workers=2)  # type: ignore[arg-type]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_other_seed_other_pictures(small: Path, tmp_path: Path) -> None:
    other = write_collection(tmp_path, species=6, images=5, size=64, seed=1, workers=1)
    assert set(contents(small.parent).values()).isdisjoint(
        data for name, data in contents(other.parent).items() if name.endswith(".jpg")
    )


def test_set_ups_differ_but_show_the_same_specimens(tmp_path: Path) -> None:
    path = write_collection(tmp_path, species=3, images=2, size=64, setup="both", workers=1)
    table = pd.read_csv(path)
    assert (table.groupby("specimen_id").setup.nunique() == 2).all()
    sharpness = [
        np.abs(np.diff(np.asarray(Image.open(tmp_path / file).convert("L"), float))).max()
        for file in table.path
    ]
    by_setup = pd.Series(sharpness).groupby(table.setup).mean()
    assert by_setup["clean"] > 1.3 * by_setup["poor"]


def test_resume_draws_only_what_is_missing(small: Path) -> None:
    folder = small.parent
    before = contents(folder)
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.jpg")}
    lost = sorted(times)[7]
    lost.unlink()
    seen: list[tuple[int, int]] = []
    write_collection(
        folder,
        species=6,
        images=5,
        size=64,
        workers=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(30, 30)]
    assert contents(folder) == before
    assert {path for path, time in times.items() if path.stat().st_mtime_ns != time} == {lost}


def test_other_parameters_are_refused(small: Path) -> None:
    before = contents(small.parent)
    with pytest.raises(UsageError, match=r"images 5 \(not 6\), seed 0 \(not 3\)"):
        write_collection(small.parent, species=6, images=6, size=64, seed=3)
    with pytest.raises(UsageError, match="kind collection"):
        write_trays(small.parent)
    assert contents(small.parent) == before


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="holds other files"):
        write_collection(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"species": 0}, f"species is 0; it must be 1 to {LIMIT}"),
        ({"images": 0}, "images is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"size": 8}, "size is 8; it must be 32 to 1024"),
        ({"setup": "xray"}, "setup is 'xray'; it must be one of clean, poor, both"),
    ],
)
def test_parameters_out_of_range_are_refused(
    tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        write_collection(tmp_path, **wrong)
    assert not any(tmp_path.iterdir())


def test_boxes_are_exact(coco: tuple[Path, dict[str, Any]]) -> None:
    for annotation in coco[1]["annotations"]:
        mask = decode(annotation["segmentation"])
        left, top, width, height = annotation["bbox"]
        inside = mask[top : top + height, left : left + width]
        assert annotation["area"] == mask.sum() == inside.sum()
        edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        assert all(edge.any() for edge in edges)


def decode(segmentation: dict[str, list[int]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    counts = segmentation["counts"]
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(segmentation["size"], order="F")


def test_trays_hold_shells_that_do_not_overlap(coco: tuple[Path, dict[str, Any]]) -> None:
    folder, document = coco
    names = {category["id"]: category["name"] for category in document["categories"]}
    assert list(names.values()) == [kind.name for kind in make_species(6, 0)]
    assert len(document["images"]) == 2
    for image in document["images"]:
        assert Image.open(folder / image["file_name"]).size == (480, 360)
        mine = [a for a in document["annotations"] if a["image_id"] == image["id"]]
        assert 5 <= len(mine) <= 14
        assert np.sum([decode(a["segmentation"]) for a in mine], axis=0).max() == 1
        for annotation in mine:
            name = names[annotation["category_id"]].replace(" ", "_")
            assert annotation["specimen_id"].startswith(name)


def test_trays_are_the_same_every_time(coco: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    write_trays(tmp_path, trays=2, species=6, width=480, workers=1)
    assert contents(tmp_path) == contents(coco[0])


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (5, 2)])
def test_run_lengths_describe_the_mask(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.5
    assert np.array_equal(decode({"size": list(shape), "counts": run_lengths(mask)}), mask)


def test_species_have_names_of_their_own() -> None:
    species = make_species(LIMIT, 0)
    assert len({kind.name for kind in species}) == LIMIT
    assert {kind.genus.name for kind in species} == {genus.name for genus in GENERA}
    with pytest.raises(ValueError, match="negative"):
        make_species(1, -1)


def test_coil_grows_as_raup_defines() -> None:
    coil = Coil(expansion=2.0, distance=0.3, translation=1.5, shape=0.8)
    whorls, around = np.array([-1, 0], np.float32), np.linspace(-np.pi, np.pi, 361)
    x, y, z = positions(coil, whorls, around.astype(np.float32))
    before, last = np.hypot(x, z)
    assert last == pytest.approx(2 * before, rel=1e-5)
    assert last.min() / last.max() == pytest.approx(coil.distance, rel=1e-3)
    centres = (np.array([before, last]).min(axis=1) + np.array([before, last]).max(axis=1)) / 2
    fall = (y.min(axis=1) + y.max(axis=1)) / 2
    assert -np.diff(fall) / np.diff(centres) == pytest.approx(coil.translation, rel=1e-3)
    assert np.ptp(y[1]) / np.ptp(last) == pytest.approx(coil.shape, rel=1e-3)


def test_coil_is_seen_whole_and_in_its_frame() -> None:
    surface = render_coil(Coil(2.0, 0.3, 0.0, 1.0), rotation(0, np.pi / 2, 0), 128, 0.9)
    rows, columns = np.nonzero(surface.mask)
    assert max(np.ptp(rows), np.ptp(columns)) == pytest.approx(0.9 * 128, abs=3)
    assert (surface.normal[2] >= 0).all()
    assert np.linalg.norm(surface.normal, axis=0) == pytest.approx(1, abs=1e-4)


def test_chambers_coil_flat_without_rotation_and_zigzag_with_half_a_turn() -> None:
    flat = grow(Chambers(1.08, 0.2, 1.4, 0.0, 16)).centres
    assert np.ptp(flat[:, 2]) < 1e-9
    zigzag = grow(Chambers(1.08, 0.2, 1.4, np.pi, 16)).centres
    steps = np.diff(zigzag, axis=0)
    turns = np.cross(steps[:-1], steps[1:])[:, 2]
    assert (np.sign(turns[1:]) == -np.sign(turns[:-1])).all()
