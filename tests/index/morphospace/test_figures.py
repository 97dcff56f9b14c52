"""Figures: names that can be read, colours that differ, files that hold what they should."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from holotype.index.arrays import Embeddings
from holotype.index.errors import UsageError
from holotype.index.morphospace.figures.figure import draw
from holotype.index.morphospace.figures.groups import Groups
from holotype.index.morphospace.figures.lettering import Sheet, place_labels
from holotype.index.morphospace.figures.outlines import hulls
from holotype.index.morphospace.figures.palette import by_place, in_turn
from holotype.index.morphospace.figures.plot import Plot

SEED = 11


def plot(taxa: int, each: int = 8, column: str = "species", **more: object) -> Plot:
    """Taxa scattered over a plane, named `Genusa epitheta` and so on."""
    rng = np.random.default_rng(SEED)
    codes = np.repeat(np.arange(taxa), each)
    places = rng.uniform(0, 10, (taxa, 2))[codes] + rng.normal(0, 0.15, (taxa * each, 2))
    letters = [chr(97 + number // 26) + chr(97 + number % 26) for number in range(taxa)]
    names = [f"G{letter}us epithet{letter}" for letter in letters]
    none = np.zeros(len(codes), bool)
    return Plot(
        places.astype(np.float32), none, none, Groups(column, names, codes), **more  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("names", [1, 30, 100])
def test_no_name_lies_over_another_or_outside(seed: int, names: int) -> None:
    rng = np.random.default_rng(SEED + seed)
    points = rng.normal(250, 60, (1000, 2)).clip(0, 500)
    anchors = points[rng.choice(1000, names, replace=False)]
    sizes = np.stack((rng.uniform(20, 50, names), np.full(names, 6.0)), axis=1)
    boxes = place_labels(Sheet(500, 500, points), anchors, sizes)
    assert not np.isnan(boxes).any()
    assert (boxes >= 0).all()
    assert (boxes <= 500).all()
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], sizes)
    for one in range(names):
        others = np.delete(boxes, one, axis=0)
        over = (others[:, :2] < boxes[one, 2:]) & (others[:, 2:] > boxes[one, :2])
        assert not over.all(axis=1).any()


def test_a_name_that_fits_nowhere_is_told(tmp_path: Path) -> None:
    boxes = place_labels(
        Sheet(50, 50, np.zeros((0, 2))), np.full((2, 2), 25.0), np.full((2, 2), 90.0)
    )
    assert np.isnan(boxes).all()
    drawn = draw(plot(200), tmp_path / "map.svg")
    assert len(drawn.unlabelled) >= 50  # at most 150 names are set
    assert set(drawn.unlabelled) <= set(plot(200).groups.names)


def test_neighbouring_taxa_have_different_colours() -> None:
    anchors = np.random.default_rng(SEED).uniform(0, 1, (100, 2))
    colours = by_place(anchors)
    apart = np.linalg.norm(anchors[:, None] - anchors, axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(axis=1)
    assert (colours != colours[nearest]).all()
    assert len(set(in_turn(14))) == 14


def test_hulls_enclose_parts_and_not_what_lies_between() -> None:
    rng = np.random.default_rng(SEED)
    places: Embeddings = np.concatenate(
        (rng.normal(0, 0.05, (20, 2)), rng.normal(9, 0.05, (20, 2)), [[4, 5]])
    ).astype(np.float32)
    found = hulls(places, (0, 10, 0, 10))
    assert len(found) == 2
    assert all(np.ptp(corners, axis=0).max() < 1 for corners in found)
    assert hulls(np.ones((9, 2), np.float32), (0, 10, 0, 10)) == []  # all on one spot


@pytest.mark.parametrize(
    ("taxa", "names"), [(1, "legend"), (7, "legend"), (14, "legend"), (15, "map"), (100, "map")]
)
def test_every_taxon_is_named_in_the_figure(tmp_path: Path, taxa: int, names: str) -> None:
    shown = plot(taxa)
    drawn = draw(shown, tmp_path / "map.svg")
    assert drawn.names == names
    assert drawn.unlabelled == []
    text = (tmp_path / "map.svg").read_text()
    words = shown.groups.short_names() if taxa >= 40 else shown.groups.names
    for word in words:
        assert re.search(rf">{re.escape(word)}( \(8\))?<", text), word


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
@pytest.mark.parametrize("taxa", [7, 99])
def test_the_same_picture_gives_the_same_file(tmp_path: Path, kind: str, taxa: int) -> None:
    files = [tmp_path / f"{name}.{kind}" for name in ("one", "two")]
    for file in files:
        draw(plot(taxa), file)
    assert files[0].stat().st_size > 10_000
    assert files[0].read_bytes() == files[1].read_bytes()
    if kind == "png":
        with Image.open(files[0]) as opened:
            assert opened.width == round(510 / 72 * 300)


def test_many_points_are_a_picture_in_a_vector_file(tmp_path: Path) -> None:
    draw(plot(5, each=2000), tmp_path / "map.svg")
    text = (tmp_path / "map.svg").read_text()
    assert "<image" in text
    assert len(text) < 2_000_000


@pytest.mark.parametrize("shade", ["hulls", "density", "none", "auto"])
@pytest.mark.parametrize("method", ["umap", "pca"])
def test_every_way_of_drawing_works_for_few_and_odd_images(
    tmp_path: Path, shade: str, method: str
) -> None:
    unnamed = Groups("species", [], np.full(3, -1))
    one = Groups("species", ["Xestia baja"], np.array([0]))
    for number, (groups, places) in enumerate(
        [
            (one, np.zeros((1, 2))),
            (unnamed, np.zeros((3, 2))),
            (unnamed, np.array([[0, 0], [0, 1], [0, 2]])),
        ]
    ):
        marks = np.ones(len(places), bool)
        explained = (0.5, 0.1) if method == "pca" else ()
        shown = Plot(
            places.astype(np.float32), marks, marks, groups, method, explained, shade  # type: ignore[arg-type]
        )  # fmt: skip
        draw(shown, tmp_path / f"{number}.svg")
        text = (tmp_path / f"{number}.svg").read_text()
        assert ("Principal axis 1 (50.0 %)" in text) == (method == "pca")
        assert "placed later" in text


def test_a_measurement_has_a_scale(tmp_path: Path) -> None:
    codes = np.arange(20)
    groups = Groups("length", [str(n) for n in codes], codes, np.arange(20.0))
    places = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    none = np.zeros(20, bool)
    drawn = draw(Plot(places, none, none, groups), tmp_path / "map.svg")
    assert drawn.names == "scale"
    assert ">length<" in (tmp_path / "map.svg").read_text()


def test_thumbnails_lie_in_the_map(tmp_path: Path) -> None:
    red = np.zeros((30, 60, 3), np.uint8)
    red[..., 0] = 255
    draw(plot(3, thumbnails={0: red, 2: red}), tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    is_red = (pixels[..., 0] > 240) & (pixels[..., 1:] < 15).all(axis=2)
    assert is_red.sum() > 1.5 * (24 / 72 * 300) * (12 / 72 * 300)


def test_names_are_drawn_as_they_are_written(tmp_path: Path) -> None:
    groups = Groups("price", ["$5 & <b>", "$x^2$", "a\x1b[0m\nb"], np.array([0, 1, 2]))
    places = np.eye(3, 2, dtype=np.float32)
    none = np.zeros(3, bool)
    draw(Plot(places, none, none, groups), tmp_path / "map.svg")
    text = (tmp_path / "map.svg").read_text()
    assert "$5 &amp; &lt;b&gt; (1)" in text
    assert "$x^2$ (1)" in text
    assert "\x1b" not in text


def test_species_of_one_short_name_keep_their_genera() -> None:
    names = ["Xestia baja", "Xylena baja", "Salmo trutta", "Salmo"]
    groups = Groups("species", names, np.arange(4))
    assert groups.short_names() == ["Xestia baja", "Xylena baja", "S. trutta", "Salmo"]


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in none of \.svg, \.pdf, \.png"):
        draw(plot(2), tmp_path / "map.jpg")
