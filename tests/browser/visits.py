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

AXE = ROOT / "service" / "web" / "node_modules" / "axe-core" / "axe.min.js"
# It notes every response of 4xx, which the page shows to the user, and how slowly it draws here.
_OF_THE_BROWSER = ("the server responded with a status of 4", "GPU stall due to ReadPixels")
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
    """A page; at the end nothing may have been complained about, nor asked for elsewhere."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1360, "height": 900}, **options)
    if signed:
        context.add_init_script(f"localStorage.setItem('holotype.name', '{signed}')")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "blob:"))
            else complaints.append(f"asked for {request.url}")
        ),
    )
    page.goto(address + path)
    yield page
    context.close()
    left = [one for one in complaints if not any(known in one for known in _OF_THE_BROWSER)]
    assert not left, left


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
    """What axe finds on a page that is serious or critical; none where axe is not installed."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found["violations"]
        if one["impact"] in _SERIOUS
    ]


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where somebody wants to look at it."""
    if place := os.environ.get("HOLOTYPE_SCREENSHOTS"):
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)
