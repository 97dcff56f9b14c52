"""The identify page says what its figures rest on, and renews it where it may."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.index.collection import Collection
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.training.spaces import calibrate_space

from ..service.running import running
from ..service.test_calibration_job import Held, vectors

pytestmark = pytest.mark.browser

NOTICE = "#result .notice"


@pytest.fixture
def drawer(tmp_path: Path) -> Path:
    return vectors(tmp_path / "drawer 7")


@contextmanager
def shown(browser: Browser, folder: Path, scheme: str = "light", **options: Any) -> Iterator[Page]:
    """The page of a collection, with the answer about its first example."""
    key = options.pop("key", "")
    with running(create_app(folder, **options)) as address:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900},
            extra_http_headers={"Authorization": f"Bearer {key}"} if key else None,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        page.locator("button.example").first.click()
        expect(page.locator("#result .determination")).to_be_visible()
        yield page
        context.close()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where somebody wants to look at it."""
    if place := os.environ.get("HOLOTYPE_SCREENSHOTS"):
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)


def add(folder: Path, images: int) -> None:
    from holotype.scripts.bench.faults import plain

    with Collection.open(folder) as collection:
        space = collection.space()
        row = np.eye(space.dim, dtype=np.float32)[0]
        collection.store(space, [(plain.image_of(f"new {n}"), row) for n in range(images)])


def test_without_a_calibration_votes_are_called_votes(browser: Browser, drawer: Path) -> None:
    with shown(browser, drawer) as page:
        expect(page.locator(NOTICE)).to_contain_text("Not calibrated.")
        expect(page.locator(NOTICE)).to_contain_text("shares of the neighbours' votes")
        expect(page.locator("#ranks")).to_have_text("The neighbours' votes at every rank")
        expect(page.get_by_role("status")).not_to_contain_text("confident")
        picture(page, "none")
        page.get_by_role("button", name="Calibrate").click()
        expect(page.locator(NOTICE)).to_have_count(0, timeout=60_000)
        expect(page.locator("#ranks")).not_to_contain_text("votes")
        picture(page, "fitted")


def test_a_stale_calibration_says_what_changed_and_is_renewed(
    browser: Browser, drawer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(drawer) as collection:
        calibrate_space(collection)
    add(drawer, 3)
    held = Held()
    monkeypatch.setattr("holotype.service.resources.calibration.calibrate_space", held)
    with shown(browser, drawer) as page:
        expect(page.locator(NOTICE)).to_contain_text("Since it was fitted, 3 images were added.")
        picture(page, "stale")
        renew = page.get_by_role("button", name="Renew the calibration")
        renew.click()
        expect(page.locator(f"{NOTICE} .percent")).to_have_text("Calibrating, 30 %")
        expect(page.get_by_role("progressbar")).to_have_attribute("max", "100")
        picture(page, "renewing")
        page.locator("button.example").nth(1).click()  # another question meanwhile
        expect(page.locator("#known")).to_be_visible()
        expect(page.locator(f"{NOTICE} .percent")).to_have_text("Calibrating, 30 %")
        page.reload()  # the job goes on, and is found again
        page.locator("button.example").first.click()
        expect(page.locator(f"{NOTICE} .percent")).to_have_text("Calibrating, 30 %")
        page.get_by_role("button", name="Stop").click()
        expect(renew).to_be_visible()
        monkeypatch.undo()
        renew.click()
        expect(page.locator(NOTICE)).to_have_count(0, timeout=60_000)


def test_a_collection_that_is_too_small_says_why(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, vectors(tmp_path / "few", 20)) as page:
        page.get_by_role("button", name="Calibrate").click()
        expect(page.get_by_role("alert")).to_contain_text("50 are needed")
        expect(page.get_by_role("button", name="Calibrate")).to_be_visible()
        picture(page, "too few")


def test_who_may_not_write_is_told_the_command(browser: Browser, drawer: Path) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(b'key').hexdigest()}")
    with shown(browser, drawer, keys=keys, key="key", scheme="dark") as page:
        expect(page.locator(NOTICE)).to_contain_text('holotype calibrate "drawer 7"')
        expect(page.locator(f"{NOTICE} button")).to_have_count(0)
        picture(page, "read only")


def test_a_narrow_screen_holds_it(browser: Browser, drawer: Path) -> None:
    with shown(browser, drawer) as page:
        page.set_viewport_size({"width": 320, "height": 800})
        expect(page.locator(NOTICE)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
