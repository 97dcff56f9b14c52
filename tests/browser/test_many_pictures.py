"""Many new pictures: they are asked about together, and decided about one by one or together."""

from __future__ import annotations

import csv
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

# Answers as a calibrated collection gives them where only the genus is sure.
AT_THE_GENUS = """
const ask = window.fetch;
window.fetch = async (address, request) => {
  const response = await ask(address, request);
  if (!response.ok || !String(address).endsWith("/v1/identify")) return response;
  const told = await response.json();
  told.calibration = "fitted";
  const { taxon } = told.ranks.genus[0];
  if (told.determination) Object.assign(told.determination, { rank: "genus", taxon });
  return Response.json(told);
};"""
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")
REFUSED = {"type": "urn:holotype:bad-request", "title": "Bad request", "detail": "not today"}
ENTRIES = "#entries .entry"
SURE = 6


@pytest.fixture
def drawer(_ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_ready, tmp_path / "drawer 7"))


@pytest.fixture
def page(browser: Browser, drawer: Path) -> Iterator[Page]:
    with running(create_app(drawer)) as address, opened(browser, address) as page:
        yield page


@pytest.fixture
def trip(draw: Draw, tmp_path: Path) -> Path:
    """A folder of pictures: some like the first species, one between two, and a letter."""
    for n in range(SURE):
        draw(tmp_path / "trip" / f"sure {n}.png", 4711 + n, like=0)
    draw(tmp_path / "trip" / "between.png", 4711, like=53)
    (tmp_path / "trip" / "letter.txt").write_text("Dear curator")
    return tmp_path / "trip"


def sign(page: Page, name: str = "A. Curator") -> None:
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")


def answered(page: Page, trip: Path) -> None:
    page.set_input_files("#folder", str(trip))
    expect(page.locator("#panel")).to_contain_text(f"All {SURE + 1} answered.")
    page.mouse.move(0, 0)


def names(drawer: Path) -> dict[str, str]:
    with Collection.open(drawer) as collection:
        images = collection.images()
        return {
            image.image_id: image.lineage[-1]
            for image in images
            if image.image_id.startswith("trip")
        }


def test_a_folder_is_answered_sorted_and_accepted_together(
    page: Page, trip: Path, drawer: Path
) -> None:
    answered(page, trip)
    expect(page.locator("#title")).to_have_text("7 pictures")
    expect(page.locator("#panel")).to_contain_text("1 file is no picture")
    expect(page.locator("#panel")).to_contain_text("trip/letter.txt")
    expect(page.locator("#panel")).to_contain_text("Not calibrated.")
    first = page.locator(ENTRIES).first
    expect(first).to_contain_text("between")
    expect(first).to_contain_text("Unknown")
    page.get_by_role("button", name="Accept the 6 sure ones").click()
    sign(page)
    kept = page.get_by_role("button", name=re.compile("In the collection now"))
    expect(kept).to_contain_text("6")
    page.get_by_role("button", name="Keep the 1 unknown one").click()
    expect(kept).to_contain_text("7")
    found = names(drawer)
    assert sorted(found.values()) == ["", *["Xestia baja"] * 6]
    page.get_by_role("button", name="Undo the last 1").click()
    expect(kept).to_contain_text("6")
    assert len(names(drawer)) == 6
    with Collection.open(drawer) as collection:
        event = collection.history("trip/sure 0.png")[-1]
    assert event.determined_by == "A. Curator"


