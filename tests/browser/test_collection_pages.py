"""The collection's pages: its tree, a taxon, a specimen, and adding pictures."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from holotype.index.collection import Collection
from holotype.service.app import create_app

from ..conftest import Draw
from ..service.running import running
from .conftest import opened

pytestmark = pytest.mark.browser

NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


@pytest.fixture
def drawer(_ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_ready, tmp_path / "drawer 7"))


@pytest.fixture
def page(browser: Browser, drawer: Path) -> Iterator[Page]:
    """The collection's page."""
    with running(create_app(drawer)) as address, opened(browser, address, "/collection") as page:
        yield page


def specimen_of(drawer: Path, species: str) -> str:
    with Collection.open(drawer) as collection:
        found = [one for one in collection.images() if one.lineage[-1] == species]
    return found[0].specimen_id


def sign(page: Page) -> None:
    page.get_by_label("Your name").fill("A. Curator")
    page.keyboard.press("Enter")


def test_the_tree_leads_to_a_taxon_and_to_a_specimen(page: Page) -> None:
    expect(page.locator(".counts")).to_contain_text("40 images")
    page.get_by_role("button", name="What Moth holds").click()
    opener = page.get_by_role("button", name="What Noctuidae holds")
    opener.focus()
    page.keyboard.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="What Xestia holds").click()
    expect(page.locator("#tree")).to_contain_text("Xestia c-nigrum")
    opener.click()
    expect(page.get_by_role("link", name="Xestia c-nigrum")).to_be_hidden()
    opener.click()
    page.get_by_role("link", name="Xestia", exact=True).click()
    expect(page.locator("h1")).to_have_text("Xestia")
    expect(page.locator("#counts")).to_contain_text("specimens")
    expect(page.locator("#children")).to_contain_text("Xestia baja")
    expect(page.locator("#confused")).to_contain_text("Catocala")
    expect(page.locator("#images li").nth(1)).to_be_visible()
    page.locator("#images figure a").first.click()
    expect(page.locator("#name h2")).to_contain_text("Xestia")
    expect(page.locator("header nav [aria-current]")).to_have_text("Collection")
    expect(page.locator("#name .lineage")).to_contain_text("Noctuidae")


def test_a_taxon_and_a_specimen_are_found(page: Page, drawer: Path) -> None:
    page.locator("#sought").fill("xestia baja")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Xestia baja")
    page.go_back()
    specimen = specimen_of(drawer, "Catocala nupta")
    page.locator("#sought").fill(specimen)
    page.keyboard.press("Enter")
    expect(page.locator("#name h2")).to_have_text("Catocala nupta")
    page.go_back()
    page.locator("#sought").fill("Dragon")
    page.keyboard.press("Enter")
    expect(page.locator("#sought:invalid")).to_be_visible()
    expect(page.locator("#sought")).to_have_value("Dragon")


def test_a_specimen_is_asked_for_once(page: Page, drawer: Path) -> None:
    specimen = specimen_of(drawer, "Xestia baja")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(page.url.replace("/collection", f"/specimens/{specimen}"))
    expect(page.locator("#events li")).to_have_count(1)
    assert len([url for url in asked if url.endswith(f"/v1/specimens/{specimen}")]) == 1


def test_what_takes_long_is_said_and_asked_for_once(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/taxa/tree?*", lambda route: held.append(route))
    opener = page.get_by_role("button", name="What Moth holds")
    for _ in range(3):  # opened, closed and opened again
        opener.click()
    expect(page.locator("#waiting")).to_have_text("Waiting for the server …")
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("button", name="What Noctuidae holds")).to_have_count(1)
    expect(page.locator("#waiting")).to_be_empty()


def test_more_that_is_pressed_twice_is_listed_once(page: Page) -> None:
    page.route("**/v1/images?*", two_at_a_time)
    page.goto(page.url.replace("/collection", "/taxa/category/Moth"))
    expect(page.locator("#images li")).to_have_count(2)
    page.get_by_role("button", name="More").dblclick()
    expect(page.locator("#images li")).to_have_count(4)
    images = page.locator("#images img").all()
    assert len({image.get_attribute("alt") for image in images}) == 4


def two_at_a_time(route: Route) -> None:
    time.sleep(0.3)  # the second press comes while the first is answered
    route.continue_(url=route.request.url.replace("limit=60", "limit=2"))


def test_a_taxon_without_a_map_says_where_one_is_made(page: Page) -> None:
    page.goto(page.url.replace("/collection", "/taxa/genus/Xestia"))
    expect(page.locator("#map-how")).to_contain_text("keeps no map yet; the page Explore")
    expect(page.locator(".small-map")).to_have_count(0)


def test_what_is_not_there_is_said(page: Page) -> None:
    base = page.url.removesuffix("/collection")
    page.goto(f"{base}/specimens/none")
    expect(page.locator("main")).to_contain_text("no specimen 'none'")
    page.goto(f"{base}/taxa/genus/None")
    expect(page.locator("main")).to_contain_text("Not found")


