"""However a table is written, no row is lost in silence: rows in = rows stored + rows listed.

HOLOTYPE_TEST_EXAMPLES=1000 pytest tests/index/manifests/test_random_tables.py
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import ManifestError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw

TABLES = 60
FILES = ("a.png", "b b.png", "c,c.png", "d;d.png", "ö.png", "IMG_6.PNG", "g.png", "sub/h.png")
NAMES = (
    *("Xestia baja", "Xestia_c-nigrum", "Quercus × turneri", "Noctua sp. 1", "Noctua cf. comes"),
    *("Vanessa atalanta (Linnaeus, 1758)", "gambusia", "Noctua janthina/janthe", "17", "Blank"),
)
MISSING = ("", "NA", "N/A", "null", "-", "unknown", "?")
PLACES = ("Teich", "Mühle, alt", "5 km; S", "a|b", "x y", "tab\there")
LONE = ('"Hohe Wand', 'weir"', '"Alte" Mühle', 'a 5" pot', '"', '""', '"Hohe" "Wand"')
HEADERS = {
    "path": ("path", "Path", "file_name", "image path", "PATH "),
    "species": ("species", "scientificName", "Scientific_Name", "label", "dwc:scientificName"),
    "locality": ("locality", "Locality"),
    "recordedBy": ("recordedBy", "recorded_by"),
    "specimen_id": ("specimen_id", "specimenID", "catalogNumber"),
    "licence": ("license", "licence"),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1")


@dataclass
class Drawn:
    """A table as bytes, the numbers of its rows, and the values of those that are whole."""

    data: bytes
    suffix: str
    how: str
    rows: dict[int, list[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)


def drawn(rng: random.Random) -> Drawn:
    """A table of a grammar of delimiters, encodings, quotes, line ends, marks and names."""
    delimiter, end = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"])
    encoding = rng.choice(ENCODINGS)
    quotes = rng.choice(["none", "needed", "all", "lone"])
    columns = ["path", *rng.sample(list(HEADERS)[1:], rng.randint(0 if delimiter == "," else 1, 5))]
    rng.shuffle(columns)
    lines, number = [], 0
    if rng.random() < 0.15:
        lines.append(f"sep={delimiter}")
    elif rng.random() < 0.15:
        lines += ["# exported", f"# from{delimiter} somewhere"]
        number += 2
    header = [rng.choice(HEADERS[column]) for column in columns]
    lines.append(delimiter.join(f'"{one}"' if quotes == "all" else one for one in header))
    table = Drawn(b"", rng.choice([".csv", ".txt", ".tsv"]), "", columns=columns)
    table.how = f"{delimiter!r} {end!r} {encoding} quotes {quotes}"
    number += 1
    files = rng.sample(FILES, rng.randint(1, len(FILES)))
    for file in [*files, *rng.choices(files, k=rng.randint(0, 2))]:
        number += 1
        if rng.random() < 0.1:
            lines.append(rng.choice(["", delimiter * (len(columns) - 1)]))
            number += 1
        cells = [cell(rng, column, file, quotes) for column in columns]
        table.rows[number] = cells
        lines.append(written(rng, cells, delimiter, quotes, end))
    text = end.join(lines) + (end if rng.random() < 0.8 else "")
    table.data = text.encode(encoding, "replace" if encoding in ("cp1252", "latin-1") else "strict")
    return table


def cell(rng: random.Random, column: str, file: str, quotes: str) -> str:
    if column == "path":
        return file if rng.random() < 0.9 else "gone.png"
    if rng.random() < 0.25:
        return rng.choice(MISSING)
    if column == "species":
        return rng.choice(NAMES)
    if quotes == "lone" and rng.random() < 0.5:
        return rng.choice(LONE)
    if quotes in ("needed", "all") and rng.random() < 0.2:
        return rng.choice(['say "hi", twice', "two\nlines", 'a\n"b"\nc'])
    return rng.choice(PLACES)


def written(rng: random.Random, cells: list[str], delimiter: str, quotes: str, end: str) -> str:
    cells = [value.replace("\n", end) for value in cells]
    if quotes in ("needed", "all"):
        special = (delimiter, '"', "\n", "\r")
        cells = [
            '"' + value.replace('"', '""') + '"'
            if quotes == "all" or any(mark in value for mark in special)
            else value
            for value in cells
        ]
    line = delimiter.join(cells)
    ends = rng.random()
    return line + delimiter if ends < 0.05 else line.rstrip(delimiter) if ends < 0.1 else line


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(FILES):
        draw(folder / name, seed)
    return folder


def examples() -> int:
    return int(os.environ.get("HOLOTYPE_TEST_EXAMPLES", TABLES))


def test_no_row_of_a_random_table_is_lost_in_silence(pictures: Path) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    stored = listed = refused = 0
    for number in range(examples()):
        table = drawn(random.Random(seed + number))
        path = pictures / f"table{table.suffix}"
        path.write_bytes(table.data)
        about = f"seed {seed + number}: {table.how}\n{table.data!r}"
        try:
            kept, problems = Manifest.read(path).check()
        except ManifestError:  # as a whole, which nobody can overlook
            refused += 1
            continue
        finally:
            path.unlink()
        rows = set(kept.frame["_row"].astype(int))
        told = {one.row for one in problems if one.severity == "error"}
        assert rows | told == set(table.rows), about
        assert not rows & told, about
        assert all("\n" not in one.message for one in problems), about
        stored, listed = stored + len(rows), listed + len(told)
        require_values(kept, table, about)
    print(f"{stored} rows stored, {listed} listed; {refused} tables refused as a whole")
    assert stored
    assert listed
    assert refused < examples() / 5


def require_values(kept: Manifest, table: Drawn, about: str) -> None:
    """Hold the values of whole rows against what was written."""
    if "quotes lone" in table.how or "quotes none" in table.how:
        return
    for column in {"path", "locality"} & set(table.columns):
        for row, value in zip(kept.frame["_row"], kept.frame[column], strict=True):
            meant = table.rows[int(row)][table.columns.index(column)]
            assert " ".join(value.split()) in ("", " ".join(meant.split())), about


def test_what_is_listed_and_what_is_stored_make_the_table(
    tmp_path: Path, pictures: Path, tiny: Encoder
) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    done = 0
    for number in range(12):
        table = drawn(random.Random(seed + number))
        path = pictures / f"table{table.suffix}"
        path.write_bytes(table.data)
        try:
            with Collection.create(tmp_path / str(number)) as collection:
                report = ingest(Manifest.read(path), collection, tiny).to_dict()
                images = sum(1 for _ in collection.images())
        except ManifestError:
            continue
        finally:
            path.unlink()
        about = f"seed {seed + number}: {table.how}\n{table.data!r}"
        assert images + report["left_out"] == len(table.rows), about
        assert sum(report["left_out_by_reason"].values()) == report["left_out"], about
        done += 1
    assert done
