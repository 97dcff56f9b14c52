"""What pages ask for in ordinary use is there: nobody's log fills with answers of 404."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.service.app import create_app

from ..conftest import Draw
from ..service.running import running
from .conftest import opened

pytestmark = pytest.mark.browser

_PATHS = (
    "/",
    "/explore",
    "/explore?method=pca",
    "/review",
    "/review/queues/mislabels",
    "/review/queues/duplicates",
    "/review/queues/far",
    "/review/queues/singletons",
    "/collection",
    "/evaluate",
    "/docs",
    "/taxa/genus/Xestia",
    "/specimens/Xestia_baja_1",
    "/specimens/nobody.png",
)


@pytest.fixture(scope="module")
def bare(
    _ready: Path, tmp_path_factory: pytest.TempPathFactory, draw: Draw, tiny: Encoder
) -> Iterator[str]:
    """A collection without map, calibration, clusters and evaluations, one specimen unnamed."""
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("bare") / "drawer 7"))
    pictures = tmp_path_factory.mktemp("pictures")
    draw(pictures / "nobody.png", 4711, like=0)
    (pictures / "list.csv").write_text("path,image_id\nnobody.png,nobody.png\n")
    with Collection.open(folder) as collection:
        ingest(Manifest.read(pictures / "list.csv"), collection, tiny)
    with running(create_app(folder)) as address:
        yield address


def refusals(page: Page) -> list[str]:
    """A list that fills with what is refused from now on."""
    found: list[str] = []

    def note(got: Response) -> None:
        if got.status >= 400:
            found.append(f"{got.status} {got.url}")

    page.on("response", note)
    return found


@pytest.mark.parametrize("path", _PATHS)
def test_a_page_asks_only_for_what_is_there(browser: Browser, bare: str, path: str) -> None:
    with opened(browser, bare) as page:
        refused = refusals(page)
        page.goto(bare + path)
        page.wait_for_load_state("networkidle")
        assert refused == []
