"""What a job cannot be asked for is refused at once, in one sentence that names it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.service.conftest import Refused

BAD: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "kind: Field required"),
    ({"kind": "mine"}, 422, "kind is 'mine'; it must be one of tune, train"),
    ({"kind": 3}, 422, "kind: Input should be a valid string"),
    ({"kind": "tune", "more": 1}, 422, "more: there is no such option"),
    ({"kind": "tune", "space": "gone"}, 404, "gone"),
    ({"kind": "tune", "options": []}, 422, "options: Input should be a valid dictionary"),
    ({"kind": "tune", "options": {"where": "split=train"}}, 422, "where: Input should be a valid"),
    ({"kind": "tune", "options": {"where": ["nothing=x"]}}, 422, "nothing"),
    ({"kind": "tune", "options": {"name": "../up"}}, 422, "may hold letters"),
    ({"kind": "tune", "options": {"name": "base"}}, 422, "base"),
    ({"kind": "tune", "options": {"speed": 3}}, 422, "speed: there is no such option"),
    ({"kind": "train", "options": {"preset": "best"}}, 422, "best"),
    ({"kind": "train", "options": {"minutes": -1}}, 422, "minutes: Input should be"),
    ({"kind": "train", "options": {"config": {"network": {"layers": 3}}}}, 422, "layers"),
    ({"kind": "train", "options": {"config": {"network": 3}}}, 422, "network"),
    (
        {"kind": "train", "options": {"config": {"network": {"encoder": "hf-hub:a/b"}}}},
        422,
        "a request cannot choose one",
    ),
    ({"kind": "train", "options": {"resume": True}}, 422, "resume"),
    ({"kind": "calibrate", "options": {"seed": -1}}, 422, "seed: Input should be"),
    ({"kind": "calibrate", "options": {"seed": "1"}}, 422, "seed: Input should be"),
    ({"kind": "map", "options": {"method": "tsne"}}, 422, "method: Input should be"),
    ({"kind": "map", "options": {"n_neighbors": 1}}, 422, "n_neighbors: Input should be"),
    ({"kind": "cluster"}, 422, "by: Field required"),
    ({"kind": "cluster", "options": {"by": " "}}, 422, "by: "),
    ({"kind": "cluster", "options": {"by": "me", "method": "none"}}, 422, "none"),
    ({"kind": "evaluate", "options": {"protocol": "best"}}, 422, "protocol: Input should be"),
    (
        {"kind": "evaluate", "options": {"protocol": "split"}},
        422,
        "needs both 'query' and",
    ),
    (
        {"kind": "evaluate", "options": {"folds": 3}},
        422,
        "'folds' belongs to 'protocol' kfold; 'protocol' leave-one-out takes",
    ),
    ({"kind": "evaluate", "options": {"spaces": ["base"]}}, 422, "spaces: name two"),
    ({"kind": "evaluate", "options": {"spaces": ["base", "gone"]}}, 404, "gone"),
    ({"kind": "identify", "options": {"where": ["split=never"]}}, 422, "never"),
    ({"kind": "identify", "options": {"risk": 2}}, 422, "risk: Input should be"),
    ({"kind": "identify", "options": {"only": ["family=None such"]}}, 422, "None such"),
    ({"kind": "ingest", "options": {"source": "trip"}}, 422, "set HOLOTYPE_INGEST_ROOT"),
]


@pytest.mark.parametrize(("order", "status", "said"), BAD, ids=[str(one[0])[:60] for one in BAD])
def test_a_bad_order_is_refused_in_one_sentence(
    client: httpx2.Client, refused: Refused, order: dict[str, Any], status: int, said: str
) -> None:
    assert said in refused(client.post("/v1/jobs", json=order), status)
    assert client.get("/v1/jobs").json() == {"jobs": []}


def test_pictures_come_with_identifying_only(client: httpx2.Client, refused: Refused) -> None:
    picture = {"images": ("a.png", b"\x89PNG")}
    answer = client.post("/v1/jobs", files=picture, data={"kind": "tune"})
    assert "identify only" in refused(answer, 422)
    odd = {"kind": "identify", "options": '{"where": ["split=test"]}'}
    assert "where is for stored" in refused(client.post("/v1/jobs", files=picture, data=odd), 422)
    text = client.post("/v1/jobs", files={"kind": (None, "identify")})
    assert "no files 'images'" in refused(text, 422)
    broken = client.post("/v1/jobs", files=picture, data={"kind": "identify", "options": "["})
    assert "not JSON" in refused(broken, 422)


def test_what_is_not_there_is_told(client: httpx2.Client, refused: Refused) -> None:
    assert "no job" in refused(client.get("/v1/jobs/none/table"), 404)
    assert "no job" in refused(client.post("/v1/jobs/none/again"), 404)
    for odd in ("..%2F..%2Fcollection", "20260101T000000000-00000000%2F..", "%00"):
        refused(client.get(f"/v1/evaluations/{odd}"), 404)
    assert "no evaluation" in refused(
        client.delete("/v1/evaluations/20260101T000000000-00000000"), 404
    )
