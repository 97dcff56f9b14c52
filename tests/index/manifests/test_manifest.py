"""A manifest is checked as a whole: good rows go on, and every problem is named with its row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.errors import ManifestError
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.problems import Problem
from tests.conftest import Draw


@pytest.fixture
def folder(tmp_path: Path, draw: Draw) -> Path:
    """Pictures a.png … f.png, all different, and copy.png, which is a.png."""
    for seed, name in enumerate("abcdef"):
        draw(tmp_path / f"{name}.png", seed)
    shutil.copy(tmp_path / "a.png", tmp_path / "copy.png")
    return tmp_path


def read(folder: Path, table: str, name: str = "table.csv") -> tuple[Manifest, list[Problem]]:
    (folder / name).write_text(table, encoding="utf-8")
    return Manifest.read(folder / name).check()


def column(manifest: Manifest, name: str) -> list[str]:
    values: list[str] = manifest.frame[name].tolist()
    return values


def errors(problems: list[Problem]) -> list[tuple[int, str]]:
    return [(p.row, p.message) for p in problems if p.severity == "error"]


# Tables ---------------------------------------------------------------------------------------

TABLE = "path,image_id,species\na.png,007,Xestia baja\nb.png,008,Xestia c-nigrum\n"


def test_csv_with_a_byte_order_mark_and_with_windows_line_ends(folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"\xef\xbb\xbf" + TABLE.replace("\n", "\r\n").encode())
    manifest, problems = Manifest.read(folder / "t.csv").check()
    assert column(manifest, "image_id") == ["007", "008"]
    assert problems == []


def test_tsv_and_parquet_say_the_same_as_csv(folder: Path) -> None:
    expected, _ = read(folder, TABLE)
    tabs, _ = read(folder, TABLE.replace(",", "\t"), "table.tsv")
    pd.read_csv(folder / "table.csv", dtype=str).to_parquet(folder / "table.parquet")
    parquet, _ = Manifest.read(folder / "table.parquet").check()
    pd.testing.assert_frame_equal(tabs.frame, expected.frame)
    pd.testing.assert_frame_equal(parquet.frame, expected.frame)


def test_ids_that_look_like_numbers_stay_as_they_are(folder: Path) -> None:
    manifest, _ = read(
        folder, "path,image_id,specimen_id,weight,n\na.png,007,1e5,1.50,NA\nb.png,nan,TRUE,,null\n"
    )
    assert column(manifest, "image_id") == ["007", "nan"]
    assert column(manifest, "specimen_id") == ["1e5", "TRUE"]
    assert column(manifest, "weight") == ["1.50", ""]
    assert column(manifest, "n") == ["NA", "null"]


def test_whole_numbers_in_parquet_stay_whole_beside_missing_ones(folder: Path) -> None:
    table = pa.table({"path": ["a.png", "b.png"], "specimen_id": pa.array([7, None], pa.int64())})
    pq.write_table(table, folder / "table.parquet")
    manifest, _ = Manifest.read(folder / "table.parquet").check()
    assert column(manifest, "specimen_id") == ["7", "b.png"]


def test_vectors_in_parquet_are_passed_over(folder: Path) -> None:
    vectors = pa.array([[0.5, 0.5]], pa.list_(pa.float32(), 2))
    pq.write_table(pa.table({"path": ["a.png"], "embedding": vectors}), folder / "table.parquet")
    assert Manifest.read(folder / "table.parquet").extra_columns == []


def test_column_names_are_read_in_any_case_and_spelling(folder: Path) -> None:
    manifest, _ = read(folder, " Path ,License,rightsHolder\na.png,CC0,Museum\n")
    assert column(manifest, "licence") == ["CC0"]
    assert column(manifest, "rights_holder") == ["Museum"]


def test_own_columns_are_kept_whatever_they_are_called(folder: Path) -> None:
    manifest, _ = read(folder, "path,file,Sex,wing length (mm)\na.png,x1,f,12.50\n")
    assert manifest.extra_columns == ["file", "sex", "wing length (mm)"]
    assert column(manifest, "file") == ["x1"]
    assert column(manifest, "wing length (mm)") == ["12.50"]


def test_paths_may_be_relative_to_the_table_or_absolute(folder: Path, tmp_path: Path) -> None:
    below = folder / "lists"
    below.mkdir()
    manifest, problems = read(below, f"path\n../a.png\n{folder / 'b.png'}\n")
    assert len(manifest) == 2
    assert problems == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,species\na.png,Xestia baja\n", "no column 'path' .it has file, species."),
        ("name;species\na.png;Xestia baja\n", "no column 'path' .it has name, species."),
        ("path,Path\na.png,b.png\n", "two columns 'path'"),
        ("path,species\n", "no rows"),
        ("", "is empty; list at least one picture"),
        ("path,species\na.png,Xestia baja,Noctua\nb.png,Xestia baja,Noctua\n", "has 3 values"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(
    folder: Path, table: str, said: str
) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        read(folder, table)
    assert "\n" not in str(caught.value)


def test_a_row_of_too_many_values_is_listed_and_the_rest_goes_on(folder: Path) -> None:
    manifest, problems = read(folder, "path,species\na.png,Xestia baja\nb.png,Xestia baja,more\n")
    assert column(manifest, "path") == ["a.png"]
    assert [row for row, _ in errors(problems)] == [3]
    assert "the row has 3 values, the header 2" in errors(problems)[0][1]


def test_a_damaged_parquet_is_refused(folder: Path) -> None:
    (folder / "t.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(ManifestError, match="cannot be read as a table"):
        Manifest.read(folder / "t.parquet")


def test_a_frame_of_pandas_may_hold_paths_numbers_and_nothing(folder: Path) -> None:
    frame = pd.DataFrame({"path": [folder / "a.png", "b.png"], "n": [1, 2], "species": None})
    manifest, problems = Manifest.from_pandas(frame, root=folder).check()
    assert column(manifest, "n") == ["1", "2"]
    assert column(manifest, "species") == ["", ""]
    assert problems == []


# What the check finds -------------------------------------------------------------------------


def test_every_problem_is_listed_with_the_row_of_the_spreadsheet(folder: Path) -> None:
    (folder / "text.png").write_text("no picture")
    manifest, problems = read(
        folder,
        "path,image_id,genus,species,remarks\n"
        "a.png,1,,Xestia baja,\n"  # row 2
        'missing.png,2,,Xestia baja,"two\nlines"\n'  # row 3
        "\n"  # row 4
        "b.png,1,,Xestia baja,\n"  # row 5
        "text.png,3,,Xestia baja,\n"  # row 6
        "c.png,4,Noctua,Xestia baja,\n"  # row 7
        ",5,,Xestia baja,\n"  # row 8
        "d.png,6,,gambusia,\n"  # row 9
        ",,,,\n"  # row 10
        "e.png,7,,Xestia baja,\n",
    )
    assert column(manifest, "image_id") == ["1", "6", "7"]
    assert [row for row, _ in errors(problems)] == [3, 5, 6, 7, 8]
    said = dict(errors(problems))
    assert "missing.png does not exist" in said[3]
    assert said[5] == "image_id '1' is already in row 2; give each its own"
    assert "not a JPEG" in said[6]
    assert "not in genus 'Noctua'" in said[7]
    assert "the path is empty" in said[8]
    assert [(p.row, p.severity) for p in problems if p.severity == "note"] == [(9, "note")]


def test_the_same_picture_under_two_species_is_left_out_with_both_rows(folder: Path) -> None:
    manifest, problems = read(
        folder, "path,species\na.png,Xestia baja\ncopy.png,Noctua comes\nb.png,Xestia baja\n"
    )
    assert column(manifest, "path") == ["b.png"]
    assert [row for row, _ in errors(problems)] == [2, 3]
    assert errors(problems)[0][1] == (
        "the same picture is given as 'Noctua comes' in row 3 and 'Xestia baja' in row 2; keep one"
    )


@pytest.mark.parametrize("again", ["a.png", "./a.png"])
def test_a_row_that_names_a_picture_again_tells_of_the_names(folder: Path, again: str) -> None:
    manifest, problems = read(
        folder, f"path,species\na.png,Xestia baja\nb.png,Xestia baja\n{again},Noctua comes\n"
    )
    assert column(manifest, "path") == ["b.png"]
    said = "the same picture is given as 'Noctua comes' in row 4 and 'Xestia baja' in row 2"
    assert errors(problems) == [(2, f"{said}; keep one"), (4, f"{said}; keep one")]


def test_a_row_that_is_there_twice_is_left_out_once(folder: Path) -> None:
    manifest, problems = read(folder, "path,species\na.png,Xestia baja\na.png,\n")
    assert column(manifest, "path") == ["a.png"]
    assert errors(problems) == [
        (3, "the picture 'a.png' is already in row 2; leave one of them out")
    ]


def test_the_same_picture_twice_under_one_species_is_kept_and_noted(folder: Path) -> None:
    manifest, problems = read(folder, "path,species\na.png,Xestia baja\ncopy.png,Xestia baja\n")
    assert len(manifest) == 2
    assert [(p.row, p.severity) for p in problems] == [(3, "note")]


def test_a_specimen_with_two_species_keeps_the_first(folder: Path) -> None:
    manifest, problems = read(
        folder,
        "path,specimen_id,species\n"
        "a.png,s,Xestia baja\nb.png,s,Xestia c-nigrum\nc.png,s,Xestia baja\nd.png,t,Noctua comes\n",
    )
    assert column(manifest, "path") == ["a.png", "c.png", "d.png"]
    assert [row for row, _ in errors(problems)] == [3]
    assert "specimen 's'" in errors(problems)[0][1]


def test_no_row_left_is_no_crash(folder: Path) -> None:
    for table in (
        "path,species\nx.png,Xestia baja\ny.png,Xestia baja\n",
        "path,genus,species\na.png,Noctua,Xestia baja\n",
        "path,species\na.png,Xestia baja\ncopy.png,Noctua comes\n",
    ):
        manifest, problems = read(folder, table)
        assert len(manifest) == 0
        assert errors(problems)


def test_a_full_decode_finds_what_the_header_hides(folder: Path) -> None:
    whole = (folder / "a.png").read_bytes()
    (folder / "short.png").write_bytes(whole[: len(whole) // 2])
    (folder / "t.csv").write_text("path\nshort.png\nb.png\n")
    manifest = Manifest.read(folder / "t.csv")
    assert len(manifest.check()[0]) == 2
    good, problems = manifest.check(decode=True)
    assert column(good, "path") == ["b.png"]
    assert "cut short" in problems[0].message


def test_progress_counts_to_the_end(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    read(folder, TABLE)
    Manifest.read(folder / "table.csv").check(
        progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(1, 2), (2, 2)]
