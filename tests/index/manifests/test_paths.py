"""A path is the one file that it means, however it is spelled; else it is said what is wrong."""

from __future__ import annotations

import csv
import shutil
import unicodedata
from pathlib import Path

import pytest

from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.problems import Problem
from tests.conftest import Draw

NAME = "Käfer_Ö 1.png"


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.fixture
def folder(tmp_path: Path, draw: Draw) -> Path:
    draw(tmp_path / "In Box" / "A.PNG", 1)
    draw(tmp_path / "In Box" / nfd(NAME), 2)
    draw(tmp_path / "In Box" / "50%25.png", 3)
    return tmp_path


def read(folder: Path, *paths: str) -> tuple[Manifest, list[Problem]]:
    with open(folder / "t.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["path"], *([path] for path in paths)])
    return Manifest.read(folder / "t.csv").check()


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("In Box\\A.PNG", "backslashes"),
        (".\\In Box\\a.png", "backslashes and letter case"),
        ("in box/a.png", "letter case"),
        ("In%20Box/A.PNG", "%20"),
        ("in%20box\\a.png", "backslashes and %20 and letter case"),
        ('"In Box/A.PNG"', "quotes"),
        ("'In Box/A.PNG'", "quotes"),
        ("In Box / A.PNG", "spaces"),
    ],
)
def test_a_path_is_found_under_another_spelling_and_told_of(
    folder: Path, path: str, spelling: str
) -> None:
    kept, problems = read(folder, path)
    assert kept.frame[["path", "image_id", "specimen_id"]].to_numpy().tolist() == [
        ["In Box/A.PNG"] * 3
    ]
    [note] = problems
    assert note.severity == "note"
    assert f"1 path is spelled otherwise than the file ({spelling}): " in note.message


def test_unicode_forms_are_one_name_either_way(folder: Path, draw: Draw) -> None:
    draw(folder / "é.png", 4)
    kept, problems = read(folder, f"In Box/{NAME}", nfd("é.png"))
    assert kept.frame["path"].tolist() == [f"In Box/{nfd(NAME)}", "é.png"]
    [note] = problems
    assert note.message.startswith("2 paths are spelled otherwise than the file (Unicode form)")


def test_a_file_address_and_a_home_are_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder / "In Box"))
    address = (folder / "In Box" / "A.PNG").as_uri()
    for path in (address, address.replace("file://", "file://localhost"), "~/A.PNG"):
        kept, _ = read(folder, path)
        assert kept.frame["path"].tolist() == ["In Box/A.PNG"]


def test_a_name_that_exists_as_it_is_written_is_taken_as_it_is(folder: Path, draw: Draw) -> None:
    draw(folder / "x%20y.png", 5)
    draw(folder / "x y.png", 6)
    kept, problems = read(folder, "x%20y.png", "In Box/50%25.png")
    assert kept.frame["path"].tolist() == ["x%20y.png", "In Box/50%25.png"]
    assert problems == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("https://example.org/a.png", "Holotype does not download: fetch the picture first"),
        ("s3://bucket/a.png", "does not download"),
        ("C:\\Users\\x\\In Box\\A.PNG", "drive C: of another machine (Windows); 'In Box/A.PNG'"),
        ("\\\\nas\\share\\a.png", "on a share of another machine"),
        ("file:///D:/x/a.png", "on the drive D: of"),
        ("file://nas/x/a.png", "names a file of the machine 'nas'"),
        ("In Box/none.png", "does not exist; correct the path"),
        ("Out/of/none.png", "is the last folder that does"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_path_is_said(folder: Path, path: str, said: str) -> None:
    kept, [problem] = read(folder, path, "In Box/A.PNG")
    assert len(kept) == 1
    assert said in problem.message
    assert problem.reason in ("missing file", "address on the net")


def test_two_files_that_a_path_may_mean_are_named(folder: Path) -> None:
    shutil.copy(folder / "In Box" / "A.PNG", folder / "In Box" / "a.PNG")
    kept, [problem] = read(folder, "in box/a.png")
    assert len(kept) == 0
    assert "may be 'A.PNG' and 'a.PNG'; write the path as the file has it" in problem.message


def test_one_file_under_two_spellings_is_listed_and_not_stored_twice(folder: Path) -> None:
    kept, problems = read(folder, "In Box/A.PNG", "In Box\\A.PNG", "in box/A.PNG")
    assert kept.frame["image_id"].tolist() == ["In Box/A.PNG"]
    assert [one.row for one in problems if one.severity == "error"] == [3, 4]


def test_an_id_of_the_user_stays_whatever_the_path(folder: Path) -> None:
    (folder / "t.csv").write_text("path,image_id\nIn Box\\A.PNG,17\n")
    kept, _ = Manifest.read(folder / "t.csv").check()
    row = kept.frame.iloc[0]
    assert (row["path"], row["image_id"], row["specimen_id"]) == ("In Box/A.PNG", "17", "17")
