"""A curator's day in the browser: 200 new moths, from a folder to a table, with few clicks."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training.spaces import calibrate_space

from .visits import click, picture, press, served, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KNOWN, NEW = 30, 10  # species that the collection has, and that it does not
OF_KNOWN = 8  # pictures of each that the collection has; the others are new
BATCH = 200
MINUTES = 60_000  # milliseconds

# What the hand does: presses of the mouse, and of keys beside those that write text.
COUNT = """
const told = JSON.parse(sessionStorage.getItem("told") ?? '{"clicks": 0, "keys": 0}');
const keep = () => sessionStorage.setItem("told", JSON.stringify(told));
const writes = event => event.key.length === 1 && event.target instanceof HTMLInputElement;
addEventListener("pointerdown", () => { told.clicks += 1; keep(); }, true);
addEventListener("keydown", event => { if (!writes(event)) { told.keys += 1; keep(); } }, true);
"""


@pytest.fixture(scope="module")
def species(data: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of the first moths, by species."""
    found: dict[str, list[dict[str, str]]] = {}
    with (data / "moths" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["species"], []).append(row)
    return dict(list(found.items())[: KNOWN + NEW])


@pytest.fixture(scope="module")
def day(
    data: Path,
    species: dict[str, list[dict[str, str]]],
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path]:
    """A calibrated collection of known moths, one with a wrong label, and a folder of new ones."""
    place = tmp_path_factory.mktemp("day")
    batch = place / "night 1"
    batch.mkdir()
    old, new = [], []
    for number, rows in enumerate(species.values()):
        kept = OF_KNOWN if number < KNOWN else 0
        old += rows[:kept]
        new += rows[kept:]
    old[0] = {**old[0], **{one: old[-1][one] for one in ("family", "genus", "species")}}
    for row in new[-BATCH:]:
        shutil.copy(data / "moths" / row["path"], batch / Path(row["path"]).name)
    manifest = place / "old.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(old[0]))
        table.writeheader()
        for row in old:
            table.writerow({**row, "path": data / "moths" / row["path"]})
    with Collection.create(place / "moths") as made:
        ingest(Manifest.read(manifest), made, encoder)
        calibrate_space(made)
    return place / "moths", batch


@pytest.fixture
def address(day: tuple[Path, Path]) -> Iterator[str]:
    with served(day[0]) as found:
        yield found


def test_the_day(
    browser: Browser,
    address: str,
    day: tuple[Path, Path],
    species: dict[str, list[dict[str, str]]],
    tmp_path: Path,
) -> None:
    folder, batch = day
    with visit(browser, address, "/", signed="") as page:
        page.context.add_init_script(COUNT)
        page.reload()
        page.set_default_timeout(10 * MINUTES)
        # A folder in: a table that fills, sorted by doubt.
        page.locator("label[for=folder]").dispatch_event("pointerdown")
        page.set_input_files("#folder", str(batch))
        count = len(list(batch.iterdir()))
        expect(page.locator("#panel")).to_contain_text(
            f"All {count} answered.", timeout=10 * MINUTES
        )
        picture(page, "day-answered")
        # The sure ones together, the unknown ones kept without a name.
        page.get_by_role("button", name=re.compile(r"Accept the \d+ sure one")).click()
        page.get_by_label("Your name").fill("A. Curator")
        page.keyboard.press("Enter")
        kept = page.get_by_role("button", name=re.compile("Keep the .* unknown"))
        expect(kept).to_be_visible(timeout=10 * MINUTES)
        kept.click()
        groups = page.locator("#panel .groups")
        expect(groups).not_to_contain_text("Unknown", timeout=10 * MINUTES)
        # Of the rest one is looked at and corrected, the others accepted at the rank that is sure.
        higher = groups.locator("button", has_text="higher rank")
        left = int(higher.locator(".number").inner_text())
        higher.click()
        first = page.locator("#entries button.picture").first
        first.click()
        expect(page.locator("#result .determination")).to_be_visible()
        page.locator("#whole").click()
        first.focus()
        page.keyboard.press("c")
        page.locator("dialog .choices button").first.click()
        picture(page, "day-corrected")
        expect(higher.locator(".number")).to_have_text(str(left - 1), timeout=MINUTES)
        told = page.locator("#ranks-accepted").inner_text()
        accepted = {rank: int(n) for rank, n in re.findall(r"(\w+) (\d+)", told)}
        assert sum(accepted.values()) == left - 1
        page.get_by_role("button", name=f"Accept all {left - 1} at the rank that is sure").click()
        expect(higher.locator(".number")).to_have_text("0", timeout=10 * MINUTES)
        with page.expect_download(timeout=MINUTES) as started:
            page.get_by_role("button", name=re.compile("Download as a table")).click()
        started.value.save_as(tmp_path / "night.csv")
        # The unknown ones grouped, and two groups named.
        page.get_by_role("link", name="Review").click()
        page.fill("#start-where", "species=")
        page.click("#start-button")
        expect(page.locator("#name")).not_to_be_empty(timeout=10 * MINUTES)
        picture(page, "day-grouped")
        for name in ("Xestia prima", "Xestia secunda"):
            press(page, "n")
            page.fill("dialog input", name)
            page.keyboard.press("Enter")
            expect(page.locator("#history li").first).to_contain_text(name)
        click(page, "#do-undo")
        expect(page.locator("#history s")).to_have_count(1)
        # A label that is wrong.
        page.get_by_role("link", name="Labels in doubt").click()
        expect(page.locator("#entry")).to_be_visible(timeout=MINUTES)
        press(page, "a")
        expect(page.locator("#undone li")).to_have_count(1)
        hand = page.evaluate("JSON.parse(sessionStorage.getItem('told'))")
        print(f"\nThe day: {hand['clicks']} clicks and {hand['keys']} keys for {count} pictures")
    made = determinations(address)
    assert "Xestia prima" in [one["taxon"] for one in made]
    # No name was given at a rank that was not sure: there are as many of each as was told before.
    ranks = Counter(rank_of(species, one["taxon"]) for one in made if one["taxon"])
    assert {rank: ranks[rank] for rank in accepted} == accepted
    assert hand["clicks"] <= 15
    assert hand["keys"] <= 12
    with (tmp_path / "night.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == count
    with Collection.open(folder) as opened:
        stored = [one for one in opened.images() if one.image_id.startswith("night 1/")]
    assert len(stored) == count
    assert "Xestia secunda" not in {image.lineage[-1] for image in stored}


def rank_of(species: dict[str, list[dict[str, str]]], taxon: str) -> str:
    """The rank of a taxon above the species; empty for others."""
    rows = [rows[0] for rows in species.values()]
    return next((r for r in ("genus", "family") if any(row[r] == taxon for row in rows)), "")


def determinations(address: str) -> list[dict[str, str]]:
    found = httpx2.get(f"{address}/v1/determinations", params={"limit": 1000}, timeout=60).json()
    return list(found["determinations"])
