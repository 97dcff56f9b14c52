"""Unknown addresses in a browser, and ids that end like an address of something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pandas as pd
import pytest
from markupsafe import escape

import holotype
import holotype.eval.protocols.fitted
import holotype.service.app
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import HolotypeError, NotFoundError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests import row_checks
from holotype.index.manifests.manifest import Manifest
from holotype.index.ways import Door
from holotype.service.addresses import ACTIONS, spelt
from holotype.service.app import create_app
from holotype.service.guards.words import HEADER
from holotype.service.pages.strings import table

from ..conftest import ROOT, Draw
from .conftest import Refused
from .running import running

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MISSING = ["/nothing", "/taxa/species/Nope", "/taxa/tribe/Nope", "/specimens/no/pe", "/v1/nothing"]


@pytest.mark.parametrize("path", MISSING)
def test_a_browser_is_shown_a_page_and_a_program_a_problem(
    client: httpx2.Client, refused: Refused, path: str
) -> None:
    sentence = refused(client.get(path, headers={HEADER: Door.PAGES}), 404)
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "Accept" in page.headers["vary"]
    assert page.headers["content-security-policy"]
    assert f'<p class="problem" lang="en">{escape(sentence)}</p>' in page.text
    assert "<h1>Not found</h1>" in page.text
    assert 'href="/">' in page.text
    spanish = client.get(path, headers={**BROWSER, "Accept-Language": "es"})
    assert "<h1>No se encuentra</h1>" in spanish.text


def test_what_is_there_has_its_page(client: httpx2.Client, held: Collection) -> None:
    image = next(held.images())
    species = image.lineage[-1]
    for path in (f"/taxa/species/{species}", f"/specimens/{spelt(image.specimen_id)}"):
        assert client.get(path, headers=BROWSER).status_code == 200


def test_what_is_sent_is_refused_as_a_problem(client: httpx2.Client, refused: Refused) -> None:
    refused(client.post("/v1/nothing", headers=BROWSER), 404)
    assert "<script>" not in client.get("/<script>", headers=BROWSER).text


def kinds(kind: type[HolotypeError]) -> Iterator[type[HolotypeError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def test_every_title_of_a_problem_is_in_the_table() -> None:
    raised = {kind.title for kind in kinds(HolotypeError) if "notebook" not in kind.__module__}
    for title in raised | {"Internal error", "Method not allowed"}:
        entry = table()[f"problem.{title.lower().replace(' ', '-')}"]
        assert entry["en"] == title


def test_the_way_out_is_a_request(client: httpx2.Client, refused: Refused) -> None:
    last = refused(client.delete("/v1/spaces/base?by=Ann"), 422)
    assert "is the last space" in last
    assert "A request does not remove it" in last
    told = [last, refused(client.get("/v1/clusters?clustering=99"), 404)]
    told += [refused(client.post("/v1/clusters/99/reject", json={"by": "Ann", "version": 1}), 404)]
    told += [refused(client.post("/v1/decisions/99/undo", json={"by": "Ann"}), 404)]
    assert [one for one in told if "holotype " in one or "--" in one] == []


GIVEN = [
    *("x", "x/picture", "x/thumbnail", "x/history", "x/picture/picture", "picture", "/picture"),
    *("x/picture/history", "a%2Fpicture", "thumbnail/x", "x/thumbnail.jpg", "history"),
    *("a/../b", "./a", "a/..", "a/./b"),
]


@pytest.fixture(scope="module")
def astray(tmp_path_factory: pytest.TempPathFactory, draw: Draw, tiny: Encoder) -> Iterator[str]:
    """The address of a collection whose ids, of images and specimens, end like addresses."""
    folder = tmp_path_factory.mktemp("astray")
    rows = []
    for seed, name in enumerate(GIVEN):
        draw(folder / "m" / f"{seed}.png", seed)
        rows.append((f"{seed}.png", name, name, "Xestia alba"))
    columns = ["path", "image_id", "specimen_id", "species"]
    frame = pd.DataFrame(rows, columns=columns)
    with Collection.create(folder / "c") as collection, pytest.MonkeyPatch.context() as patch:
        # Tables refuse some of these by now; collections that were made before hold them.
        patch.setattr(row_checks, "fault_of_id", lambda _: None)
        report = ingest(Manifest.from_pandas(frame, root=folder / "m"), collection, tiny)
        assert report.embedded == len(rows), report.problems
    with running(create_app(folder / "c")) as address:
        yield address


@pytest.mark.parametrize("name", GIVEN)
def test_every_id_is_read_and_patched(astray: str, name: str) -> None:
    images = f"{astray}/v1/images/{spelt(name)}"
    assert httpx2.get(images).json()["image_id"] == name
    assert httpx2.get(f"{images}/thumbnail").headers["content-type"] == "image/jpeg"
    assert httpx2.get(f"{images}/picture").headers["content-type"] == "image/png"
    assert httpx2.patch(images, json={"locality": name}).json()["details"]["locality"] == name
    specimens = f"{astray}/v1/specimens/{spelt(name)}"
    assert httpx2.get(specimens).json()["specimen_id"] == name
    assert httpx2.get(f"{specimens}/history").json()["specimen_id"] == name
    page = httpx2.get(f"{astray}/specimens/{spelt(name)}", headers=BROWSER)
    assert page.status_code == 200


def test_a_client_reads_them_too(astray: str) -> None:
    with holotype.Client(astray) as client:
        for name in GIVEN:
            assert client.image(name)["image_id"] == name
        with pytest.raises(NotFoundError):
            client.image("none/picture")


def test_every_id_is_deleted(astray: str) -> None:
    for name in GIVEN:
        images = f"{astray}/v1/images/{spelt(name)}"
        assert httpx2.delete(f"{images}?by=Ann").status_code == 204
        assert httpx2.get(images).status_code == 404


def test_all_that_spell_ids_know_what_may_follow_one(client: httpx2.Client) -> None:
    templates = client.get("/openapi.json").json()["paths"]
    words = {
        word
        for word in (re.sub(r".*\{(?:image|specimen)_id\}/?", "", path) for path in templates)
        if word and "/" not in word
    }
    assert words == ACTIONS
    script = (ROOT / "service" / "web" / "src" / "shared" / "addresses.ts").read_text()
    assert set(re.findall(r"\\/\(([a-z|]+)\)\$/", script)[0].split("|")) == ACTIONS
