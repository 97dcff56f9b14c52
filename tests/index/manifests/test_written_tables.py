"""Tables in text are read as they are written: letters, delimiters, quotes, ends of lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.errors import ManifestError
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.problems import Problem, in_short
from tests.conftest import Draw


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    made = tmp_path_factory.mktemp("tables")
    for seed, name in enumerate("abcdef"):
        draw(made / f"{name}.png", seed)
    return made


def read(folder: Path, data: str | bytes, name: str = "t.csv") -> tuple[Manifest, list[Problem]]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    try:
        return Manifest.read(path).check()
    finally:
        path.unlink()


def values(folder: Path, data: str, column: str, name: str = "t.csv") -> list[str]:
    kept, problems = read(folder, data, name)
    assert [one for one in problems if one.severity == "error"] == []
    return [str(value) for value in kept.frame[column]]


TABLE = "path,locality\na.png,Mühle\nb.png,\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.tab"])
def test_every_way_to_write_a_table_says_the_same(
    folder: Path, name: str, encoding: str, delimiter: str, end: str
) -> None:
    data = TABLE.replace(",", delimiter).replace("\n", end).encode(encoding)
    kept, problems = read(folder, data, name)
    assert kept.frame[["path", "locality"]].to_numpy().tolist() == [
        ["a.png", "Mühle"],
        ["b.png", ""],
    ]
    assert problems == []


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_letters_that_are_not_utf_8_are_read_and_told_of(folder: Path, encoding: str) -> None:
    kept, [note] = read(folder, TABLE.encode(encoding))
    assert kept.frame["locality"].tolist() == ["Mühle", ""]
    assert "read as Windows-1252: look whether 'Mühle' in line 2 is right" in note.message


def test_one_foreign_letter_does_not_spoil_the_others(folder: Path) -> None:
    data = "path,locality\na.png,Öd\n".encode() + b"b.png,M\xfchle\n" + "c.png,Öd\n".encode()
    kept, [note] = read(folder, data)
    assert kept.frame["locality"].tolist() == ["Öd", "Mühle", "Öd"]
    assert "'Mühle' in line 3" in note.message


@pytest.mark.parametrize(
    ("before", "rows"), [("sep=;\n", [2, 3]), ("# made\n#by; hand\n\n", [5, 6]), ("\n", [3, 4])]
)
def test_what_stands_before_the_header_is_no_header(
    folder: Path, before: str, rows: list[int]
) -> None:
    kept, _ = read(folder, f"{before}path;n\na.png;1,5\nb.png;2\n")
    assert kept.frame["n"].tolist() == ["1,5", "2"]
    assert kept.frame["_row"].tolist() == rows  # as a spreadsheet shows them


def test_tabs_without_quoting_keep_every_quote(folder: Path) -> None:
    said = ['"Alte Mühle" am Wehr', '"Hohe Wand, Nord', "Teich", 'Hecke "B', '"Hohe Wand" Süd']
    lines = [f"{name}.png\t{one}\tX" for name, one in zip("abcde", said, strict=True)]
    data = "path\tlocality\trecordedBy\n" + "\n".join(lines) + "\n"
    assert values(folder, data, "locality", "t.txt") == said


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lone_quotes_swallow_no_rows(folder: Path, delimiter: str) -> None:
    rows = [["path", "locality"], ["a.png", '"Hohe Wand'], ["b.png", "x"], ["c.png", 'Wehr"']]
    data = "\n".join(delimiter.join(row) for row in rows)
    assert values(folder, data, "path") == ["a.png", "b.png", "c.png"]


def test_a_quoted_value_may_go_over_lines_and_hold_anything(folder: Path) -> None:
    data = 'remarks,path\n"seen, ""there""\nat dusk",a.png\n"b,\n\nc",b.png\n'
    assert values(folder, data, "remarks") == ['seen, "there"\nat dusk', "b,\n\nc"]
    data = 'path\tremarks\na.png\t"seen\nat ""dusk"""\nb.png\t"x\ty"\n'
    assert values(folder, data, "remarks", "t.tsv") == ['seen\nat "dusk"', "x\ty"]


def test_rows_that_do_not_fit_are_listed_and_short_ones_filled(folder: Path) -> None:
    kept, problems = read(folder, "path,n,o\na.png,1,2,3\nb.png,1\nc.png,1,2,\nd.png\n")
    assert kept.frame["path"].tolist() == ["b.png", "c.png", "d.png"]
    assert [(one.row, one.severity) for one in problems] == [(2, "error"), (3, "note")]
    assert "and of 1 more row" in problems[1].message


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"PK\x03\x04" + bytes(90), "workbook"),
        ("t.xlsx", b"PK\x03\x04" + bytes(90), "save its sheet as CSV UTF-8"),
        ("t.csv", b"\xd0\xcf\x11\xe0" + bytes(90), "an Excel workbook"),
        ("t.csv", b"PAR1" + bytes(90), "let its name end in .parquet"),
        ("t.csv", b"\n\n", "is empty"),
        ("t.csv", b"path\n", "has no rows"),
        ("t.csv", b"# only a comment\n", "is empty"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(
    folder: Path, name: str, data: bytes, said: str
) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        read(folder, data, name)
    assert "\n" not in str(caught.value)


# Messages -----------------------------------------------------------------------------------


def test_a_placeholder_under_many_names_is_one_short_line(tmp_path: Path, draw: Draw) -> None:
    data = draw(tmp_path / "0.png", 1).read_bytes()
    lines = ["path,species"]
    for number in range(300):
        (tmp_path / f"{number}.png").write_bytes(data)
        lines.append(f"{number}.png,Salmo trutta{'abcdefghij'[number % 10]}{'xyz'[number % 3]}")
    kept, problems = read(tmp_path, "\n".join(lines))
    assert len(kept) == 0
    assert len(problems) == 300
    assert max(len(one.message) for one in problems) < 250
    [(severity, line)] = in_short(problems)
    assert severity == "error"
    assert line.startswith("rows 2, 3, 4 and 297 more: the same picture is given as ")
    assert "and 27 more" in line


def test_however_many_problems_there_are_few_lines_tell_of_them() -> None:
    many = [Problem(n, "", f"{n} is missing", reason="missing file") for n in range(2, 5000)]
    many += [Problem(0, "", f"{n} looks odd", "note") for n in range(9)]
    lines = in_short(many)
    assert len(lines) == 12
    assert lines[0] == ("error", "row 2: 2 is missing")
    assert lines[5] == ("error", "… and 4993 more (missing file); --json lists them all")
    assert lines[-1] == ("note", "… and 4 more; --json lists them all")
