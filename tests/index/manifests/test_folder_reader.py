"""A folder tree is a manifest: its folders are the names."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.errors import ManifestError, UsageError
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw


def column(manifest: Manifest, name: str) -> list[str]:
    values: list[str] = manifest.frame[name].tolist()
    return values


def test_a_folder_of_species_is_labelled_by_its_folders(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "Xestia_baja" / "1.png", 1)
    draw(tmp_path / "Quercus x turneri" / "2.PNG", 2)
    draw(tmp_path / "gambusia" / "3.png", 3)
    draw(tmp_path / "loose.png", 4)
    manifest, problems = Manifest.read(tmp_path).check()
    found = dict(zip(manifest.frame["path"], manifest.frame["species"], strict=True))
    assert found == {
        "Xestia_baja/1.png": "Xestia baja",
        "Quercus x turneri/2.PNG": "Quercus × turneri",
        "gambusia/3.png": "",
        "loose.png": "",
    }
    assert {problem.severity for problem in problems} == {"note"}
    assert column(manifest, "image_id") == column(manifest, "specimen_id")


def test_a_folder_of_categories_gives_category_and_species(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "Moth" / "Xestia baja" / "1.png", 1)
    draw(tmp_path / "Fish" / "Salmo_trutta" / "2.png", 2)
    manifest, _ = Manifest.read(tmp_path).check()
    rows = manifest.frame[["category", "genus", "species"]].to_numpy().tolist()
    assert rows == [["Fish", "Salmo", "Salmo trutta"], ["Moth", "Xestia", "Xestia baja"]]


def test_what_is_no_picture_or_is_hidden_is_passed_over(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "Xestia baja" / "1.png", 1)
    draw(tmp_path / "Xestia baja" / "._1.png", 1)
    draw(tmp_path / ".cache" / "1.png", 1)
    (tmp_path / "Xestia baja" / "notes.txt").write_text("on Calluna")
    assert len(Manifest.read(tmp_path)) == 1


def test_a_collection_inside_the_folder_adds_none_of_its_own_pictures(
    tmp_path: Path, draw: Draw
) -> None:
    draw(tmp_path / "Xestia baja" / "1.png", 1)
    draw(tmp_path / "Xestia baja" / ("a" * 64 + ".png"), 2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "collection.sqlite").touch()
    draw(tmp_path / "mine" / "images" / "bb" / ("b" * 64 + ".png"), 3)
    draw(tmp_path / "mine" / "thumbnails" / ("b" * 64 + "-256.png"), 4)
    draw(tmp_path / "mine" / "Noctua comes" / "5.png", 5)
    found = set(column(Manifest.read(tmp_path), "path"))
    assert found == {"Xestia baja/1.png", f"Xestia baja/{'a' * 64}.png", "mine/Noctua comes/5.png"}


def test_odd_file_names_are_only_names(tmp_path: Path, draw: Draw) -> None:
    odd = ["ä ö.png", "日本 (1).png", "a%20b#?.png", "[bold]'\".png", "x" * 250 + ".png"]
    for seed, name in enumerate(odd):
        draw(tmp_path / "Xestia baja" / name, seed)
    manifest, problems = Manifest.read(tmp_path).check()
    assert len(manifest) == len(odd)
    assert problems == []


def test_a_folder_with_a_manifest_is_read_through_it(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "Noctua comes" / "a.png", 1)
    (tmp_path / "manifest.csv").write_text("path,species\nNoctua comes/a.png,Xestia baja\n")
    assert column(Manifest.read(tmp_path), "species") == ["Xestia baja"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="holds no pictures"):
        Manifest.read(tmp_path)


def test_a_source_that_is_not_there_or_no_table_is_refused(tmp_path: Path, draw: Draw) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        Manifest.read(tmp_path / "none.csv")
    with pytest.raises(ManifestError, match="neither a folder nor a table"):
        Manifest.read(draw(tmp_path / "a.png", 1))