def test_a_specimen_is_corrected_and_that_undone(page: Page, drawer: Path) -> None:
    specimen = specimen_of(drawer, "Xestia baja")
    page.goto(page.url.replace("/collection", f"/specimens/{specimen}"))
    expect(page.locator("#result .determination")).to_be_visible()
    expect(page.locator("#events li")).to_have_count(1)
    page.get_by_role("button", name="Correct", exact=True).click()
    sign(page)
    page.get_by_label("Name", exact=True).fill("Catocala nupta")
    page.keyboard.press("Enter")
    expect(page.locator("#name h2")).to_have_text("Catocala nupta")
    expect(page.locator("#name")).to_contain_text("determined by A. Curator")
    expect(page.locator("#events li")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#name h2")).to_have_text("Xestia baja")
    page.get_by_role("button", name="Confirm Xestia baja").click()
    expect(page.locator("#name")).to_contain_text("determined by A. Curator")
    with Collection.open(drawer) as collection:
        assert len(collection.history(specimen)) == 4
    page.get_by_role("button", name="Correct", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Dragons")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("has no taxon 'Dragons'")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Dragons")


def test_a_name_that_a_colleague_gave_meanwhile_is_shown_and_not_written_over(
    page: Page, drawer: Path
) -> None:
    specimen = specimen_of(drawer, "Xestia baja")
    page.goto(page.url.replace("/collection", f"/specimens/{specimen}"))
    confirm = page.get_by_role("button", name="Confirm Xestia baja")
    expect(confirm).to_be_visible()
    with Collection.open(drawer) as colleague:
        colleague.determine(specimen, NUPTA, by="B. Curator")
    confirm.click()
    sign(page)
    expect(page.get_by_role("alert")).to_contain_text("B. Curator")
    expect(page.locator("#name h2")).to_have_text("Catocala nupta")
    expect(page.locator("#events li")).to_have_count(2)
    page.get_by_role("button", name="Correct", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Xestia baja")
    page.keyboard.press("Enter")
    expect(page.locator("#name h2")).to_have_text("Xestia baja")


def test_names_in_doubt_are_told_once_and_days_without_a_time_as_they_are(
    browser: Browser, drawer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specimen = specimen_of(drawer, "Xestia baja")
    each = [
        ("Xestia cf. baja agg.", "cf. baja", "", "2020-05-17", "2020-05-17"),
        ("Xestia cf. baja", "cf. Xestia baja", "", "2020", "2020"),
        ("Xestia cf. baja/alba", "cf. baja", "", "spring 1998", "spring 1998"),
        ("Xestia sp. 1", "cf. Xestia sp. 1", " cf.", "2020-05-17T02:00:00Z", "May 16, 2020"),
        ("Xestia sp. 1", "sp. 1", "", "2020-05-17 08:00:00+00:00", "May 17, 2020"),
        ("", "sp.", "Xestia sp.", "2020-05-17T10:00:00", "2020-05-17T10:00:00"),
    ]
    with Collection.open(drawer) as collection:
        lineage = next(one.lineage for one in collection.images() if one.specimen_id == specimen)
        for species, qualifier, _, at, _ in each:
            monkeypatch.setattr("holotype.index.storage.records.now", lambda at=at: at)
            named = (*lineage[:-1], species)
            collection.determine(specimen, named, by="A. Curator", qualifier=qualifier)
    with (
        running(create_app(drawer)) as address,
        opened(
            browser, address, f"/specimens/{specimen}", timezone_id="America/Los_Angeles"
        ) as page,
    ):
        events = page.locator("#events li")
        expect(events).to_have_count(1 + len(each))
        shown = list(zip(events.locator("b").all(), events.locator("time").all(), strict=True))
        told = [(name.inner_text(), at.inner_text()) for name, at in shown]
    wanted = [(species + follows, day) for species, _, follows, _, day in each]
    assert told[-2::-1] == wanted  # the latest comes first, and what it came with last


def test_a_record_is_corrected(page: Page, drawer: Path) -> None:
    specimen = specimen_of(drawer, "Xestia baja")
    page.goto(page.url.replace("/collection", f"/specimens/{specimen}"))
    page.get_by_role("button", name="Correct the record").first.click()
    page.get_by_label("Locality").fill("Jena")
    page.keyboard.press("Enter")
    expect(page.locator(".record").first).to_contain_text("Jena")
    with Collection.open(drawer) as collection:
        image = next(one for one in collection.images() if one.specimen_id == specimen)
    asked = page.url.replace(f"/specimens/{specimen}", f"/v1/images/{image.image_id}")
    assert page.request.patch(asked, data={"locality": "Weimar"}).ok  # by a colleague
    page.get_by_role("button", name="Correct the record").first.click()
    expect(page.get_by_label("Locality")).to_have_value("Weimar")
    page.get_by_label("Locality").fill("Jena")
    page.keyboard.press("Enter")
    expect(page.locator(".record").first).to_contain_text("Jena")
    with Collection.open(drawer) as collection:
        image = next(one for one in collection.images() if one.specimen_id == specimen)
        assert image.details["locality"] == "Jena"


def test_pictures_are_added_and_what_is_none_is_listed(
    page: Page, draw: Draw, drawer: Path, tmp_path: Path
) -> None:
    for n in range(3):
        draw(tmp_path / "trip" / "Catocala_nupta" / f"{n}.png", 4711 + n, like=2)
    (tmp_path / "trip" / "Catocala_nupta" / "3.jpg").write_text("Dear curator")
    page.get_by_label("Folders’ names are").select_option("species")
    page.get_by_text("What is true of all").click()
    page.get_by_label("Locality").fill("Jena")
    page.set_input_files("#folder", str(tmp_path / "trip"))
    told = page.locator("#progress")
    expect(told).to_contain_text("3 pictures are new.", timeout=30_000)
    expect(told).to_contain_text("1 could not be stored")
    expect(told).to_contain_text("trip/Catocala_nupta/3.jpg")
    expect(page.locator("#tree")).to_contain_text(re.compile("Moth.*18 specimens"))
    with Collection.open(drawer) as collection:
        image = collection.image("trip/Catocala_nupta/0.png")
    assert [name for name in image.lineage if name] == [
        *("Moth", "Erebidae", "Catocala", "Catocala nupta")
    ]
    assert image.details["locality"] == "Jena"
    page.set_input_files("#folder", str(tmp_path / "trip"))
    expect(told).to_contain_text(re.compile(r"0 pictures are new\. 3 were there already\."))
