"""Dates and coordinates that no filter can compare are told of, not kept in silence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holotype.index.ingest.said import read_record
from holotype.index.ingest.unordered import on_unordered
from tests.conftest import Cli, Draw


def notes(cli: Cli, table: Path, to: Path) -> list[tuple[int, str]]:
    code, out, err = cli("ingest", table, "--to", to, "--json")
    assert code == 0, err
    told = json.loads(out)["problems"]
    return [(one["row"], one["message"]) for one in told if one["reason"] == "value"]


def test_what_no_filter_finds_is_told_of(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    rows = [
        ("31.12.2015", "48.25", ""),
        ("2015-13-45", "48,25", "16.5"),
        ("20150413", "-48", "16°30'"),
        ("2015", "", ""),
        ("2015-04/2015-05-03", "", ""),
    ]
    lines = ["path,species,date,latitude,longitude"]
    for number, (date, latitude, longitude) in enumerate(rows):
        draw(tmp_path / f"{number}.png", number)
        lines.append(f'{number}.png,Aglais urticae,{date},"{latitude}","{longitude}"')
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines))
    told = notes(cli, table, tmp_path / "C")
    assert [row for row, _ in told] == [2, 3, 4]
    assert told[0][1] == (
        "the date '31.12.2015' is kept as a text that no filter such as date<… finds, as is 1 "
        "more; write it as 2015-12-31"
    )
    assert "latitude '48,25'" in told[1][1]
    assert told[1][1].endswith("write it as 48.25")
    assert "longitude '16°30''" in told[2][1]
    assert told[2][1].endswith("write it as decimal degrees with a point, south and west negative")
    code, out, _ = cli(
        "search", "--id", "0.png", "--in", tmp_path / "C", "--where", "date<2016", "--json"
    )
    assert code == 0
    assert {hit["image_id"] for hit in json.loads(out)["hits"]} == {"2.png", "3.png", "4.png"}


@pytest.mark.parametrize(
    ("column", "value", "meant"),
    [
        ("date", "17.08.2020", "2020-08-17"),
        ("date", "8/17/2020", "2020-08-17"),
        ("date", "05.05.2020", "2020-05-05"),
        ("date", "3. viii. 2020", "2020-08-03"),
        ("date", "2020.8.3", "2020-08-03"),
        ("date", "03.08.2020", "YYYY-MM-DD"),  # of August, or of March
        ("date", "17.08.20", "YYYY-MM-DD"),
        ("date", "summer", "YYYY-MM-DD"),
        ("latitude", "47,1", "47.1"),
        ("longitude", "-120,25", "-120.25"),
        ("latitude", "120,25", "decimal degrees with a point, south and west negative"),
    ],
)
def test_a_value_is_told_as_it_must_be_written(column: str, value: str, meant: str) -> None:
    blank = dict.fromkeys(("date", "latitude", "longitude"), "")
    image = replace(read_record("a", {}, {}).image, details={**blank, column: value})
    (note,) = on_unordered([(2, image)])
    assert note.message.endswith(f"write it as {meant}")
