"""Every stored id can be fetched by a browser, which tidies addresses up before it asks."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Browser

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.service.app import create_app

from ..conftest import Draw
from ..service.running import running

pytestmark = pytest.mark.browser

GIVEN = [
    *("http://museum.org/object/17", "/lead", "a//b", "trail/", "a b?c#d&e", "back\\slash"),
    *("%2e%2e", "..%2f", "...", "thumbnail", "picture", "x/thumbnail.jpg", "<i>é</i>", "a;b=c"),
]
PATHS = ["../up.png", "sub/../flat.png", "./here.png", "sub//twice.png"]

# As the pages write addresses; see service/web/src/api.ts.
_FETCH = """async ([id, what]) => {
    const path = id.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch("/v1/images/" + path + what);
    const told = what ? answer.headers.get("content-type") : (await answer.json()).image_id;
    return [answer.status, told];
}"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, draw: Draw, tiny: Encoder) -> Iterator[str]:
    """The address of a collection with ids that are hard to ask for."""
    folder = tmp_path_factory.mktemp("odd")
    rows = [(path, "") for path in PATHS] + [(f"{n}.png", name) for n, name in enumerate(GIVEN)]
    (folder / "m" / "sub").mkdir(parents=True)
    for seed, (path, _) in enumerate(rows):
        draw(folder / "m" / path, seed)
    frame = pd.DataFrame(rows, columns=["path", "image_id"])
    with Collection.create(folder / "c") as collection:
        report = ingest(Manifest.from_pandas(frame, root=folder / "m"), collection, tiny)
        assert report.embedded == len(rows), report.problems
    with running(create_app(folder / "c")) as address:
        yield address


def test_a_browser_reaches_them_all(browser: Browser, odd: str) -> None:
    page = browser.new_page()
    page.goto(odd)
    for image_id in ["up.png", "flat.png", "here.png", "sub/twice.png", *GIVEN]:
        assert page.evaluate(_FETCH, [image_id, ""]) == [200, image_id]
        assert page.evaluate(_FETCH, [image_id, "/thumbnail"]) == [200, "image/jpeg"], image_id
        assert page.evaluate(_FETCH, [image_id, "/picture"]) == [200, "image/png"], image_id
    page.close()
