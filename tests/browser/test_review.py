"""The page that reviews clusters, by keyboard and by mouse, by one person and by two."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection
from holotype.service.guards.keys import Keys
from holotype.training.clustering import kept
from holotype.training.clustering.kept import recipe_for

from ..conftest import Draw
from .visits import click, idle, picture, press, served, violations, visit

pytestmark = pytest.mark.browser

OPEN = "#agenda ul:first-of-type button"


@pytest.fixture(scope="module")
def batch(_ready: Path, draw: Draw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection with ten pictures without a name, of two kinds that it does not know."""
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("batch") / "drawer 7"))
    pictures = tmp_path_factory.mktemp("trip")
    with served(folder) as address, httpx2.Client(base_url=address, timeout=60) as client:
        for number in range(10):
            drawn = draw(pictures / f"{number}.png", 500 + number, like=(77, 98)[number // 5])
            sent = client.put(f"/v1/images/trip{number}", files={"image": drawn.read_bytes()})
            assert sent.status_code == 201, sent.text
    return folder


@pytest.fixture
def address(batch: Path, tmp_path: Path) -> Iterator[str]:
    with served(Path(shutil.copytree(batch, tmp_path / "drawer 7"))) as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, timeout=60) as opened:
        yield opened


def group(page: Page) -> None:
    """Group the pictures without a name, on the page itself."""
    expect(page.locator("#none")).to_be_visible()
    page.fill("#start-where", "species=")
    page.fill("#start-k", "2")
    page.click("#start-button")
    expect(page.locator(OPEN)).to_have_count(2, timeout=60_000)


def answer(page: Page, text: str) -> None:
    """Answer the question that stands in a dialog."""
    page.fill("dialog input", text)
    page.keyboard.press("Enter")


def names(page: Page) -> list[str]:
    return page.locator("#agenda button .name").all_inner_texts()


def test_a_grouping_that_a_colleague_makes_meanwhile_is_shown(
    browser: Browser, address: str, client: httpx2.Client
) -> None:
    looked_at = "document.dispatchEvent(new Event('visibilitychange'))"
    with visit(browser, address, "/review") as page:
        expect(page.locator("#none")).to_be_visible()
        page.evaluate(looked_at)
        expect(page.locator("#notice")).to_be_hidden()
        asked = {"where": ["species="], "k": 2, "by": "B. Curator"}
        job = client.post("/v1/clusters", json=asked).json()["job_id"]
        while client.get(f"/v1/jobs/{job}").json()["state"] == "running":
            page.wait_for_timeout(200)
        page.evaluate(looked_at)
        expect(page.locator(OPEN)).to_have_count(2)
        expect(page.locator("#none")).to_be_hidden()


def test_a_grouping_that_runs_is_found_again(
    browser: Browser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def waiting(collection: Collection, *, space: str | None) -> Recipe:
        go_on.wait(60)
        return recipe_for(collection, space=space)

    monkeypatch.setattr(kept, "recipe_for", waiting)
    with visit(browser, address, "/review") as page:
        page.fill("#start-where", "species=")
        page.click("#start-button")
        expect(page.locator("#start-stop")).to_be_visible()
        page.reload()
        expect(page.locator("#start-stop")).to_be_visible()
        expect(page.locator("#start-button")).to_be_disabled()
        go_on.set()
        page.click("#start-told a", timeout=60_000)
        expect(page.locator("#name")).not_to_be_empty()


def test_one_key_each(browser: Browser, address: str, client: httpx2.Client) -> None:
    with visit(browser, address, "/review", signed="") as page:
        page.fill("#start-where", "species=")
        page.click("#start-button")
        answer(page, "A. Curator")  # asked for once, then remembered
        expect(page.locator("#name")).not_to_be_empty(timeout=60_000)
        page.goto(address + "/review")
        expect(page.locator("#signed")).to_contain_text("A. Curator")
        assert violations(page) == []
        press(page, "n")
        answer(page, "Xestia viridis")
        expect(page.locator("#history li").first).to_contain_text("Xestia viridis")
        named = client.get("/v1/images", params={"where": "species=Xestia viridis"}).json()
        assert named["total"] == 5
        press(page, "u")
        expect(page.locator("#history s")).to_have_count(1)
        press(page, "j")
        press(page, "b")
        first = page.locator("#name").inner_text()
        press(page, "a")
        expect(page.locator("#agenda")).to_contain_text("named")
        assert first in names(page)
        press(page, "r")
        expect(page.locator("#agenda")).to_contain_text("rejected")
        press(page, "u")
        press(page, "u")
        expect(page.locator(OPEN)).to_have_count(2)
        press(page, "l")
        expect(page.locator("#agenda")).to_contain_text("for later")
        press(page, "p")
        answer(page, "genus=Xestia")
        expect(page.locator("#agenda")).to_contain_text("placed")
        page.locator("#keys-on").uncheck()
        press(page, "u")
        press(page, "n")
        expect(page.locator("dialog")).to_have_count(0)


def test_pictures_are_picked_and_moved_by_keyboard(browser: Browser, address: str) -> None:
    with visit(browser, address, "/review") as page:
        group(page)
        page.locator("#sheet button.pick").first.focus()
        press(page, "ArrowRight")
        press(page, "Space")
        expect(page.locator("#picked")).to_have_text("1 picture picked.")
        press(page, "Enter")
        expect(page.locator("dialog.viewer img")).to_be_visible()
        page.keyboard.press("Escape")
        press(page, "v")
        page.get_by_role("button", name="A group of their own").press("Enter")
        expect(page.locator(OPEN)).to_have_count(3)
        press(page, "m")
        page.locator("dialog .choices button").first.press("Enter")
        expect(page.locator(OPEN)).to_have_count(2)
        press(page, "s")
        answer(page, "2")
        expect(page.locator(OPEN)).to_have_count(3)


def test_every_action_with_the_mouse(browser: Browser, address: str) -> None:
    with visit(browser, address, "/review") as page:
        group(page)
        picture(page, "review")
        click(page, "#do-split")
        page.click("dialog .first")
        expect(page.locator(OPEN)).to_have_count(3)
        click(page, "#do-merge")
        page.locator("dialog .choices button").first.click()
        expect(page.locator(OPEN)).to_have_count(2)
        page.locator("#sheet button.pick").nth(1).click()
        click(page, "#do-move")
        assert violations(page) == []
        page.get_by_role("button", name="A group of their own").click()
        expect(page.locator(OPEN)).to_have_count(3)
        click(page, "#do-name")
        page.locator("dialog .choices button").first.click()
        expect(page.locator("#agenda")).to_contain_text("named")
        click(page, "#do-accept")
        click(page, "#do-later")
        expect(page.locator("#agenda")).to_contain_text("for later")
        click(page, "#do-place")
        page.locator("dialog .choices button").first.click()
        expect(page.locator("#agenda")).to_contain_text("placed")
        click(page, "#do-undo")
        expect(page.locator("#history s")).to_have_count(1)
        # Back to where all began: what was decided since is undone, whatever it was.
        idle(page)
        page.locator("#history li").last.get_by_text("back to here").click()
        expect(page.locator(OPEN)).to_have_count(2)
        expect(page.locator("#agenda h3")).to_have_count(1)
        page.locator(OPEN).nth(1).click()
        click(page, "#do-reject")
        expect(page.locator("#agenda")).to_contain_text("rejected")
        idle(page)
        page.locator("#history li").first.get_by_text("undo").click()
        expect(page.locator(OPEN)).to_have_count(2)


def test_each_decision_leads_to_the_next_group_with_all_that_is_shown_of_it(
    browser: Browser, address: str, client: httpx2.Client
) -> None:
    def near(page: Page) -> list[str]:
        rows = page.locator("#near-sheet li").all()
        return [
            f"{row.locator('a').inner_text()} {row.locator('.cosine').inner_text()}" for row in rows
        ]

    def seen(page: Page, name: str) -> None:
        """What stands beside a group, and is said of it, is its own."""
        idle(page)
        expect(page.locator("#name")).to_have_text(name)
        (shown,) = (
            one for one in client.get("/v1/clusters").json()["clusters"] if one["name"] == name
        )
        told = [f"{one['taxon']} {one['cosine']:.2f}" for one in shown["nearest"][:4]]
        assert near(page) == told
        expect(page.locator("#status")).to_contain_text(name)

    with visit(browser, address, "/review") as page:
        group(page)
        first, second = names(page)
        beside = near(page)
        press(page, "l")
        seen(page, second)
        assert near(page) != beside
        press(page, "u")
        seen(page, first)
        expect(page.locator("#status")).to_contain_text("Undone: ")
        for key in ("r", "a"):
            press(page, key)
            seen(page, second)
            press(page, "u")
            seen(page, first)
        press(page, "n")
        answer(page, "Xestia viridis")
        expect(page.locator("dialog")).to_have_count(0)
        seen(page, second)


def test_what_is_to_be_decided_comes_before_what_is_decided(browser: Browser, address: str) -> None:
    with visit(browser, address, "/review") as page:
        group(page)
        first, second = names(page)
        expect(page.locator("#agenda h3").first).to_contain_text("10 images")
        press(page, "j")
        press(page, "r")  # the last of the list; the first is open yet
        expect(page.locator("#agenda")).to_contain_text("rejected")
        expect(page.locator("#name")).to_have_text(first)
        press(page, "j")
        expect(page.locator("#name")).to_have_text(second)
        press(page, "l")  # decided about once more
        expect(page.locator("#name")).to_have_text(first)
        page.reload()
        press(page, "u")  # made before the page was opened: asked about, then shown
        expect(page.locator("dialog")).to_contain_text("A. Curator")
        page.keyboard.press("Enter")
        expect(page.locator("#name")).to_have_text(second)
        expect(page.locator("#history s")).to_have_count(1)
        press(page, "l")
        press(page, "r")
        expect(page.locator("#name")).to_have_text(second)  # nothing else is left
        press(page, "a")
        idle(page)
        expect(page.locator("#status")).to_have_text("All groups are decided.")


def test_two_people_at_once(browser: Browser, address: str, client: httpx2.Client) -> None:
    with visit(browser, address, "/review") as page:
        group(page)
        (first, _) = sorted(
            client.get("/v1/clusters").json()["clusters"],
            key=lambda one: -one["size"] * one["coherence"],
        )
        told = {"by": "B. Curator", "version": first["version"], "name": "Xestia rubra"}
        assert client.post(f"/v1/clusters/{first['id']}/name", json=told).status_code == 200
        press(page, "n")
        answer(page, "Xestia viridis")
        expect(page.locator("dialog .wrong")).to_contain_text("Nothing was decided")
        expect(page.locator("dialog input")).to_have_value("Xestia viridis")
        expect(page.locator("#history")).to_contain_text("Xestia rubra")
        expect(page.locator("#history")).not_to_contain_text("Xestia viridis")
        page.keyboard.press("Enter")  # once more, about the cluster as it is now
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("#history")).to_contain_text("Xestia viridis")


def test_what_is_refused_stays_to_be_mended(browser: Browser, address: str) -> None:
    with visit(browser, address, "/review") as page:
        group(page)
        press(page, "n")
        answer(page, "genus=Xestia")
        expect(page.locator("dialog .wrong")).to_contain_text("not read as the name")
        expect(page.locator("dialog input")).to_be_focused()
        expect(page.locator("dialog input")).to_have_value("genus=Xestia")
        assert violations(page) == []
        answer(page, "Xestia viridis")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("#history")).to_contain_text("Xestia viridis")
        press(page, "m")
        answer(page, "99")
        expect(page.locator("dialog .wrong")).to_contain_text("no group '99'")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)


