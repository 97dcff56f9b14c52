"""The identify page, as a person uses it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..conftest import Draw

pytestmark = pytest.mark.browser

ANSWER = "#result .determination"


@pytest.fixture
def moth(draw: Draw, tmp_path: Path) -> Path:
    """A picture that the collection does not have, in the colours of its first species."""
    return draw(tmp_path / "moth.png", 4711, like=0)


def choose(page: Page, *paths: Path) -> None:
    page.set_input_files("#files", [str(path) for path in paths])


def pressed(page: Page, key: str, times: int = 1) -> None:
    for _ in range(times):
        page.keyboard.press(key)


def test_first_sight(page: Page) -> None:
    expect(page).to_have_title("drawer 7 · Holotype")
    expect(page.get_by_role("heading", name="What is this specimen?")).to_be_visible()
    expect(page.locator("header")).to_contain_text("40 images")
    expect(page.locator("header")).to_contain_text("4 species")
    expect(page.locator("button.example")).to_have_count(4)
    loaded = "image => image.decode().then(() => image.naturalWidth)"
    assert page.locator("button.example img").first.evaluate(loaded) > 0


def test_a_picture_is_identified(page: Page, moth: Path) -> None:
    choose(page, moth)
    expect(page.locator("#pictures img")).to_have_count(1)
    expect(page.locator(f"{ANSWER} h2 i")).to_have_text("Xestia baja")
    expect(page.locator(f"{ANSWER} .kicker")).to_contain_text("species")
    expect(page.locator(f"{ANSWER} .lineage")).to_contain_text("Noctuidae")
    expect(page.locator(f"{ANSWER} .sure")).to_contain_text("you asked for 95 %")
    expect(page.locator("#result .neighbours li")).to_have_count(10)
    expect(page.locator("#result .ranks")).to_contain_text("family")
    expect(page.get_by_role("status")).to_contain_text("species Xestia baja")


def test_unknown_is_a_calm_answer(page: Page, draw: Draw, tmp_path: Path) -> None:
    choose(page, draw(tmp_path / "between.png", 4711, like=53))  # 92 % of the votes are for one
    expect(page.locator(f"{ANSWER} h2")).to_have_text("Unknown")
    expect(page.locator("#result .neighbours")).to_contain_text("as a lead")
    page.get_by_text("90 %", exact=True).first.click()
    expect(page.locator(f"{ANSWER} h2")).to_have_text("Xestia c-nigrum")


def test_an_error_is_one_sentence(page: Page, moth: Path, tmp_path: Path) -> None:
    text = tmp_path / "letter.jpg"
    text.write_text("Dear curator")
    choose(page, text)
    expect(page.locator("#result .problem")).to_contain_text("not a JPEG, PNG, WebP or TIFF")
    expect(page.locator("#pictures")).to_contain_text("letter.jpg")
    choose(page, *[moth] * 3)
    page.set_input_files("#more", [str(moth)] * 3)
    expect(page.locator("#result .problem")).to_contain_text("at most 5")


def test_views_are_added_and_removed(page: Page, moth: Path, draw: Draw, tmp_path: Path) -> None:
    choose(page, moth)
    expect(page.locator(ANSWER)).to_be_visible()
    page.set_input_files("#more", str(draw(tmp_path / "side.png", 4712, like=0)))
    expect(page.locator("#pictures img")).to_have_count(2)
    page.get_by_role("button", name="Remove moth.png").click()
    expect(page.locator("#pictures img")).to_have_count(1)
    page.get_by_role("button", name="Another specimen").click()
    expect(page.locator("#pictures img")).to_have_count(0)
    expect(page.locator("#result")).to_be_empty()
    expect(page.locator(".drop")).to_be_visible()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_pictures_are_dropped_and_pasted(page: Page, moth: Path, way: str) -> None:
    page.evaluate(
        """async ([bytes, kind]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "moth.png", {type: "image/png"}));
            const event = kind === "drop"
                ? new DragEvent("drop", {dataTransfer: data, bubbles: true})
                : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
            document.body.dispatchEvent(event);
        }""",
        [list(moth.read_bytes()), way],
    )
    expect(page.locator(f"{ANSWER} h2")).to_have_text("Xestia baja")


def test_an_example_leaves_itself_out(page: Page) -> None:
    page.locator("button.example").nth(2).click()
    expect(page.locator(f"{ANSWER} h2")).to_have_text("Catocala nupta")
    expect(page.locator("#known")).to_contain_text("In the collection as Catocala nupta")
    specimen = page.locator("#pictures img").get_attribute("alt")
    assert specimen
    shown = page.locator("#result .neighbours .id").all_inner_texts()
    assert specimen not in shown


def test_a_restriction_is_chosen_from_what_exists(page: Page, moth: Path) -> None:
    choose(page, moth)
    expect(page.locator(f"{ANSWER} h2")).to_have_text("Xestia baja")
    page.locator("#only").focus()
    expect(page.locator("#taxa option")).to_have_count(2 + 3 + 3 + 4)
    page.locator("#only").fill("Catocala, genus of Moth")
    page.locator("#only").blur()
    expect(page.locator("#result .neighbours .name").first).to_have_text("Catocala nupta")
    page.locator("#only").fill("Dragons")
    page.locator("#only").blur()
    expect(page.locator("#only:invalid")).to_be_visible()


def test_the_keyboard_is_enough(page: Page) -> None:
    pressed(page, "Tab")
    expect(page.locator(".skip")).to_be_focused()
    pressed(page, "Tab")
    expect(page.get_by_role("link", name="Holotype", exact=True)).to_be_focused()
    page.locator("header nav a").last.focus()
    pressed(page, "Tab")
    expect(page.locator("#files")).to_be_focused()
    ring = page.locator("label[for=files]").evaluate(
        "label => getComputedStyle(label).outlineStyle"
    )
    assert ring == "solid"
    pressed(page, "Tab")
    expect(page.locator("#folder")).to_be_focused()
    heights = "name => document.querySelector(`label[for=${name}]`).offsetHeight"
    assert page.evaluate(heights, "folder") < page.evaluate(heights, "files") / 3
    pressed(page, "Tab")
    pressed(page, "ArrowRight")
    expect(page.locator("#c99")).to_be_checked()
    page.locator("button.example").first.focus()
    pressed(page, "Enter")
    expect(page.locator(ANSWER)).to_be_visible()
    summary = page.locator("#result .ranks summary").last
    summary.focus()
    pressed(page, "Enter")
    expect(page.locator("#result details[open] li").first).to_be_visible()


def test_everything_has_a_name(page: Page, moth: Path) -> None:
    choose(page, moth)
    expect(page.locator(ANSWER)).to_be_visible()
    assert page.locator("img:not([alt])").count() == 0
    nameless = """() => [...document.querySelectorAll("input, select, button")].filter(
        field => !(field.labels?.length || field.ariaLabel || field.textContent.trim()
                   || field.querySelector("img[alt]"))).length"""
    assert page.evaluate(nameless) == 0


def test_on_a_phone_the_answer_stands_before_the_options(page: Page, moth: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.set_input_files("#files", str(moth))
    name = page.locator(".determination h2")
    expect(name).to_be_in_viewport()
    told, options = name.bounding_box(), page.locator("#options").bounding_box()
    assert told
    assert options
    assert told["y"] < options["y"]


@pytest.mark.parametrize("width", [320, 390, 768])
def test_narrow_screens_do_not_scroll_sideways(page: Page, moth: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    choose(page, moth)
    expect(page.locator(ANSWER)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(page: Page, moth: Path, scheme: str) -> None:
    """Every text has a contrast of at least 4.5 with the paper, as WCAG 2.2 asks (AA)."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    choose(page, moth)
    expect(page.locator(ANSWER)).to_be_visible()
    paper = colour(page, "body", "backgroundColor")
    for selector in ("body", ".quiet", ".collection", ".kicker", ".probability", ".id", "footer"):
        assert contrast(colour(page, selector, "color"), paper) >= 4.5, selector


def colour(page: Page, selector: str, what: str) -> tuple[float, ...]:
    text = page.locator(selector).first.evaluate(f"found => getComputedStyle(found).{what}")
    return tuple(int(part) / 255 for part in re.findall(r"\d+", text)[:3])


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    def light(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_description_of_the_api(page: Page) -> None:
    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", name="POST /v1/identify")).to_be_visible()
