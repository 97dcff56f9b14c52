"""The page with the map, by mouse and by keyboard."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, expect

from holotype.index.collection import Collection
from holotype.index.morphospace.map_table import METADATA, stream_of
from holotype.index.morphospace.morphospace import morphospace
from holotype.index.morphospace.parameters import Wanted

from .visits import picture, served, violations, visit

pytestmark = pytest.mark.browser

MAP = "#map[data-drawn]"
# The corners of a line as the browser tells them: to a fraction of a pixel.
NOTE = """() => {
  window.line = [];
  const note = event => { if (event.buttons) window.line.push([event.offsetX, event.offsetY]); };
  for (const kind of ["pointerdown", "pointermove"]) {
    document.querySelector("#map").addEventListener(kind, note);
  }
}"""
ZOOM = 0.92  # share of the canvas that the whole map fills


@pytest.fixture(scope="module")
def mapped(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection with a map, that of its principal axes."""
    folder = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("mapped") / "drawer 7"))
    with Collection.open(folder) as opened:
        morphospace(opened, wanted=Wanted(method="pca"))
    return folder


@pytest.fixture(scope="module")
def address(mapped: Path) -> Iterator[str]:
    with served(mapped) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with visit(browser, address, "/explore") as opened:
        opened.select_option("#method", "pca")
        expect(opened.locator(MAP)).to_be_visible()
        yield opened


def place(page: Page, image_id: str) -> tuple[float, float]:
    """Where an image is in the window, told by finding it: it comes to the middle of the map."""
    page.fill("#find", image_id)
    page.press("#find", "Enter")
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def around(page: Page, x: float, y: float, radius: float = 30, modifier: str = "") -> None:
    """Draw a line around a point of the window."""
    if modifier:
        page.keyboard.down(modifier)
    page.mouse.move(x + radius, y)
    page.mouse.down()
    for angle in np.linspace(0, 2 * np.pi, 24):
        page.mouse.move(x + radius * np.cos(angle), y + radius * np.sin(angle))
    page.mouse.up()
    if modifier:
        page.keyboard.up(modifier)


def test_no_map_is_one_sentence_and_a_button(browser: Browser, address: str) -> None:
    with visit(browser, address, "/explore") as page:
        expect(page.locator("#no-map-why")).to_contain_text("no map of this kind yet")
        expect(page.locator("#make-map")).to_be_visible()
        expect(page.locator("#stage")).to_be_hidden()
        assert violations(page) == []


def test_a_map_that_is_made_elsewhere_meanwhile_is_shown(browser: Browser, folder: Path) -> None:
    with served(folder) as address, visit(browser, address, "/explore") as page:
        expect(page.locator("#make-map")).to_be_visible()
        with Collection.open(folder) as opened:
            morphospace(opened, wanted=Wanted(method="pca"))
        page.select_option("#method", "pca")
        expect(page.locator(MAP)).to_be_visible()
        page.select_option("#method", "umap")
        expect(page.locator("#make-map")).to_be_visible()
        expect(page.locator("#stage")).to_be_hidden()


def test_the_map_is_drawn_and_its_legend_counts(page: Page) -> None:
    assert page.locator(MAP).get_attribute("data-drawn") == "40"
    rows = page.locator("#legend button")
    expect(rows).to_have_count(4)
    counts = [int(text) for text in page.locator("#legend .count").all_inner_texts()]
    assert sum(counts) == 40
    page.select_option("#colour", "family")
    expect(page.locator("#legend")).to_contain_text("Noctuidae")
    page.select_option("#colour", "sex")
    expect(page.locator("#legend")).to_contain_text("f")
    expect(page.locator("#said")).to_contain_text("trustworthiness")
    assert violations(page) == []
    picture(page, "explore")


