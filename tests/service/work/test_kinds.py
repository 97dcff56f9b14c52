"""Jobs of every kind do over HTTP what their commands do, and what they make is served at once."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.upkeep.info import verify
from holotype.training.metric import train as metric_train
from tests.service.test_calibration_job import vectors
from tests.training.metric.run_in_process import TABLE, always_better

from .conftest import Do, Serve, ServeFolder, ended

ASK = {"image_id": "0-0.png"}


def rows_of(client: httpx2.Client, job: dict[str, Any]) -> list[dict[str, str]]:
    answer = client.get(job["result"]["table"])
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_tuned_space_is_asked_at_once_and_ready(serve: Serve, do: Do) -> None:
    with serve() as client:
        job = do(client, "tune", {"name": "sharp"})
        assert (job["state"], job["percent"], job["kind"]) == ("done", 100, "tune")
        assert job["options"] == {"name": "sharp"}
        assert job["result"]["space"] == "sharp"
        answer = client.post("/v1/identify", json={**ASK, "space": "sharp"})
        assert answer.json()["spaces"]["neighbours"] == "sharp"
        spaces = client.get("/readyz").json()["spaces"]
        assert spaces == [{"name": "base", "images": 40}, {"name": "sharp", "images": 40}]
        again = do(client, "tune", {"name": "sharp", "where": ["split=train"]})
        assert again["result"]["images"] == 32
        assert client.post("/v1/search", json={**ASK, "space": "sharp"}).status_code == 200
        assert client.delete("/v1/spaces/sharp").json() == {"removed": ["sharp"]}
        assert client.post("/v1/search", json={**ASK, "space": "sharp"}).status_code == 404
        assert client.get("/readyz").json()["spaces"] == [{"name": "base", "images": 40}]
        assert client.delete("/v1/spaces/base").status_code == 422


def test_a_trained_space_is_asked_with_new_pictures_at_once(
    serve: Serve, do: Do, source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_train, "judge", always_better)
    with serve() as client:
        job = do(client, "train", {"config": TABLE, "name": "learned"})
        assert job["state"] == "done", job
        assert job["result"]["space"] == "learned"
        assert str(folder) not in str(job)
        picture = {"image": (source.parent / "0-0.png").read_bytes()}
        found = client.post("/v1/search", files=picture, data={"space": "learned"}).json()
        assert found["hits"]
        names = [one["name"] for one in client.get("/readyz").json()["spaces"]]
        assert "learned" in names
        refused = client.post(
            "/v1/jobs", json={"kind": "train", "options": {"preset": "resnet18", "minutes": 1}}
        )
        assert refused.status_code == 422
        assert "a request cannot choose one" in refused.json()["detail"]


def test_a_map_is_there_as_soon_as_it_is_made(serve: Serve, do: Do) -> None:
    with serve() as client:
        assert client.get("/v1/morphospace", params={"method": "pca"}).status_code == 404
        mapped = do(client, "map", {"method": "pca"})
        assert mapped["state"] == "done", mapped
        assert client.get("/v1/morphospace", params={"method": "pca"}).status_code == 200


def test_calibrating_and_clustering_as_by_their_own_routes(
    clouds: Path, tmp_path: Path, serve_folder: ServeFolder, do: Do
) -> None:
    with serve_folder(vectors(tmp_path / "vectors")) as client:
        calibrated = do(client, "calibrate", {"seed": 2})
        assert calibrated["state"] == "done", calibrated
        state = client.get("/v1/spaces/base/calibration").json()
        assert state["calibration"] == "fitted"
    with serve_folder(clouds) as client:
        clustered = do(client, "cluster", {"by": "A. Tester", "where": ["split=batch"], "k": 2})
        assert clustered["state"] == "done", clustered
        found = client.get("/v1/clusters").json()
        assert found["id"] == clustered["result"]["clustering"]


def test_stored_specimens_are_identified_together(serve: Serve, do: Do) -> None:
    with serve() as client:
        job = do(client, "identify", {"where": ["split=test"], "risk": 0.4})
        assert job["state"] == "done", job
        rows = rows_of(client, job)
        assert job["result"]["answered"] == len(rows) == 4
        one = client.post("/v1/identify", json={**ASK, "risk": 0.4}).json()
        assert rows[0]["path"] == "0-0.png"
        assert rows[0]["nearest_image_id"] not in ("0-0.png", "0-1.png")
        assert rows[0]["pictures"] == "2"
        assert (rows[0]["rank"] or None) == (one["determination"] or {"rank": None})["rank"]


def test_uploaded_pictures_are_identified_as_one_by_one(
    serve: Serve, source: Path, refused: Any
) -> None:
    names = ("0-0.png", "2-3.png", "3-9.png")
    files = [("images", (name, (source.parent / name).read_bytes())) for name in names]
    with serve() as client:
        broken = [*files, ("images", ("broken.png", b"no picture"))]
        form = {"kind": "identify", "options": '{"risk": 0.4}'}
        job = ended(client, client.post("/v1/jobs", data=form, files=broken))
        assert job["state"] == "done", job
        assert (job["result"]["answered"], job["result"]["refused"]) == (3, 1)
        rows = {row["path"]: row for row in rows_of(client, job)}
        assert set(rows) == {*names, "broken.png"}
        assert "not a JPEG" in rows["broken.png"]["error"]
        for name, file in files:
            del name
            alone = client.post("/v1/identify", files=[("images", file)], data={"risk": "0.4"})
            nearest = alone.json()["neighbours"][0]
            assert rows[file[0]]["nearest_image_id"] == nearest["image_id"]
        again = client.post(f"/v1/jobs/{job['job_id']}/again")
        assert "send them again" in refused(again, 422)


def test_an_evaluation_is_kept_shown_and_deleted(serve: Serve, do: Do, folder: Path) -> None:
    from holotype.service.schemas import work as answers

    split = {"protocol": "split", "query": ["split=test"], "gallery": ["split=train"]}
    with serve() as client:
        first = do(client, "evaluate", split)
        assert first["state"] == "done", first
        second = do(client, "evaluate")
        listed = client.get("/v1/evaluations").json()
        answers.Evaluations.model_validate(listed, strict=True)
        ids = [one["evaluation_id"] for one in listed["evaluations"]]
        assert ids == [job["result"]["evaluation"] for job in (second, first)]
        page = client.get("/v1/evaluations", params={"limit": 1}).json()
        rest = client.get("/v1/evaluations", params={"after": page["next"]}).json()
        assert [one["evaluation_id"] for one in rest["evaluations"]] == ids[1:]
        place = f"/v1/evaluations/{ids[1]}"
        one = client.get(place).json()
        answers.MeasuredFigures.model_validate(one, strict=True)
        assert one["figures"]["summary"] == one["summary"] == first["result"]["summary"]
        report = client.get(f"{place}/report")
        assert report.headers["content-type"].startswith("text/html")
        policy = report.headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'; img-src data:")
        assert "<h1>" in report.text
        (folder / "evaluations" / ids[1] / "mine.txt").write_text("keep me")
        assert client.delete(place).status_code == 204
        assert client.delete(place).status_code == 404
        assert client.get(f"{place}/report").status_code == 404
        assert client.delete(f"/v1/evaluations/{ids[0]}").status_code == 204
    left = [path.name for path in (folder / "evaluations").rglob("*")]
    assert sorted(left) == sorted([ids[1], "mine.txt"])
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_what_jobs_leave_survives_a_restart(serve: Serve, do: Do) -> None:
    with serve() as client:
        job = do(client, "identify", {"where": ["split=test"]})
        table = client.get(job["result"]["table"]).text
        measured = do(client, "evaluate", {"protocol": "kfold", "folds": 3})
    with serve() as client:
        assert client.get(f"/v1/jobs/{job['job_id']}").json() == job
        assert client.get(job["result"]["table"]).text == table
        (kept,) = client.get("/v1/evaluations").json()["evaluations"]
        assert kept["job_id"] == measured["job_id"]
