"""`holotype identify` of many: whatever is pointed at is answered or listed."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import PictureError
from holotype.index.identification.identify import identify_pictures
from holotype.index.identification.many import batches
from holotype.index.taxonomy import RANKS
from tests.conftest import Ask, Cli, Draw


@pytest.fixture
def trip(tmp_path: Path, draw: Draw) -> Path:
    """A folder of six pictures, one of which is cut short and one of which is none."""
    folder = tmp_path / "trip"
    for number in range(4):
        draw(folder / f"p{number}.png", 900 + number, like=number % 2)
    (folder / "cut.png").write_bytes((folder / "p0.png").read_bytes()[:700])
    (folder / "words.jpg").write_text("no picture")
    return folder


GOOD, BAD = ["p0.png", "p1.png", "p2.png", "p3.png"], ["cut.png", "words.jpg"]


def lines_about(err: str, name: str) -> list[str]:
    return [line for line in err.splitlines() if name in line]


def test_one_bad_picture_costs_one_line_and_no_other_answer(
    folder: Path, trip: Path, cli: Cli
) -> None:
    pictures = [trip / name for name in ("p0.png", "cut.png", "p1.png", "words.jpg", "p2.png")]
    code, out, err = cli("identify", *pictures, trip / "none.png", "--in", folder, "--k", 2)
    assert code == 1
    shown = [line for line in out.splitlines() if line.startswith(str(trip))]
    assert shown == [str(trip / name) for name in ("p0.png", "p1.png", "p2.png")]
    for name, why in (
        ("cut.png", "cut short"),
        ("words.jpg", "not a JPEG"),
        ("none.png", "does not exist"),
    ):
        (line,) = lines_about(err, name)
        assert line.startswith("Not used: ")
        assert why in line


def test_as_many_neighbours_are_shown_as_are_asked_for(
    folder: Path, trip: Path, cli: Cli, ask: Ask
) -> None:
    for k in (1, 7):
        _, out, _ = cli("identify", trip / "p0.png", "--in", folder, "--k", k)
        assert len(re.findall(r"^ +-?[01]\.\d{3} ", out, re.MULTILINE)) == k
        assert len(ask("identify", trip / "p0.png", "--in", folder, "--k", k)["neighbours"]) == k


def entries(cli: Cli, *arguments: object) -> list[dict[str, Any]]:
    _, out, _ = cli("identify", *arguments, "--json")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_json_of_many_is_a_list_in_which_everything_has_its_path(
    folder: Path, trip: Path, cli: Cli, ask: Ask
) -> None:
    pictures = [str(trip / name) for name in ("p1.png", "cut.png", "p0.png")]
    found = entries(cli, *pictures, "--in", folder)
    assert [entry["path"] for entry in found] == pictures
    assert [set(entry) for entry in found if "error" in entry] == [{"path", "specimen_id", "error"}]
    one = ask("identify", pictures[0], "--in", folder)
    assert isinstance(one, dict)
    assert {key: found[0][key] for key in one} == one


@pytest.mark.parametrize("how", ["folder", "pattern", "csv", "tsv", "parquet", "deep pattern"])
def test_folders_patterns_and_tables_stand_for_their_pictures(
    folder: Path, trip: Path, cli: Cli, how: str
) -> None:
    names = sorted([*GOOD, *BAD])
    if how == "folder":
        argument: object = trip
    elif how.endswith("pattern"):
        argument = trip / "*" if how == "pattern" else trip.parent / "t*" / "**" / "*.???"
    else:
        argument = trip / f"list.{how}"
        if how == "parquet":
            pq.write_table(pa.table({"path": names}), argument)
        else:
            (trip / f"list.{how}").write_text("path\n" + "\n".join(names) + "\n")
    found = entries(cli, argument, "--in", folder, "--k", 1)
    assert [Path(entry["path"]).name for entry in found] == names
    assert [Path(entry["path"]).name for entry in found if "error" in entry] == BAD
    assert all(Path(entry["path"]).is_file() for entry in found)


def test_a_list_of_one_is_a_list(folder: Path, trip: Path, ask: Ask) -> None:
    for argument in (trip / "p0*", trip / "one.csv"):
        (trip / "one.csv").write_text("path\np0.png\n")
        assert len(ask("identify", argument, "--in", folder)) == 1


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(
    folder: Path, trip: Path, ask: Ask
) -> None:
    odd = (trip / "p0.png").rename(trip / "x[1].png")
    assert ask("identify", odd, "--in", folder)["image"] == str(odd)


def test_what_matches_nothing_is_told_before_any_work(folder: Path, trip: Path, cli: Cli) -> None:
    code, out, err = cli("identify", trip / "p0.png", trip / "*.tif", "--in", folder)
    assert (code, out) == (2, "")
    assert "matches no file" in err


def test_an_empty_argument_is_not_the_folder_that_one_stands_in(
    folder: Path, trip: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trip)
    code, out, err = cli("identify", "", "--in", folder)
    assert (code, out) == (2, "")
    assert "An argument is empty" in err


def test_an_address_is_a_file_of_this_machine_or_is_called_one_of_the_net(
    folder: Path, trip: Path, cli: Cli
) -> None:
    code, out, _ = cli("identify", f"file://{trip / 'p0.png'}", "--in", folder, "--json")
    assert code == 0
    assert json.loads(out)["image"] == str(trip / "p0.png")
    net = "https://example.org/a/moth.jpg"
    code, out, err = cli("identify", net, "--in", folder)
    assert (code, out) == (1, "")
    assert f"{net} is an address on the net" in err
    found = json.loads(cli("identify", net, trip / "p0.png", "--in", folder, "--json")[1])
    assert [entry.get("error", "")[: len(net)] for entry in found] == [net, ""]


def test_answers_never_replace_what_they_are_made_of(folder: Path, trip: Path, cli: Cli) -> None:
    table = trip / "list.csv"
    table.write_text("path\np0.png\n")
    database, picture = folder / "collection.sqlite", trip / "p0.png"
    before = [path.read_bytes() for path in (table, database, picture)]
    for option, path in (("--csv", table), ("--csv", database), ("--html", picture)):
        code, _, err = cli("identify", table, "--in", folder, option, path, "--overwrite")
        assert code == 2, err
        assert "name a" in err
    assert [path.read_bytes() for path in (table, database, picture)] == before
    both = ("--csv", trip / "x", "--html", trip / "x")
    code, _, err = cli("identify", table, "--in", folder, *both)
    assert code == 2
    assert "name two files" in err


def test_rows_of_one_specimen_get_one_answer(folder: Path, trip: Path, cli: Cli) -> None:
    rows = ["p0.png,A", "p1.png,B", "cut.png,A", "p2.png,A", ",C", "words.jpg,D"]
    (trip / "list.csv").write_text("path,specimen_id\n" + "\n".join(rows) + "\n")
    code, out, err = cli("identify", trip / "list.csv", "--in", folder, "--json", "--k", 1)
    found = json.loads(out)
    answers = {entry["specimen_id"]: entry for entry in found if "error" not in entry}
    assert list(answers) == ["A", "B"]
    assert [Path(path).name for path in answers["A"]["paths"]] == ["p0.png", "p2.png"]
    errors = [(entry["specimen_id"], entry["error"]) for entry in found if "error" in entry]
    assert [own for own, _ in errors] == [None, "A", "D"]
    assert "row 6: the path is empty" in errors[0][1]
    assert code == 1
    assert len(err.splitlines()) >= 3
    listed = sum(len(entry.get("paths", [0])) for entry in found)
    assert listed == len(rows)


def test_a_specimen_with_more_pictures_than_the_limit_is_listed(
    folder: Path, trip: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_IMAGES_PER_QUERY", "2")
    rows = ["p0.png,A", "p1.png,A", "p2.png,A", "p3.png,B"]
    (trip / "list.csv").write_text("path,specimen_id\n" + "\n".join(rows) + "\n")
    found = entries(cli, trip / "list.csv", "--in", folder)
    assert [entry["specimen_id"] for entry in found] == ["A", "A", "A", "B"]
    assert all("HOLOTYPE_MAX_IMAGES_PER_QUERY" in entry["error"] for entry in found[:3])


def test_batches_keep_the_order_and_are_as_good_as_one(
    collection: Collection, tiny: Encoder, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [trip / name for name in (*GOOD, "cut.png", *GOOD)]
    whole = list(batches.identify_each(collection, tiny, pictures))
    monkeypatch.setattr(batches, "_BATCH", 2)
    parts = list(batches.identify_each(collection, tiny, iter(pictures)))
    assert [one.specimen.pictures for one in parts] == [[path] for path in pictures]
    for one, other in zip(whole, parts, strict=True):
        assert (one.answer is None) == (other.answer is None)
        if one.answer is not None and other.answer is not None:
            assert one.answer.image == other.answer.image
            assert [hit.image for hit in one.answer.neighbours] == [
                hit.image for hit in other.answer.neighbours
            ]


# CSV --------------------------------------------------------------------------------------------


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_has_a_row_for_everything(folder: Path, trip: Path, cli: Cli, tmp_path: Path) -> None:
    to = tmp_path / "answers.csv"
    code, out, _ = cli("identify", trip, "--in", folder, "--csv", to)
    assert (code, out) == (1, "")
    rows = table(to)
    assert [Path(row["path"]).name for row in rows] == sorted([*GOOD, *BAD])
    for row in rows:
        if row["error"]:
            assert Path(row["path"]).name in BAD
            continue
        assert row["determination"]
        assert row["reason"]
        assert row["nearest"]
        assert -1 <= float(row["nearest_cosine"]) <= 1
        assert 0 <= float(row["species_p"]) <= 1
        assert row["calibration"] == "none"
        assert row["confidence"] == ""


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@SUM(A1)"])
def test_no_cell_is_a_formula(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trip)
    os.rename("p0.png", f"{name}.png")
    (trip / "list.csv").write_text(f"path,specimen_id\n{name}.png,{name}\n")
    cli("identify", "list.csv", "--in", folder, "--csv", tmp_path / "a.csv")
    (row,) = table(tmp_path / "a.csv")
    assert row["specimen_id"] == f"'{name}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_no_file_is_replaced_unless_the_user_says_so(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path, option: str
) -> None:
    to = tmp_path / "mine"
    to.write_text("mine")
    asked = ("identify", trip / "p0.png", "--in", folder, option, to)
    code, out, err = cli(*asked)
    assert (code, out, to.read_text()) == (2, "", "mine")
    assert "--overwrite" in err
    assert cli(*asked, "--overwrite")[0] == 0
    assert to.read_text() != "mine"
    assert cli("identify", trip / "p0.png", "--in", folder, option, tmp_path)[0] == 2


def test_what_was_answered_before_an_interruption_is_kept(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked = identify_pictures, list[int]()

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if asked:
            raise KeyboardInterrupt
        asked.append(1)
        return answer(*arguments, **options)

    monkeypatch.setattr(batches, "identify_pictures", interrupted)
    monkeypatch.setattr(batches, "_BATCH", 2)
    files = [trip / name for name in GOOD]
    to = ("--csv", tmp_path / "a.csv", "--html", tmp_path / "a.html")
    code, _, err = cli("identify", *files, "--in", folder, *to)
    assert code == 130
    assert "Interrupted after 2 of 4 specimens" in err
    assert [Path(row["path"]).name for row in table(tmp_path / "a.csv")] == GOOD[:2]
    assert not (tmp_path / "a.html").exists()


# The page ---------------------------------------------------------------------------------------


def test_the_page_has_everything_and_loads_nothing(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path
) -> None:
    to = tmp_path / "sheet.html"
    code, out, _ = cli("identify", trip, "--in", folder, "--html", to, "--k", 3)
    assert (code, out) == (1, "")
    page = to.read_text()
    for name in (*GOOD, *BAD):
        assert name in page
    assert page.count("<article") == len(GOOD)
    assert page.count("<img src=") == len(GOOD)
    assert page.count('role="img"') == 3 * len(GOOD)
    assert "<script" not in page
    sources = re.findall(r"(?:src|href)=\"([^\"]*)\"|url\(([^)]*)\)", page)
    assert {(one or other)[:5] for one, other in sources} <= {"data:", "#refu", "#unkn", "#spec"}
    styles = {
        place: page.count(f".{place}{{") for place in re.findall(r"near-picture (g\d+)", page)
    }
    assert set(styles.values()) == {1}


def test_the_most_doubtful_come_first(folder: Path, draw: Draw, cli: Cli, tmp_path: Path) -> None:
    for number in range(12):
        draw(tmp_path / "many" / f"{number}.png", 4700 + number, like=number if number < 4 else 53)
    found = entries(cli, tmp_path / "many", "--in", folder, "--html", tmp_path / "s.html")
    answers = {entry["path"]: entry for entry in found}
    shown = re.findall(r'<p class="from">([^<]+)<', (tmp_path / "s.html").read_text())
    assert sorted(shown) == sorted(answers)

    def doubt(path: str) -> tuple[int, float]:
        given, ranks = answers[path]["determination"], answers[path]["ranks"]
        rank = given["rank"] if given else "species"
        return (RANKS.index(rank) if given else -1), ranks[rank][0]["p"]

    doubts = [doubt(path) for path in shown]
    assert len({rank for rank, _ in doubts}) > 1
    assert doubts == sorted(doubts)


def test_names_are_text_and_no_markup(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path, collection: Collection
) -> None:
    evil = "<script>alert(1)</script>"
    place = RANKS.index("family")
    for image in list(collection.images()):
        lineage = (*image.lineage[:place], evil, *image.lineage[place + 1 :])
        collection.determine(image.specimen_id, lineage, by="x")
    (trip / "p0.png").rename(trip / "<img src=x onerror=y>.png")
    (trip / "p1.png").rename(trip / '" onload="z.png')
    cli("identify", trip, "--in", folder, "--html", tmp_path / "s.html")
    page = (tmp_path / "s.html").read_text()
    assert "&lt;script&gt;" in page
    for words in ("<script", "<img src=x", '" onload='):
        assert words not in page


def test_a_picture_that_the_collection_has_lost_leaves_a_gap(
    folder: Path, trip: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> bytes:
        raise PictureError("it is gone")

    monkeypatch.setattr(Collection, "thumbnail", gone)
    picture = trip / "p0.png"
    assert cli("identify", picture, "--in", folder, "--html", tmp_path / "s.html", "--k", 2)[0] == 0
    assert (tmp_path / "s.html").read_text().count("no picture") == 2