def test_a_picture_is_pointed_at_opened_and_chosen_with_the_mouse(page: Page, mapped: Path) -> None:
    with Collection.open(mapped) as opened:
        image = next(opened.images())
    x, y = place(page, image.image_id)
    expect(page.locator("#specimen")).to_contain_text(image.image_id)
    page.locator("#specimen button").click()
    page.mouse.move(x + 3, y)
    expect(page.locator("#tip img")).to_be_visible()
    page.mouse.click(x, y)
    expect(page.locator("#specimen h2")).to_be_visible()
    page.click("#lasso")
    around(page, x, y)
    expect(page.locator("#chosen-count")).to_contain_text("chosen")
    expect(page.locator("#chosen button").first).to_be_visible()
    page.click("#move")
    page.click("#whole")
    box = page.locator("#map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    around(page, *middle, radius=0.6 * box["height"], modifier="Shift")
    expect(page.locator("#chosen-count")).to_have_text("40 pictures chosen")


def test_the_keyboard_moves_chooses_and_opens(page: Page, mapped: Path) -> None:
    with Collection.open(mapped) as opened:
        image = next(opened.images())
    page.locator("#map").focus()
    for key in ("+", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "-", "0"):
        page.keyboard.press(key)
    place(page, image.image_id)
    page.locator("#specimen button").press("Enter")  # the map has the focus again
    page.keyboard.press("s")
    chosen = page.locator("#chosen button")
    expect(chosen.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#specimen h2")).to_be_visible()
    page.locator("#map").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#chosen-count")).to_have_text("Nothing chosen")
    page.locator("#legend button").first.focus()
    page.keyboard.press("Enter")
    page.locator("#legend-choose").focus()
    page.keyboard.press("Enter")
    expect(chosen).to_have_count(10)


def test_a_filter_shows_some_and_refuses_what_it_cannot_read(page: Page) -> None:
    page.fill("#only", "family=Noctuidae")
    page.press("#only", "Enter")
    expect(page.locator(MAP)).not_to_have_attribute("data-drawn", "40")
    shown = int(page.locator(MAP).get_attribute("data-drawn") or 0)
    assert 0 < shown < 40
    page.fill("#only", "nonsense=1")
    page.press("#only", "Enter")
    expect(page.locator("#no-map-why")).to_contain_text("nonsense")
    page.fill("#only", "")
    page.press("#only", "Enter")
    expect(page.locator(MAP)).to_have_attribute("data-drawn", "40")


def test_the_chosen_are_a_table(page: Page, tmp_path: Path) -> None:
    page.locator("#legend button").first.click()
    page.click("#legend-choose")
    with page.expect_download() as started:
        page.click("#chosen-csv")
    started.value.save_as(tmp_path / "chosen.csv")
    with (tmp_path / "chosen.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert len({row["species"] for row in rows}) == 1
    assert {"image_id", "x", "y", "placed", "far"} <= rows[0].keys()


def test_grouping_what_is_named_already_is_refused_in_a_sentence(page: Page) -> None:
    page.locator("#legend button").first.click()
    page.click("#legend-choose")
    page.click("#chosen-group")
    expect(page.locator("#chosen-problem")).to_contain_text("lacks the name", timeout=60_000)


def cloud(n: int) -> tuple[pa.Table, np.ndarray]:
    """A map of n images, which no collection holds, and its coordinates."""
    draw = np.random.default_rng(3)
    centres = draw.normal(size=(100, 2)) * 8
    of = draw.integers(0, 100, n)
    coordinates = (centres[of] + draw.normal(size=(n, 2))).astype(np.float32)
    words = pa.array([f"Genus species{one:02d}" for one in range(100)])
    table = pa.table(
        {
            "image_id": pa.array([f"i{one}" for one in range(n)]),
            "x": coordinates[:, 0],
            "y": coordinates[:, 1],
            "placed": pa.array(draw.random(n) < 0.1),
            "far": pa.array(draw.random(n) < 0.001),
            "species": pa.DictionaryArray.from_arrays(pa.array(of.astype(np.int32)), words),
        }
    )
    quality = {"trustworthiness": 0.9, "overlap": 0.5, "k": 15}
    said = {"version": str(n), "images": n, "parameters": {}, "quality": quality, "notes": []}
    return table.replace_schema_metadata({METADATA: json.dumps(said)}), coordinates


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which points are in a polygon: float64 [n, 2], [corners, 2] -> bool [n]."""
    x, y = points[:, 0], points[:, 1]
    found = np.zeros(len(points), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        if y1 != y2:
            found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found


@pytest.mark.parametrize("n", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_large_map_is_drawn_and_a_line_around_holds_what_numpy_counts(
    browser: Browser, address: str, n: int
) -> None:
    table, coordinates = cloud(n)
    stream = stream_of(table)
    with visit(browser, address, "/explore") as page:
        page.evaluate("document.querySelector('#page').dataset.ranks = 'species'")
        page.route("**/v1/morphospace*", lambda route: route.fulfill(body=stream))
        page.set_default_timeout(120_000)
        page.select_option("#method", "pca")
        page.wait_for_selector(f"#map[data-drawn='{n}']")
        width, height = page.locator("#map").evaluate("map => [map.clientWidth, map.clientHeight]")
        page.evaluate(NOTE)
        box = page.locator("#map").bounding_box()
        assert box is not None
        corners = [(300, 120), (620, 90), (700, 400), (480, 300), (250, 450)]
        page.click("#lasso")
        page.mouse.move(box["x"] + 300, box["y"] + 120)
        page.mouse.down()
        for x, y in corners[1:]:
            page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.up()
        line = np.array(page.evaluate("window.line"))
        assert line.shape == (5, 2)
        expected = int(inside(on_screen(coordinates, width, height), line).sum())
        assert 0.02 * n < expected < 0.9 * n
        expect(page.locator("#chosen-count")).to_have_text(f"{expected:,} pictures chosen")
        picture(page, f"explore-{n}")


def on_screen(coordinates: np.ndarray, width: float, height: float) -> np.ndarray:
    """Where images are in the canvas when all of the map is shown: float64 [n, 2], pixels."""
    least, most = coordinates.min(axis=0), coordinates.max(axis=0)
    half = (most - least).astype(float) / 2
    scale = ZOOM * min(width / (2 * half[0]), height / (2 * half[1]))
    centred = coordinates - (least.astype(float) + most) / 2
    return np.column_stack([width / 2 + scale * centred[:, 0], height / 2 - scale * centred[:, 1]])


DRAWN = """id => {
  const canvas = document.querySelector(id);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let red = 0, any = 0;
  for (let at = 0; at < data.length; at += 4) {
    any += data[at + 3] > 0;
    red += data[at + 3] > 0 && data[at] > data[at + 1] + 60;
  }
  return { red, any };
}"""


def test_without_webgl_the_map_is_drawn_plainly(browser: Browser, address: str) -> None:
    with visit(browser, address, "/explore") as page:
        page.add_init_script("""
            const get = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                return kind === "webgl2" ? null : get.call(this, kind, ...more);
            };""")
        page.goto(f"{address}/explore?method=pca")
        expect(page.locator(MAP)).to_be_visible()
        expect(page.locator("#no-drawing")).to_contain_text("has no WebGL")
        assert page.evaluate(DRAWN, "#map")["any"] > 500
        choose = page.get_by_role("button", name="Draw around")
        choose.click()
        box = page.locator("#map").bounding_box()
        assert box is not None
        corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98)]
        for number, (across, down) in enumerate(corners):
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
            if not number:
                page.mouse.down()
        page.mouse.up()
        expect(page.locator("#chosen-count")).to_contain_text("pictures chosen")


def test_a_taxon_is_shown_on_the_map(browser: Browser, address: str, mapped: Path) -> None:
    with Collection.open(mapped) as opened:
        images = [one for one in opened.images() if "Xestia" in one.lineage]
    with visit(browser, address, "/taxa/genus/Xestia") as page:
        expect(page.locator(f".small-map canvas[data-drawn='{len(images)}']")).to_be_visible()
        drawn = page.evaluate(DRAWN, ".small-map canvas")
        assert drawn["red"] > 20
        assert drawn["any"] > drawn["red"] + 100  # the others are there, in grey
        assert violations(page) == []
        picture(page, "taxon-map")
        page.get_by_role("link", name="Look closer on the map").click()
        expect(page.locator(MAP)).to_be_visible()
        expect(page.locator("#only")).to_have_value('category="Moth" & genus="Xestia"')
        expect(page.locator("#said")).to_contain_text(f"{len(images)} pictures")
