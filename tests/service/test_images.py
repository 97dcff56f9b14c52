"""Images over HTTP: listed in pages with filters, corrected, and many stored at once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.ingest.patches import patch_image
from holotype.index.upkeep.info import verify
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.schemas import records

from .conftest import Refused
from .running import running
from .test_uploads import ONE, OTHER, content, encoded, noise

NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


@pytest.fixture
def client(folder: Path) -> Iterator[httpx2.Client]:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as opened,
    ):
        yield opened


def listed(client: httpx2.Client, *where: str, **params: Any) -> dict[str, Any]:
    response = client.get("/v1/images", params={"where": list(where), **params})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    records.Images.model_validate(found, strict=True)
    return found


def walked(client: httpx2.Client, *where: str, limit: int) -> list[str]:
    found, after = list[str](), dict[str, str]()
    while True:
        page = listed(client, *where, limit=limit, **after)
        found += [image["image_id"] for image in page["images"]]
        assert len(page["images"]) <= limit
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def patch(client: httpx2.Client, image_id: str, **said: Any) -> dict[str, Any]:
    response = client.patch(f"/v1/images/{image_id}", json=said)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    records.PatchedImage.model_validate(found, strict=True)
    record = client.get(f"/v1/images/{image_id}")
    assert record.headers["etag"] == response.headers["etag"]
    assert {**record.json(), "notes": found["notes"]} == found
    return found


def test_pages_and_filters(client: httpx2.Client, folder: Path) -> None:
    with Collection.open(folder) as opened:
        every = [image.image_id for image in opened.images()]
        females = [
            image.image_id
            for image in opened.images()
            if image.metadata["sex"] == "f" and image.lineage[5] == "Noctuidae"
        ]
    assert walked(client, limit=7) == walked(client, limit=1000) == every
    assert walked(client, "sex=f", "family=Noctuidae", limit=3) == females
    page = listed(client, "sex=f", "family=Noctuidae", limit=1)
    assert (page["total"], len(page["images"])) == (len(females), 1)
    assert page["images"][0] == client.get(f"/v1/images/{females[0]}").json()
    assert listed(client, "image_id=0-0.png|0-1.png")["total"] == 2


def test_a_list_follows_every_change(client: httpx2.Client, folder: Path) -> None:
    def nupta() -> int:
        return int(listed(client, "species=Catocala nupta")["total"])

    assert (nupta(), listed(client)["total"]) == (10, 40)
    with Collection.open(folder) as opened:  # another process
        made = opened.determine("Xestia_baja_1", NUPTA, by="Ann")
        assert nupta() == 12
        opened.undo(made, by="Ann")
        assert nupta() == 10
        opened.delete(["2-0.png"])
        assert (nupta(), listed(client)["total"]) == (9, 39)
    client.put("/v1/images/new.png", files={"image": ("x", ONE)}, data={"genus": "Catocala"})
    assert (nupta(), listed(client, "genus=Catocala")["total"]) == (9, 10)
    patch(client, "2-1.png", metadata={"sex": "unsure"})
    assert listed(client, "sex=unsure")["images"][0]["image_id"] == "2-1.png"
    assert walked(client, "species=", limit=1) == ["new.png"]
    patch(client, "2-2.png", metadata={"net": "7"})
    assert listed(client, "net=7")["total"] == 1
    client.put(
        "/v1/images/more.png", files={"image": ("x", OTHER)}, data={"metadata": '{"net":"8"}'}
    )
    assert [listed(client, f"net={net}")["total"] for net in "78"] == [1, 1]
    patch(client, "2-2.png", metadata={"net": "8", "mesh": "fine"})
    assert walked(client, "net=8", limit=1) == ["2-2.png", "more.png"]
    assert listed(client, "mesh=fine", "sex=m")["total"] == 1
    patch(client, "2-2.png", specimen_id="Salmo_trutta_0")
    assert listed(client, "species=Salmo trutta")["total"] == 11
    client.delete("/v1/images/2-2.png")
    assert walked(client, "net=8", limit=1) == ["more.png"]
    with Collection.open(folder) as opened:  # another process
        patch_image(opened, "more.png", {}, {"net": "9"})
    assert listed(client, "net=9")["total"] == 1


def test_who_has_a_page_is_told_so(client: httpx2.Client) -> None:
    for path in ("/v1/images", "/v1/images/0-0.png", "/v1/specimens/Xestia_baja_1"):
        first = client.get(path)
        headers = {"If-None-Match": first.headers["etag"]}
        again = client.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        patch(client, "0-0.png", locality=f"seen at {path}")
        if "specimens" not in path:
            assert client.get(path, headers=headers).status_code == 200


def test_a_correction(client: httpx2.Client, folder: Path) -> None:
    said = patch(client, "0-2.png", locality="Sierra", metadata={"Sex": None, "n": 3})
    assert said["details"] == {"locality": "Sierra"}
    assert said["metadata"] == {"n": "3"}
    assert "Metadata of 1 image changed" in " ".join(said["notes"])
    named = patch(client, "0-2.png", species="Xestia alba")
    assert "Xestia baja -> Xestia alba" in " ".join(named["notes"])
    assert (named["lineage"]["family"], named["details"]) == ("Noctuidae", {"locality": "Sierra"})
    genus = patch(client, "0-2.png", species=None, locality=None)
    assert genus["determination"] == {"rank": "genus", "taxon": "Xestia"}
    assert genus["details"] == {}
    nothing = patch(client, "0-2.png", **dict.fromkeys(("category", "family", "genus")))
    assert nothing["determination"] is None
    before = content(folder)
    assert patch(client, "0-2.png")["notes"] == []
    assert patch(client, "0-2.png", metadata={"n": "3"})["notes"] == []
    assert content(folder) == before
    with Collection.open(folder) as opened:
        opened.determine("Xestia_baja_0", NUPTA, by="Ann")
    kept = patch(client, "0-0.png", species="Xestia baja")
    assert kept["determination"]["taxon"] == "Catocala nupta"
    assert "stayed as a person determined it" in " ".join(kept["notes"])
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_another_specimen(client: httpx2.Client) -> None:
    first = patch(client, "0-2.png", specimen_id="of its own")
    assert first["determination"]["taxon"] == "Xestia baja"
    joined = patch(client, "0-2.png", specimen_id="Salmo_trutta_0")
    assert joined["determination"]["taxon"] == "Salmo trutta"
    assert "is Salmo trutta now, as its specimen" in " ".join(joined["notes"])
    assert client.get("/v1/specimens/Salmo_trutta_0").json()["total"] == 3
    hits = client.post("/v1/search", json={"image_id": "0-3.png", "k": 40}).json()["hits"]
    assert {h["image_id"]: h["species"] for h in hits}["0-2.png"] == "Salmo trutta"
    alone = patch(client, "0-2.png", specimen_id=None)
    assert (alone["specimen_id"], alone["determination"]["taxon"]) == ("0-2.png", "Salmo trutta")


def test_two_curators_at_once(client: httpx2.Client, refused: Refused) -> None:
    seen = client.get("/v1/images/0-0.png").headers["etag"]
    responses: list[httpx2.Response] = []

    def correct(number: int, headers: dict[str, str], said: dict[str, Any]) -> None:
        responses.append(client.patch("/v1/images/0-0.png", json=said, headers=headers))

    def all_at_once(work: list[tuple[int, dict[str, str], dict[str, Any]]]) -> None:
        threads = [threading.Thread(target=correct, args=one) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_at_once([(n, {"If-Match": seen}, {"locality": f"place {n}"}) for n in range(6)])
    (won,) = (one for one in responses if one.status_code == 200)
    for lost in (one for one in responses if one is not won):
        assert "has changed since the state of If-Match" in refused(lost, 412)
    all_at_once([(n, {}, {"metadata": {f"column {n}": "x"}}) for n in range(6)])
    record = client.get("/v1/images/0-0.png").json()
    assert {f"column {n}" for n in range(6)} <= record["metadata"].keys()
    assert record["details"] == won.json()["details"]


def test_many_pictures(client: httpx2.Client, folder: Path) -> None:
    pictures = [
        ("trip/1.png", ONE),
        ("trip/2.jpg", OTHER),
        ("broken.jpg", OTHER[:200]),
        ("text.txt", b"Dear curator"),
        ("trip/1.png", OTHER),
        (".", ONE),
        ("a/../b.png", ONE),
        ("0-0.png", ONE),
        ("copy.png", ONE),
    ]
    files = [("images", file) for file in pictures]
    said = {"split": "trip", "metadata": '{"net": "7"}', "genus": "Xestia"}
    response = client.post("/v1/images", files=files, data=said)
    assert response.status_code == 200, response.text
    found = response.json()
    records.StoredPictures.model_validate(found, strict=True)
    assert len(found["images"]) + len(found["problems"]) == len(pictures)
    assert [image["image_id"] for image in found["images"]] == [
        "trip/1.png",
        "trip/2.jpg",
        "copy.png",
    ]
    assert {image["metadata"]["net"] for image in found["images"]} == {"7"}
    assert "same picture as image 'trip/1.png'" in found["images"][2]["notes"][0]
    assert [one["name"] for one in found["problems"]] == [name for name, _ in pictures[2:8]]
    assert walked(client, "split=trip", limit=2) == ["trip/1.png", "trip/2.jpg", "copy.png"]
    again = client.post("/v1/images", files=files[:2], data=said).json()
    assert [image["created"] for image in again["images"]] == [False, False]
    query = client.post("/v1/search", json={"image_id": "trip/1.png", "k": 50}).json()
    assert "trip/2.jpg" in [hit["image_id"] for hit in query["hits"]]
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_what_is_off_is_a_problem_and_changes_nothing(
    client: httpx2.Client, folder: Path, refused: Refused
) -> None:
    before = content(folder)
    asked: list[tuple[dict[str, Any], str]] = [
        ({"where": "colour=red"}, "no column 'colour'"),
        ({"where": "moths please"}, "not understood"),
        ({"where": "genus=Nothing"}, "Nothing"),
        ({"where": ["sex=f"] * 2 + [f"split!={n}" for n in range(33)]}, "HOLOTYPE_MAX_FILTERS"),
        ({"where": "sex=\0"}, "sex"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": 2**70}, "limit"),
        ({"after": "x"}, "after is 'x'"),
        ({"after": str(2**63)}, "which no page gave"),
    ]
    for params, words in asked:
        assert words in refused(client.get("/v1/images", params=params), 422)
    place = "/v1/images/0-0.png"
    for body, words in [
        ({"species": "???"}, "send null to take it away"),
        ({"species": "[]"}, ""),
        ({"species": 3.5}, "species"),
        ({"species": ["a"]}, "species"),
        ({"locality": "a\0b"}, "NUL"),
        ({"locality": "x" * 70_000}, "HOLOTYPE_MAX_FIELD_BYTES"),
        ({"specimen_id": "x" * 70_000}, "HOLOTYPE_MAX_FIELD_BYTES"),
        ({"metadata": {"a\0": "b"}}, "NUL"),
        ({"metadata": {"species": "b"}}, "field of its own"),
        ({"metadata": {"": "b"}}, "empty"),
        ({"metadata": {"a": {}}}, "metadata"),
        ({"metadata": None}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"image_id": "other"}, "image_id: there is no such option"),
        ({"path": "/etc/passwd"}, "path: there is no such option"),
    ]:
        assert words in refused(client.patch(place, json=body), 422), body
    headers = {"Content-Type": "application/json"}
    for text in (b'{"locality": "\\ud800"}', b"[]", b"{", b"[" * 99_999, b"\xff"):
        refused(client.patch(place, content=text, headers=headers), 422)
    refused(client.patch(place, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    refused(client.patch(f"{place}?species=x", json={}), 422)
    refused(client.patch(place, json={"split": "x"}, headers={"If-Match": '"other"'}), 412)
    for nobody in ("nobody", "%00", "x" * 8000):
        refused(client.patch(f"/v1/images/{nobody}", json={"split": "x"}), 404)
    one = {"images": ("a.png", ONE)}
    assert "colour" in refused(client.post("/v1/images", files=one, data={"colour": "red"}), 422)
    refused(client.post("/v1/images", files=one, data={"metadata": "[]"}), 422)
    refused(client.post("/v1/images", files={"image": ("a.png", ONE)}), 422)
    refused(client.post("/v1/images", json={}), 415)
    refused(client.post("/v1/images?split=x", files=one), 422)
    many = [("images", (f"{n}.png", b"x")) for n in range(101)]
    refused(client.post("/v1/images", files=many), 400)
    assert content(folder) == before


def test_only_a_key_that_may_write_changes_images(folder: Path, refused: Refused) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(b'a key').hexdigest()}")
    headers = {"Authorization": "Bearer a key"}
    with (
        running(create_app(folder, keys=keys, loopback=False)) as address,
        httpx2.Client(base_url=address, headers=headers) as client,
    ):
        refused(client.patch("/v1/images/0-0.png", json={"split": "x"}), 403)
        refused(client.post("/v1/images", files={"images": ("a.png", ONE)}), 403)
        assert listed(client)["total"] == 40


def test_a_page_of_very_long_records_is_a_shorter_one(client: httpx2.Client) -> None:
    long = {f"column {n}": "x" * 60_000 for n in range(15)}
    files = [("images", (f"{n}.png", encoded(noise(n)))) for n in range(3, 9)]
    client.post("/v1/images", files=files, data={"split": "long"})
    for number in range(3, 9):
        patch(client, f"{number}.png", metadata=long)
    page = listed(client, "split=long", limit=1000)
    assert 0 < len(page["images"]) < page["total"] == 6
    assert len(walked(client, "split=long", limit=1000)) == 6