def test_the_keyboard_decides(page: Page, trip: Path, drawer: Path) -> None:
    answered(page, trip)
    page.get_by_label("Order").select_option("name")
    page.locator(f"{ENTRIES} button.picture").first.focus()
    page.keyboard.press("End")
    focused = page.locator(f"{ENTRIES}:has(:focus)")
    expect(focused).to_contain_text("sure 5.png")
    page.keyboard.press("a")
    sign(page)
    expect(page.locator(ENTRIES).last).to_contain_text("In the collection")
    page.locator(f"{ENTRIES} button.picture").first.focus()
    page.keyboard.press("s")
    expect(page.locator(ENTRIES).first).to_contain_text("Set aside")
    expect(focused).to_contain_text("sure 0.png")
    page.keyboard.press("c")
    page.get_by_label("Name", exact=True).fill("Catocala nupta")
    page.keyboard.press("Enter")
    expect(page.locator(ENTRIES).nth(1)).to_contain_text("Catocala nupta")
    assert names(drawer) == {
        "trip/sure 5.png": "Xestia baja",
        "trip/sure 0.png": "Catocala nupta",
    }
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#result .determination h2")).to_have_text("Xestia baja")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#title")).to_have_text("trip/sure 2.png")
    page.keyboard.press("a")
    expect(page.locator("#deciding")).to_contain_text("In the collection as Xestia baja")
    page.keyboard.press("u")
    expect(page.locator("#deciding")).to_contain_text("Accept Xestia baja")
    assert len(names(drawer)) == 2
    page.keyboard.press("Escape")
    expect(page.locator(ENTRIES)).to_have_count(7)
    expect(focused).to_contain_text("sure 2.png")


def test_what_is_sure_at_a_higher_rank_is_accepted_at_that_and_taken_back_together(
    page: Page, trip: Path, drawer: Path
) -> None:
    page.add_init_script(AT_THE_GENUS)
    page.reload()
    answered(page, trip)
    expect(page.locator("#ranks-accepted")).to_have_text(
        "By rank: genus 6. Nothing below that rank is said of them."
    )
    posted: list[str] = []
    page.on("request", lambda one: posted.append(one.url) if "determinations" in one.url else None)
    page.get_by_role("button", name="Accept all 6 at the rank that is sure").click()
    sign(page)
    kept = page.get_by_role("button", name=re.compile("In the collection now"))
    expect(kept).to_contain_text("6")
    with Collection.open(drawer) as collection:
        found = [one for one in collection.images() if one.image_id.startswith("trip")]
    assert {image.lineage[-2:] for image in found} == {("Xestia", "")}
    page.get_by_role("button", name="Undo the last 6").click()
    expect(kept).to_have_count(0)
    assert names(drawer) == {}
    assert [one.rpartition("/")[2] for one in posted] == ["batch", "undo"]


