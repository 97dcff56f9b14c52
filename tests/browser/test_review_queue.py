"""The pages of the curation queues, by keyboard and by mouse."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.index.collection import Collection
from holotype.index.curation.queues import QUEUES
from holotype.index.errors import UsageError
from holotype.service.guards.keys import Keys
from holotype.service.resources.unknown import queues
from holotype.training.spaces import tune_space
from tests.index.clusters.clouds import add_batch, drawer

from .visits import click, picture, press, served, violations, visit

pytestmark = pytest.mark.browser

WRONG = "Xestia_baja_1"
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")
KINDS = ("read", "write")
MISLABELS = "/review/queues/mislabels"


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """A service over a collection in which one specimen has a wrong name."""
    with Collection.open(folder) as opened:
        opened.determine(WRONG, NUPTA, by="manifest", origin="import")
    with served(folder) as found:
        yield found


def accepted(address: str) -> str:
    record = httpx2.get(f"{address}/v1/specimens/{WRONG}/history").json()["events"]
    return str(record[-1]["after"])


def first(page: Page) -> None:
    expect(page.locator("#own")).to_contain_text(WRONG)


def test_one_key_each(browser: Browser, address: str) -> None:
    with visit(browser, address, MISLABELS) as page:
        first(page)
        expect(page.locator("#proposed")).to_contain_text("Xestia baja")
        expect(page.locator("#do-accept")).to_have_text("Accept Xestia baja A")
        expect(page.locator("#evidence img")).not_to_have_count(0)
        assert violations(page) == []
        picture(page, "mislabels")
        press(page, "a")
        expect(page.locator("#undone")).to_contain_text("Xestia baja")
        assert accepted(address) == "Xestia baja"
        press(page, "u")
        first(page)
        assert accepted(address) == "Catocala nupta"
        press(page, "c")
        page.fill("dialog input", "Xestia c-nigrum")
        page.keyboard.press("Enter")
        expect(page.locator("#undone")).to_contain_text("Xestia c-nigrum")
        press(page, "u")
        first(page)
        press(page, "d")
        expect(page.locator("#undone")).to_contain_text("Catocala nupta")
        press(page, "u")
        first(page)


def test_every_action_with_the_mouse(browser: Browser, address: str) -> None:
    with visit(browser, address, MISLABELS) as page:
        first(page)
        click(page, "#do-correct")
        assert violations(page) == []
        page.locator("dialog .choices button").first.click()
        expect(page.locator("#undone li")).to_have_count(1)
        click(page, "#do-undo")
        first(page)
        click(page, "#do-accept")
        expect(page.locator("#undone li")).to_have_count(1)
        click(page, "#do-undo")
        first(page)
        click(page, "#do-dismiss")
        expect(page.locator("#undone li")).to_have_count(1)


def test_a_specimen_that_somebody_else_named_meanwhile(
    browser: Browser, address: str, folder: Path
) -> None:
    with visit(browser, address, MISLABELS) as page:
        first(page)
        with Collection.open(folder) as opened:
            opened.determine(WRONG, NUPTA, by="B. Curator")
        press(page, "d")
        expect(page.locator("#notice")).to_contain_text("Nothing was decided")


def test_what_a_colleague_took_back_is_told_and_the_title_is_in_the_language_of_the_page(
    browser: Browser, address: str, folder: Path
) -> None:
    with visit(browser, address, MISLABELS, locale="es") as page:
        first(page)
        press(page, "a")
        expect(page.locator("#undone")).to_contain_text("Xestia baja")
        with Collection.open(folder) as opened:
            last = opened.history(WRONG)[-1]
            opened.undo(last.determination_id, by="B. Curator")
        press(page, "u")
        expect(page.locator("#notice")).to_contain_text("Ha cambiado mientras tanto: ")
        english = page.locator('#notice [lang="en"]')
        expect(english).to_contain_text("is undone already, by B. Curator")


def test_names_of_many_specimens_are_compared_by_one_button(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    noted = ("the server responded with a status of 503",)
    with visit(browser, address, MISLABELS, noted=noted) as page:
        expect(page.locator("#not-compared")).to_contain_text("have not been compared yet")
        assert violations(page) == []
        page.get_by_role("button", name="Compare the names now").click()
        first(page)
        expect(page.locator("#not-compared")).to_be_hidden()
        expect(page.locator("#name")).to_be_focused()


class Held:
    """A stand-in for comparing names that goes on until it is let go or stopped."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, *_: object, progress: Callable[[int, int], None], **__: object) -> None:
        while not self.go_on.wait(0.01):
            progress(3, 10)
        raise UsageError("Nothing was compared here")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Comparing names takes long, and has not been done."""
    held = Held()
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    monkeypatch.setattr("holotype.training.doubts.doubts_of", held)
    yield held
    held.go_on.set()


def test_a_comparison_is_begun_once_found_again_and_stopped(
    browser: Browser, address: str, held: Held
) -> None:
    noted = ("the server responded with a status of 503",)
    with visit(browser, address, MISLABELS, noted=noted) as page:
        begun: list[str] = []
        page.on("request", lambda sent: begun.append(f"{sent.method} {sent.url}"))
        compare = page.get_by_role("button", name="Compare the names now")
        compare.dblclick()
        told = page.locator("#not-compared-why")
        expect(told).to_contain_text("30 %")
        assert begun.count(f"POST {address}/v1/jobs") == 1
        expect(compare).to_be_disabled()
        page.reload()
        expect(told).to_contain_text("30 %")
        page.get_by_role("button", name="Stop").click()
        expect(told).to_contain_text("The names were not compared.")
        expect(page.get_by_role("button", name="Stop")).to_be_hidden()
        compare.click()  # and begun anew
        expect(told).to_contain_text("30 %")
        held.go_on.set()
        expect(told).to_contain_text("Nothing was compared here")
        expect(compare).to_be_enabled()


def test_who_may_only_read_sees_how_far_a_comparison_is_and_no_button(
    browser: Browser, folder: Path, held: Held
) -> None:
    keys = Keys.parse(
        ",".join(f"{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in KINDS)
    )
    reader, writer = ({"Authorization": f"Bearer {scope}"} for scope in KINDS)
    noted = ("the server responded with a status of 503",)
    with served(folder, keys=keys) as address:
        order = {"kind": "review"}
        assert httpx2.post(f"{address}/v1/jobs", json=order, headers=writer).is_success
        with visit(browser, address, MISLABELS, noted=noted, extra_http_headers=reader) as page:
            expect(page.locator("#not-compared-why")).to_contain_text("30 %")
            expect(page.get_by_role("button", name="Stop")).to_have_count(0)
            expect(page.get_by_role("button", name="Compare the names now")).to_have_count(0)
            page.goto(f"{address}/evaluate")
            expect(page.locator("#evaluations")).to_have_text("Nothing yet.")
            expect(page.get_by_role("button", name="Begin")).to_have_count(0)


def test_a_queue_that_ends_at_a_decision_shows_nothing_to_decide_about(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = ("the server responded with a status of 503",)
    with visit(browser, address, MISLABELS, noted=noted) as page:
        first(page)
        monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
        monkeypatch.setattr(queues, "kept_doubts", lambda *_, **__: None)
        press(page, "d")
        expect(page.locator("#not-compared")).to_contain_text("have not been compared yet")
        expect(page.locator("#entry")).to_be_hidden()
        expect(page.locator("#undone")).to_contain_text(WRONG)
        click(page, "#do-undo")
        expect(page.locator("#decided")).to_be_hidden()
        assert len(httpx2.get(f"{address}/v1/specimens/{WRONG}/history").json()["events"]) == 4


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_has_a_page(browser: Browser, address: str, queue: str) -> None:
    with visit(browser, address, f"/review/queues/{queue}") as page:
        expect(page.locator("#entry:visible, #empty:visible")).to_be_visible()
        expect(page.locator(".tabs [aria-current]")).to_have_count(1)


def test_specimens_without_a_name_are_named_together_less_what_is_left_out(
    browser: Browser, tmp_path: Path
) -> None:
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"Xestia alba": 4})
    noted = ("the server responded with a status of 404",)  # these specimens have no pictures
    with (
        served(tmp_path / "drawer") as address,
        visit(browser, address, "/review/queues/unnamed", noted=noted) as page,
    ):
        boxes = page.locator("#together-list input")
        expect(boxes).to_have_count(3)
        expect(page.locator("#proposed")).to_contain_text("Xestia alba (4 specimens)")
        expect(page.locator("#do-dismiss")).to_have_count(0)  # there is no label
        assert violations(page) == []
        left_out = page.locator("#together-list .id").first.get_attribute("title")
        boxes.first.uncheck()
        expect(page.locator("#proposed")).to_contain_text("Xestia alba (3 specimens)")
        press(page, "a")
        expect(page.locator("#undone")).to_contain_text("Xestia alba")
        expect(page.locator("#own")).to_contain_text(str(left_out))  # what is left, to be corrected
        (entry,) = httpx2.get(f"{address}/v1/queues/unnamed").json()["entries"]
        assert entry["specimen_ids"] == [left_out]
        press(page, "u")
        expect(boxes).to_have_count(3)
        assert httpx2.get(f"{address}/v1/queues/unnamed").json()["total"] == 4
        page.reload()
        expect(page.locator("#proposed")).to_contain_text("(3 specimens)")  # it stays left out
        press(page, "c")
        page.fill("dialog input", "Xestia nova")
        page.keyboard.press("Enter")
        expect(page.locator("#undone")).to_contain_text("Xestia nova")
        queue = httpx2.get(f"{address}/v1/queues/unnamed").json()
        assert queue["total"] == 3  # the one that is shown large alone was corrected


def test_a_queue_is_shown_in_the_space_that_is_chosen(
    browser: Browser, address: str, folder: Path
) -> None:
    with Collection.open(folder) as opened:
        tune_space(opened, name="tuned")
    with visit(browser, address, MISLABELS) as page:
        first(page)
        page.select_option("#space", "tuned")
        page.wait_for_url("**?space=tuned")
        first(page)
        expect(page.locator("#space")).to_have_value("tuned")
        assert violations(page) == []
        with page.expect_request("**/accept") as asked:
            press(page, "a")
        assert json.loads(asked.value.post_data or "")["space"] == "tuned"
        expect(page.locator("#undone")).to_contain_text("Xestia baja")
        click(page, "nav.tabs a[href$='far?space=tuned']")
        expect(page.locator("#space")).to_have_value("tuned")
    assert "no space 'none'" in httpx2.get(f"{address}{MISLABELS}?space=none").text
