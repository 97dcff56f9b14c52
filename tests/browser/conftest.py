"""A real browser on a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from holotype.service.app import create_app

from ..service.running import running

expect.set_options(timeout=20_000)  # milliseconds: what is expected comes, but machines are busy

# The browser notes every response of 4xx, which the page shows, and how it draws without a GPU.
_NOTED = ("the server responded with a status of 4", "GPU stall due to ReadPixels")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no Chromium; install it (Debian: chromium), or name it in CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server."""
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("browsed") / "drawer 7"))
    with running(create_app(folder)) as found:
        yield found


@contextmanager
def opened(
    browser: Browser, address: str, path: str = "", *, noted: tuple[str, ...] = (), **options: Any
) -> Iterator[Page]:
    """A page of a server; the test fails where the browser complains or leaves the machine.

    Args:
        noted: what else the browser is expected to note.
        options: of the browser's context, such as color_scheme.
    """
    complaints: list[str] = []
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
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
    expected = (*_NOTED, *noted)
    left = [line for line in complaints if not any(known in line for known in expected)]
    assert left == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The identify page."""
    with opened(browser, address) as page:
        yield page
