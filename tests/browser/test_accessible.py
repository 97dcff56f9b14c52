"""Every page in every state as axe looks at it: nothing serious and nothing critical."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.service.app import create_app

from ..conftest import ROOT, Draw
from ..service.running import running
from .conftest import opened

pytestmark = pytest.mark.browser

AXE = ROOT / "service" / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def place(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run 'npm ci' in service/web")
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("looked at") / "drawer 7"))
    with running(create_app(folder)) as address:
        yield address


def faults(page: Page) -> list[str]:
    """What axe finds, as "rule: the element"."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def identified(page: Page, draw: Draw, folder: Path) -> None:
    page.set_input_files("#files", str(draw(folder / "moth.png", 4711, like=0)))
    expect(page.locator("#result .determination")).to_be_visible()
    page.locator("#result summary").last.click()


def beside(page: Page, draw: Draw, folder: Path) -> None:
    identified(page, draw, folder)
    page.locator("#result .neighbours button.picture").first.click()
    expect(page.locator("dialog.viewer")).to_be_visible()


def named(page: Page, draw: Draw, folder: Path) -> None:
    identified(page, draw, folder)
    page.locator("#deciding").get_by_role("button", name="Correct").click()
    expect(page.locator("dialog.asked")).to_be_visible()


def many(page: Page, draw: Draw, folder: Path) -> None:
    for n in range(3):
        draw(folder / "trip" / f"{n}.png", 4711 + n, like=53)
    (folder / "trip" / "3.png").write_text("Dear curator")
    page.set_input_files("#folder", str(folder / "trip"))
    expect(page.locator("#panel")).to_contain_text("3 of 4 answered.")


def table(page: Page, draw: Draw, folder: Path) -> None:
    many(page, draw, folder)
    page.get_by_text("Table", exact=True).click()


def tree(page: Page, _draw: Draw, _folder: Path) -> None:
    page.get_by_role("button", name="What Moth holds").click()
    expect(page.locator("#tree")).to_contain_text("Noctuidae")


def taxon(page: Page, _draw: Draw, _folder: Path) -> None:
    expect(page.locator("#images li").first).to_be_visible()


def specimen(page: Page, _draw: Draw, _folder: Path) -> None:
    page.locator("#images figure a").first.click()
    expect(page.locator("#result .determination")).to_be_visible()


def nothing(_page: Page, _draw: Draw, _folder: Path) -> None:
    pass


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "prepare"),
    [
        ("/", nothing),
        ("/", identified),
        ("/", beside),
        ("/", named),
        ("/", many),
        ("/", table),
        ("/collection", tree),
        ("/taxa/genus/Xestia", taxon),
        ("/taxa/genus/Xestia", specimen),
        ("/review", nothing),
        ("/evaluate", nothing),
        ("/docs", nothing),
    ],
)
def test_nothing_is_in_the_way(
    browser: Browser, place: str, draw: Draw, tmp_path: Path, path: str, prepare: Any, scheme: str
) -> None:
    with opened(browser, place, path, color_scheme=scheme) as page:
        prepare(page, draw, tmp_path)
        assert faults(page) == []
        if scheme == "dark":
            page.set_viewport_size({"width": 320, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
