"""What the levels of folders are is told by their names, or asked; no wrong taxon is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.errors import ManifestError, UsageError
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw


def tree(root: Path, draw: Draw, *paths: str) -> Path:
    for seed, path in enumerate(paths):
        draw(root / path, seed)
    return root


def rows(root: Path, *columns: str, levels: str = "") -> list[tuple[str, ...]]:
    kept, _ = Manifest.read(root, levels=levels.split(",") if levels else ()).check()
    found = sorted(kept.frame[list(columns)].itertuples(index=False, name=None))
    return [tuple(map(str, row)) for row in found]


@pytest.mark.parametrize(
    "parts",
    [("train", "val"), ("Train", "Test"), ("training", "validation", "test"), ("dev", "eval")],
)
def test_the_parts_of_a_split_are_no_categories(
    tmp_path: Path, draw: Draw, parts: tuple[str, ...]
) -> None:
    tree(tmp_path, draw, *(f"{part}/Salmo trutta/1.png" for part in parts))
    found = rows(tmp_path, "split", "category", "species")
    assert found == sorted((part.lower(), "", "Salmo trutta") for part in parts)


def test_a_split_may_be_above_categories_or_below_the_species(tmp_path: Path, draw: Draw) -> None:
    above = tree(
        tmp_path / "a", draw, "train/Fish/Salmo trutta/1.png", "val/Moth/Xestia baja/2.png"
    )
    below = tree(tmp_path / "b", draw, "Salmo trutta/train/1.png", "Salmo trutta/val/2.png")
    columns = ("split", "category", "species")
    assert rows(above, *columns) == [
        ("train", "Fish", "Salmo trutta"),
        ("val", "Moth", "Xestia baja"),
    ]
    assert rows(below, *columns) == [("train", "", "Salmo trutta"), ("val", "", "Salmo trutta")]


def test_folders_of_families_are_families_and_no_categories(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "Apidae/Apis cerana/1.png", "Poaceae/Poa annua/2.png", "Fish/Esox/3.png")
    assert rows(tmp_path, "category", "family", "genus") == [
        ("", "Apidae", "Apis"),
        ("", "Poaceae", "Poa"),
        ("Fish", "", "Esox"),
    ]


def test_a_split_among_other_folders_is_asked_about(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "train/Salmo trutta/1.png", "extra/Salmo trutta/2.png")
    with pytest.raises(ManifestError, match="look like the parts of a split, beside extra"):
        Manifest.read(tmp_path)
    assert rows(tmp_path, "split", "species", levels="split,species") == [
        ("extra", "Salmo trutta"),
        ("train", "Salmo trutta"),
    ]


@pytest.mark.parametrize(
    ("paths", "levels", "column", "value"),
    [
        (("Salmo trutta/17/a.png", "Esox lucius/18/b.png"), "species,specimen_id",
         "specimen_id", "17"),
        (("Salmo_trutta/left/a.png", "Esox_lucius/left/b.png"), "species,specimen_id",
         "genus", "Salmo"),
        (("Salmo/trutta/a.png", "Esox/lucius/b.png"), "genus,species", "species", "Esox lucius"),
        (("Salmonidae/Salmo/trutta/a.png",), "family,genus,species", "species", "Salmo trutta"),
        (
            ("Insecta/Lepidoptera/Noctuidae/Xestia/baja/a.png",),
            "class,order,family,genus,species",
            "order",
            "Lepidoptera",
        ),
        (("train/Salmo trutta/S-1/a.png", "val/Salmo trutta/S-2/b.png"),
         "split,species,specimen_id", "split", "train"),
        (("Trout/0001/a.png", "Trout/0002/b.png"), "category,specimen_id", "category", "Trout"),
    ],
)  # fmt: skip
def test_a_tree_that_cannot_be_told_gets_a_question_with_its_answer(
    tmp_path: Path, draw: Draw, paths: tuple[str, ...], levels: str, column: str, value: str
) -> None:
    tree(tmp_path, draw, *paths)
    with pytest.raises(ManifestError, match="levels of folders deep") as asked:
        Manifest.read(tmp_path)
    assert f"such as --levels {levels} (" in str(asked.value)
    assert "\n" not in str(asked.value)
    assert (value,) in rows(tmp_path, column, levels=levels)


def test_specimens_of_one_number_below_two_species_stay_two(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "Salmo trutta/1/a.png", "Salmo trutta/1/b.png", "Salmo salar/1/c.png")
    found = rows(tmp_path, "specimen_id", levels="species,specimen_id")
    assert found == [("Salmo salar/1",), ("Salmo trutta/1",), ("Salmo trutta/1",)]


def test_a_level_may_say_nothing_and_what_lies_deeper_is_listed(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "2024/Salmo trutta/a.png", "2024/Salmo trutta/old/b.png", "c.png")
    kept, problems = Manifest.read(tmp_path, levels=["-", "species"]).check()
    assert sorted(kept.frame["species"]) == ["", "Salmo trutta"]
    assert "-" not in kept.frame
    [problem] = problems
    assert (problem.severity, problem.reason) == ("error", "deeper than the levels")
    assert problem.path == "2024/Salmo trutta/old/b.png"


@pytest.mark.parametrize(
    ("levels", "said"), [("specie", "is none of"), ("species,species", "names 'species' twice")]
)
def test_levels_that_there_are_not_are_refused(
    tmp_path: Path, draw: Draw, levels: str, said: str
) -> None:
    tree(tmp_path, draw, "Salmo trutta/a.png")
    with pytest.raises(UsageError, match=said):
        Manifest.read(tmp_path, levels=levels.split(","))
    (tmp_path / "t.csv").write_text("path\nx.png\n")
    with pytest.raises(UsageError, match="--levels is for folders"):
        Manifest.read(tmp_path / "t.csv", levels=["species"])


def test_names_of_inaturalist_are_read_as_lineages(tmp_path: Path, draw: Draw) -> None:
    folder = "00017_Animalia_Chordata_Actinopterygii_Salmoniformes_Salmonidae_Salmo_trutta"
    tree(tmp_path, draw, f"{folder}/1.png")
    assert rows(tmp_path, "class", "family", "species") == [
        ("Actinopterygii", "Salmonidae", "Salmo trutta")
    ]
