"""`holotype map`: figures and tables of a collection, and one sentence where something is off."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import Ask, Cli


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_a_figure_is_written_and_told(ask: Ask, folder: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"map.{kind}"
    said = ask(
        "map", folder, "--method", "pca", "--colour", "genus", "--thumbnails", 2, "--out", file
    )
    assert file.stat().st_size > 5000
    assert (said["images"], said["shown"], said["column"], said["groups"]) == (40, 40, "genus", 3)
    assert said["names"] == "legend"
    assert said["unlabelled"] == []
    assert said["notes"] == []
    assert said["parameters"]["method"] == "pca"
    assert len(said["explained"]) == 2
    assert 0 < said["quality"]["trustworthiness"] <= 1
    if kind == "svg":
        text = file.read_text()
        assert all(name in text for name in ("Xestia (20)", "Catocala (10)", "Salmo (10)"))
        assert text.count("<image") == 2  # the medoids


def test_a_table_holds_places_and_ranks(ask: Ask, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "map.parquet"
    only = ("--where", "category=Moth")
    said = ask("map", folder, "--method", "pca", "--colour", "sex", *only, "--out", file)
    table = pq.read_table(file)
    assert table.num_rows == said["shown"] == 30
    assert {"image_id", "x", "y", "placed", "far", "specimen_id", "species", "sex"} <= set(
        table.column_names
    )
    about = json.loads(table.schema.metadata[b"holotype"])
    assert about["version"] == said["version"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--colour", "wing"), "There is no column 'wing'"),
        (("--method", "tsne"), "method is 'tsne'; it must be umap or pca"),
        (("--out", "map.jpg"), "name a file that ends in .svg, .pdf, .png, .parquet"),
        (("--out", "none/map.svg"), "name a file in a folder that exists"),
        (("--shade", "fog"), "--shade is fog; it must be one of auto, hulls, density, none"),
        (("--where", "category=Bird"), "No image in space 'base' has category 'Bird'"),
        (("--n-neighbors", 1), "n_neighbors is 1; it must be 2 to 200"),
        (("--seed", -1), "seed is -1; it must be 0 to 4294967295"),
        (("--space", "none"), "none"),
    ],
)
def test_what_is_off_is_told_in_one_sentence(
    cli: Cli, folder: Path, options: tuple[object, ...], words: str
) -> None:
    code, out, said = cli("map", folder, *options)
    assert code == 2
    assert out == ""
    assert words in said
    assert said.count("\n") == 1
    assert not list((folder / "index").glob("*.umap"))


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "parquet"])
def test_a_map_is_written_anew_and_nothing_else_is_replaced(
    cli: Cli, folder: Path, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"map.{kind}"
    for _ in range(2):
        assert cli("map", folder, "--method", "pca", "--out", file)[0] == 0
    file.write_bytes(b"somebody's own")
    code, _, said = cli("map", folder, "--method", "pca", "--out", file)
    assert code == 2
    assert "no map that this program wrote; name another file" in said
    assert file.read_bytes() == b"somebody's own"


def test_without_a_file_the_map_is_kept_and_described(cli: Cli, folder: Path) -> None:
    code, out, _ = cli("map", folder, "--method", "pca")
    assert code == 0
    assert "40 images of space 'base' by pca, seed 0" in out
    assert "Trustworthiness" in out
    assert list((folder / "index").glob("*.pca"))