def test_what_a_colleague_did_meanwhile_stays_and_can_be_decided_about_again(
    page: Page, trip: Path, drawer: Path
) -> None:
    answered(page, trip)
    page.get_by_label("Order").select_option("name")
    taken, named, own = (page.locator(ENTRIES).filter(has_text=f"sure {n}") for n in (0, 1, 2))
    between = page.locator(ENTRIES).filter(has_text="between")
    page.get_by_role("button", name="Accept the 6 sure ones").click()
    sign(page)
    undo = page.get_by_role("button", name="Undo the last 6")
    expect(undo).to_be_visible()
    with Collection.open(drawer) as colleague:
        last = colleague.history("trip/sure 0.png")[-1]
        colleague.undo(last.determination_id, by="B. Curator")
        colleague.determine("trip/sure 1.png", NUPTA, by="B. Curator")
    undo.click()
    expect(page.locator("#status")).to_have_text("Undone but for 2 pictures, which say why.")
    expect(taken).to_contain_text("is undone already, by B. Curator")
    expect(named).to_contain_text("B. Curator")
    expect(own.get_by_role("button", name="Accept")).to_be_visible()
    assert names(drawer) == {"trip/sure 0.png": "", "trip/sure 1.png": "Catocala nupta"}
    taken.get_by_role("button", name="Accept").click()
    expect(taken).to_contain_text("In the collection")
    named.get_by_role("button", name="Set aside").click()
    expect(named.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Keep the 1 unknown one").click()
    expect(between).to_contain_text("In the collection")
    with Collection.open(drawer) as colleague:
        colleague.determine("trip/between.png", NUPTA, by="B. Curator")
    between.get_by_role("button", name="Undo").click()
    expect(between).to_contain_text("Somebody named it Catocala nupta meanwhile")
    assert names(drawer) == {
        "trip/sure 0.png": "Xestia baja",
        "trip/sure 1.png": "Catocala nupta",
        "trip/between.png": "Catocala nupta",
    }


def test_what_is_refused_stays_to_be_mended(page: Page, trip: Path, drawer: Path) -> None:
    page.set_input_files("#files", str(trip / "sure 0.png"))
    page.get_by_role("button", name="Correct", exact=True).click()
    sign(page)
    page.get_by_label("Name", exact=True).fill("nupta")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .wrong")).to_contain_text("has no taxon 'nupta'")
    expect(page.get_by_label("Name", exact=True)).to_have_value("nupta")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Accept Xestia baja")).to_be_visible()
    end = time.monotonic() + 30
    with Collection.open(drawer) as collection:  # the picture that was stored for it goes again
        while any("sure" in image.image_id for image in collection.images()):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_name_that_is_refused_leaves_no_picture_behind(
    page: Page, trip: Path, drawer: Path
) -> None:
    page.route("**/v1/determinations", lambda route: route.fulfill(status=422, json=REFUSED))
    page.set_input_files("#files", str(trip / "sure 0.png"))
    deciding = page.locator("#deciding")
    accept = page.get_by_role("button", name="Accept Xestia baja")
    accept.click()
    sign(page)
    expect(deciding.get_by_role("alert")).to_contain_text("not today")
    expect(accept).to_be_visible()
    with Collection.open(drawer) as collection:
        assert not any("sure" in image.image_id for image in collection.images())

    def stays(route: Route) -> None:
        if route.request.method == "DELETE":
            route.fulfill(status=403, json=REFUSED)
        else:
            route.fallback()

    page.route("**/v1/images/**", stays)
    accept.click()
    expect(deciding).to_contain_text("In the collection without a name")
    expect(deciding.get_by_role("alert")).to_contain_text("not today")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        deciding.get_by_role("button", name="Undo").click()  # refused as well, and offered again
    expect(deciding.get_by_role("alert")).to_be_visible()
    page.unroute("**/v1/images/**")
    deciding.get_by_role("button", name="Undo").click()
    expect(accept).to_be_visible()
    expect(deciding.get_by_role("alert")).to_have_count(0)
    with Collection.open(drawer) as collection:
        assert not any("sure" in image.image_id for image in collection.images())


def test_groups_and_the_table_and_its_csv(page: Page, trip: Path, tmp_path: Path) -> None:
    answered(page, trip)
    page.get_by_role("button", name=re.compile("^Unknown")).click()
    expect(page.locator(ENTRIES)).to_have_count(1)
    page.get_by_role("button", name=re.compile("^All")).click()
    page.get_by_text("Table", exact=True).click()
    expect(page.locator("#entries tbody tr")).to_have_count(7)
    expect(page.locator("#entries thead")).to_contain_text("How sure")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a table").click()
    download.value.save_as(tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert len(rows) == 7
    assert rows["trip/sure 0.png"]["taxon"] == "Xestia baja"
    assert rows["trip/between.png"]["taxon"] == ""


def test_a_picture_that_is_none_is_listed(page: Page, trip: Path) -> None:
    (trip / "broken.jpg").write_text("Dear curator")
    page.set_input_files("#folder", str(trip))
    expect(page.locator("#panel")).to_contain_text("7 of 8 answered.")
    page.get_by_role("button", name=re.compile("^Problems")).click()
    expect(page.locator(ENTRIES)).to_have_count(1)
    expect(page.locator(ENTRIES)).to_contain_text("not a JPEG, PNG, WebP or TIFF")


def test_views_of_one_specimen_are_kept_together(page: Page, trip: Path, drawer: Path) -> None:
    page.set_input_files("#files", [str(trip / "sure 0.png"), str(trip / "sure 1.png")])
    page.get_by_role("button", name="Accept Xestia baja").click()
    sign(page)
    expect(page.locator("#deciding")).to_contain_text("In the collection as Xestia baja")
    with Collection.open(drawer) as collection:
        kept = [image for image in collection.images() if "sure" in image.image_id]
    assert len(kept) == 2
    assert len({image.specimen_id for image in kept}) == 1


def test_a_picture_is_kept_under_the_day_of_whoever_keeps_it(
    browser: Browser, trip: Path, drawer: Path
) -> None:
    west = "America/Los_Angeles"
    with (
        running(create_app(drawer)) as address,
        opened(browser, address, timezone_id=west) as page,
    ):
        page.clock.set_fixed_time("2026-03-02T03:00:00Z")
        page.set_input_files("#files", str(trip / "sure 0.png"))
        page.get_by_role("button", name="Accept Xestia baja").click()
        sign(page)
        expect(page.locator("#deciding")).to_contain_text("In the collection as Xestia baja")
    with Collection.open(drawer) as collection:
        assert collection.image("2026-03-01/sure 0.png")


def test_two_pictures_may_be_two_specimens(page: Page, trip: Path) -> None:
    page.set_input_files("#files", [str(trip / "sure 0.png"), str(trip / "between.png")])
    page.get_by_role("button", name="These are different specimens").click()
    expect(page.locator(ENTRIES)).to_have_count(2)
    page.get_by_role("button", name="Other pictures").click()
    expect(page.locator(".drop")).to_be_visible()


def test_evidence_is_looked_at_beside_the_picture(page: Page, trip: Path) -> None:
    page.set_input_files("#files", str(trip / "sure 0.png"))
    page.locator("#result .neighbours button.picture").nth(1).click()
    viewer = page.locator("dialog.viewer")
    expect(viewer.locator("figure")).to_have_count(2)
    expect(viewer.locator(".place")).to_have_text("2 / 10")
    page.keyboard.press("ArrowRight")
    expect(viewer.locator(".place")).to_have_text("3 / 10")
    page.keyboard.press("+")
    moved = "image => new DOMMatrix(getComputedStyle(image).transform).a"
    scales = [image.evaluate(moved) for image in viewer.locator("img").all()]
    assert scales == [1.5, 1.5]
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)


def test_a_busy_service_is_asked_again(page: Page, trip: Path) -> None:
    refused: list[str] = []

    def busy(route: Route) -> None:
        if len(refused) >= 3:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "1"}, json={"detail": "come again"})

    page.route("**/v1/identify", busy)
    answered(page, trip)
    assert len(refused) == 3
    expect(page.locator(ENTRIES).filter(has_text="come again")).to_have_count(0)


def test_what_got_no_answer_is_asked_about_again(page: Page, trip: Path) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.fulfill(status=400, json=REFUSED) if len(lost) < 3 else route.continue_()

    page.route("**/v1/identify", lose)
    page.set_input_files("#folder", str(trip))
    again = page.get_by_role("button", name="Ask again about the 2 without an answer")
    expect(again).to_be_visible()
    expect(page.locator("#panel")).to_contain_text(f"{SURE - 1} of {SURE + 1} answered.")
    again.click()
    expect(again).to_have_count(0)
    expect(page.locator("#panel")).to_contain_text(f"All {SURE + 1} answered.")
    expect(page.get_by_role("button", name=re.compile("^Problems"))).to_have_count(0)
    assert len(lost) == SURE + 1 + 2


def test_the_answer_speaks_spanish(page: Page, trip: Path) -> None:
    page.get_by_role("link", name="Español").click()
    page.set_input_files("#files", str(trip / "sure 0.png"))
    expect(page.locator("#result .why")).to_contain_text("de los votos de los vecinos")
    page.set_input_files("#files", str(trip / "between.png"))
    expect(page.locator("#result .why")).to_contain_text("Ningún rango tiene 95 %")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "es")
