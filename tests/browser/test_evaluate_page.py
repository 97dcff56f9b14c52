"""The page of evaluations: one is started, found again, and two are set side by side."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.eval.evaluations.protocols import PROTOCOLS
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.service.app import create_app
from holotype.training.spaces import tune_space

from ..service.running import running
from .conftest import opened

pytestmark = pytest.mark.browser

LONG = 60_000  # milliseconds, for the libraries that measure


@pytest.fixture
def page(browser: Browser, _ready: Path, tmp_path: Path) -> Iterator[Page]:
    folder = Path(shutil.copytree(_ready, tmp_path / "drawer 7"))
    with running(create_app(folder)) as address, opened(browser, address, "/evaluate") as page:
        yield page


@pytest.mark.slow
def test_one_is_measured_and_two_stand_side_by_side(page: Page) -> None:
    expect(page.locator("#evaluations")).to_have_text("Nothing yet.")
    page.get_by_role("button", name="Begin").focus()
    page.keyboard.press("Enter")
    lines = page.locator("#evaluations h3")
    expect(lines).to_have_count(1, timeout=LONG)
    expect(lines).to_have_text("each picture asks all others · base")
    expect(page.locator("#evaluations .found")).to_contain_text("the right species")
    report = page.get_by_role("link", name="Open the report").get_attribute("href")
    assert report
    assert page.request.get(page.url.replace("/evaluate", report)).ok
    page.get_by_label("What is measured").select_option("kfold")
    page.get_by_role("button", name="Begin").click()
    expect(lines).to_have_count(2, timeout=LONG)
    page.locator("#evaluations input").last.check()
    table = page.locator("#compared table")
    expect(table).to_contain_text("at the most alike picture (recall@1)")
    expect(table.locator("thead")).to_contain_text("space “base”")
    page.reload()
    expect(lines).to_have_count(2)


def test_what_cannot_be_measured_says_why(page: Page) -> None:
    page.get_by_label("What is measured").select_option("split")
    page.get_by_label("Those that ask").fill("colour=red")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_contain_text("colour")
    expect(page.get_by_role("button", name="Begin")).to_be_visible()


@pytest.fixture
def tuned(_ready: Path, tmp_path: Path) -> Path:
    """A collection with a space that has seen all of its pictures."""
    folder = Path(shutil.copytree(_ready, tmp_path / "drawer 7"))
    with Collection.open(folder) as collection:
        tune_space(collection, name="tuned")
    return folder


def test_a_space_that_saw_what_would_ask_is_refused_in_the_words_of_the_page(
    browser: Browser, tuned: Path
) -> None:
    with running(create_app(tuned)) as address, opened(browser, address, "/evaluate") as page:
        page.locator("#space").select_option("tuned")
        page.get_by_role("button", name="Begin").click()
        wrong = page.get_by_role("alert")
        expect(wrong).to_contain_text(
            "the page Evaluate, 'space' tuned, 'What is measured' in five"
        )
        expect(wrong).to_contain_text("by 'Also where pictures were learned from'")
        expect(wrong).not_to_contain_text("/v1/")
        page.get_by_label("Also where pictures were learned from").check()


class Held:
    """A stand-in for a protocol that measures until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, *_: object, **__: object) -> Any:
        self.go_on.wait(60)
        raise UsageError("Nothing was measured here")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held()
    standing = replace(PROTOCOLS["leave-one-out"], measure=held)
    monkeypatch.setitem(PROTOCOLS, "leave-one-out", standing)
    yield held
    held.go_on.set()


def test_what_is_refused_meanwhile_stands_beside_what_runs(page: Page, held: Held) -> None:
    begin = page.get_by_role("button", name="Begin")
    begin.dblclick()  # twice the same is one evaluation
    progress = page.get_by_role("progressbar")
    expect(progress).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("What is measured").select_option("kfold")
    begin.click()
    refused = page.locator("#wrong [role=alert]")
    expect(refused).to_contain_text("is running; wait until it is done")
    expect(progress).to_be_visible()
    page.reload()  # it is found again
    expect(progress).to_be_visible()
    held.go_on.set()
    expect(refused).to_contain_text("Nothing was measured here")
    expect(progress).to_have_count(0)
