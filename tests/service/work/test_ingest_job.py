"""Ingest jobs read what lies below one folder, and nothing that leads out of it."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Draw
from tests.service.conftest import Refused

from .conftest import Do, Serve


@pytest.fixture
def root(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "root"
    for number in range(3):
        draw(made / "trip" / "Xestia viridis" / f"{number}.png", 900 + number)
    draw(tmp_path / "secret" / "Xestia viridis" / "secret.png", 990)
    monkeypatch.setenv("HOLOTYPE_INGEST_ROOT", str(made))
    return made


def order(source: str) -> dict[str, Any]:
    return {"kind": "ingest", "options": {"source": source}}


def test_a_folder_is_ingested_and_asked_at_once(
    serve: Serve, do: Do, root: Path, tmp_path: Path
) -> None:
    (root / "trip" / "Xestia viridis" / "broken.png").write_bytes(b"\x89PNG no picture")
    with serve() as client:
        job = do(client, "ingest", {"source": "trip"})
        assert job["state"] == "done", job
        assert (job["result"]["embedded"], job["result"]["left_out"]) == (3, 1)
        assert str(tmp_path) not in str(job)
        table = client.get(job["result"]["table"])
        rows = list(csv.DictReader(io.StringIO(table.text)))
        (row,) = (row for row in rows if row["severity"] == "error")
        assert any("show one specimen" in row["message"] for row in rows)
        assert row["path"].endswith("broken.png")
        assert str(tmp_path) not in table.text
        found = client.post("/v1/search", json={"image_id": "Xestia viridis/0.png"})
        assert found.status_code == 200, found.text
        again = do(client, "ingest", {"source": "./trip"})
        assert (again["result"]["embedded"], again["result"]["unchanged"]) == (0, 3)


@pytest.mark.parametrize(
    "named", ["../secret", "trip/../../secret", "/etc", "out", "out/Xestia viridis", "a\0b"]
)
def test_nothing_leads_out_of_the_folder(
    serve: Serve, root: Path, refused: Refused, named: str
) -> None:
    (root / "out").symlink_to(root.parent / "secret")
    with serve() as client:
        said = refused(client.post("/v1/jobs", json=order(named)), 422)
        assert "HOLOTYPE_INGEST_ROOT" in said
        assert str(root) not in said
        assert "nothing is there" in refused(client.post("/v1/jobs", json=order("gone")), 422)
        refused(client.post("/v1/jobs", json=order("x" * 4000)), 422)
        assert client.get("/v1/jobs").json() == {"jobs": []}


def test_a_link_inside_that_leads_out_is_refused(
    serve: Serve, root: Path, refused: Refused
) -> None:
    (root / "trip" / "more").symlink_to(root.parent / "secret")
    with serve() as client:
        said = refused(client.post("/v1/jobs", json=order("trip")), 422)
        assert said.startswith("trip/more is a link that leads out")


def test_rows_of_a_manifest_that_lie_elsewhere_are_listed(
    serve: Serve, do: Do, root: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret" / "Xestia viridis" / "secret.png"
    inside = root / "trip" / "Xestia viridis" / "0.png"
    shutil.copy(inside, root / "1.png")
    rows = ["1.png", str(inside), str(secret), f"file://{secret}", "../secret/x.png"]
    (root / "list.csv").write_text("path\n" + "\n".join(rows) + "\n")
    with serve() as client:
        result = do(client, "ingest", {"source": "list.csv"})["result"]
        reasons = result["left_out_by_reason"]
        assert reasons["outside of the folder"] == 2
        assert result["embedded"] + result["left_out"] + result["unchanged"] == len(rows)
        assert client.get("/v1/images/secret.png").status_code == 404
