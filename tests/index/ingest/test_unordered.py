"""Dates and coordinates that no filter can compare are told of, not kept in silence."""

from __future__ import annotations

import json
from pathlib import Path

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
        "more; write it as 2019-05-03"
    )
    assert "latitude '48,25'" in told[1][1]
    assert told[1][1].endswith("write it as 48.25")
    assert "longitude '16°30''" in told[2][1]
    code, out, _ = cli(
        "search", "--id", "0.png", "--in", tmp_path / "C", "--where", "date<2016", "--json"
    )
    assert code == 0
    assert {hit["image_id"] for hit in json.loads(out)["hits"]} == {"2.png", "3.png", "4.png"}
