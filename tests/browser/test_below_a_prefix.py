"""Pages of one of several collections, behind a proxy's prefix: every address lies below."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from holotype.service.app import create_app

from ..service.running import running
from .conftest import opened

pytestmark = pytest.mark.browser

NAME = "50 % d'été #1"  # a name that an address must escape


@pytest.fixture(scope="module")
def several(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service of two collections."""
    shelf = tmp_path_factory.mktemp("shelf")
    for name in ("moths", NAME):
        shutil.copytree(_ready, shelf / name)
    with running(create_app(shelf)) as found:
        yield found


@pytest.fixture
def below(several: str) -> str:
    """The address of one of them."""
    return f"{several}/{quote(NAME)}"


def watched(page: Page) -> list[str]:
    """What is answered with an error, from now on."""
    failed: list[str] = []

    def look(response: Response) -> None:
        if response.status >= 400:
            failed.append(f"{response.status} {response.url}")

    page.on("response", look)
    return failed


@pytest.mark.parametrize("path", ["/", "/explore", "/review", "/collection", "/evaluate", "/docs"])
def test_a_page_asks_for_nothing_above_its_collection(
    browser: Browser, below: str, path: str
) -> None:
    with opened(browser, below, path) as page:
        failed = watched(page)
        page.reload()
        page.wait_for_load_state("networkidle")
        expect(page.locator("header.site [aria-current]")).to_have_count(1)
        # There is neither a map nor a clustering yet, which those pages show.
        said = [one for one in failed if "/v1/morphospace" not in one and "/v1/clusters" not in one]
        assert said == []


def test_a_curator_goes_from_the_list_to_a_specimen(browser: Browser, several: str) -> None:
    with opened(browser, several) as page:
        failed = watched(page)
        page.click(f"text={NAME}")
        page.wait_for_url("**/" + quote(NAME) + "/")
        page.locator("#examples img, .examples img").first.click()
        expect(page.locator("#result h2, .result h2").first).to_be_visible(timeout=60_000)
        page.locator("a[href*='/specimens/']").first.click()
        expect(page.locator("#pictures img").first).to_be_visible()
        page.locator(".lineage a").first.click()
        expect(page.locator("#images img").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.click("header.site >> text=All collections")
        expect(page.locator("main.collections h2")).to_have_count(2)
        assert [one for one in failed if "/v1/morphospace" not in one] == []  # no map is made yet


def test_an_address_that_leads_nowhere_shows_the_ways_on(browser: Browser, below: str) -> None:
    with opened(browser, below, "/specimens/nobody") as page:
        expect(page.locator("h1")).to_have_text("Not found")
        page.click("main >> text=To the first page")
        page.wait_for_url("**/" + quote(NAME) + "/")


def test_a_browser_leaves_a_slash_within_an_id_as_it_is_spelt(browser: Browser, below: str) -> None:
    with opened(browser, below) as page:
        spelt = page.evaluate("new URL('x%2Fpicture/..%2Fy', location.href).pathname")
        assert spelt.endswith("/x%2Fpicture/..%2Fy")  # which browsers leave as it is