def test_only_what_this_page_decided_is_taken_back_at_once(
    browser: Browser, address: str, client: httpx2.Client
) -> None:
    def standing() -> list[str]:
        decided = client.get("/v1/decisions").json()["decisions"]
        return [one["what"] for one in decided if one["stands"] and one["kind"] == "name"]

    with visit(browser, address, "/review") as page:
        group(page)
        press(page, "n")
        answer(page, "Xestia viridis")
        expect(page.locator("#history")).to_contain_text("Xestia viridis")
        clusters = client.get("/v1/clusters").json()["clusters"]
        other = next(one for one in clusters if one["state"] == "open")
        told = {"by": "B. Curator", "version": other["version"], "name": "Xestia rubra"}
        assert client.post(f"/v1/clusters/{other['id']}/name", json=told).status_code == 200
        page.reload()
        expect(page.locator("#history")).to_contain_text("Xestia rubra")
        press(page, "u")  # another's, and the last: who, what and when is shown
        expect(page.locator("dialog")).to_contain_text("Xestia rubra")
        expect(page.locator("dialog")).to_contain_text("B. Curator")
        page.keyboard.press("Escape")
        assert len(standing()) == 2
        page.locator(OPEN).first.click()
        press(page, "n")
        answer(page, "Xestia flava")
        expect(page.locator("#history")).to_contain_text("Xestia flava")
        press(page, "u")
        expect(page.locator("#history s")).to_have_count(1)
        expect(page.locator("#history s")).to_contain_text("Xestia flava")
        press(page, "u")
        page.locator("dialog .first").click()
        expect(page.locator("#history s")).to_have_count(2)
    assert len(standing()) == 1


def test_who_may_only_read_sees_no_decisions(browser: Browser, batch: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(batch, tmp_path / "drawer 7"))
    keys = Keys.parse("read:" + hashlib.sha256(b"r").hexdigest())
    headers = {"Authorization": "Bearer r"}
    with (
        served(folder, keys=keys) as address,
        visit(browser, address, "/review", extra_http_headers=headers) as page,
    ):
        expect(page.locator("#none")).to_be_visible()
        expect(page.locator("#do-name")).to_have_count(0)
        expect(page.locator("#start")).to_have_count(0)
