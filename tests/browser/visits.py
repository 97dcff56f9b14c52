"""Visiting a page as a person does, while the browser's complaints are written down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from holotype.service.app import create_app

from ..conftest import ROOT
from ..service.running import running
from .conftest import opened

AXE = ROOT / "service" / "web" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = {"serious", "critical"}


@contextmanager
def served(folder: Path, **options: Any) -> Iterator[str]:
    """The address of a server of a collection."""
    with running(create_app(folder, **options)) as address:
        yield address


@contextmanager
def visit(
    browser: Browser, address: str, path: str, *, signed: str = "A. Curator", **options: Any
) -> Iterator[Page]:
    """A page in a browser that remembers who signs; see `opened`."""
    kept = [{"name": "holotype.name", "value": signed}] if signed else []
    state = {"cookies": [], "origins": [{"origin": address, "localStorage": kept}]}
    options = {"viewport": {"width": 1360, "height": 900}, "storage_state": state, **options}
    with opened(browser, address, path, **options) as page:
        yield page


def idle(page: Page) -> None:
    """Wait until a page has done what it was asked: meanwhile it takes no decision."""
    page.wait_for_selector("#page:not([aria-busy])")


def press(page: Page, key: str) -> None:
    """Press a key, when the page takes decisions."""
    idle(page)
    page.keyboard.press(key)


def click(page: Page, selector: str) -> None:
    """Click something, when the page takes decisions."""
    idle(page)
    page.click(selector)


def violations(page: Page) -> list[str]:
    """What axe finds on a page that is serious or critical, light and dark; none without axe."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found += page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in _SERIOUS]


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where somebody wants to look at it."""
    if place := os.environ.get("HOLOTYPE_SCREENSHOTS"):
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)
