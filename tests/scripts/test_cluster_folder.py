"""`holotype cluster FOLDER`: pictures are stored as ingest does it, then clustered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import holotype
from holotype.index.collection import Collection
from tests.conftest import Ask, Cli, Draw


def test_what_is_off_is_told_before_pictures_are_stored(
    folder: Path, tmp_path: Path, draw: Draw, cli: Cli
) -> None:
    draw(tmp_path / "trip" / "1.png", 900)
    for words in (("--k", 0), ("--method", "none"), ("--risk", 2), ("--seed", 2**32)):
        code, out, err = cli("cluster", tmp_path / "trip", "--in", folder, *words)
        assert (code, out, str(words[1]) in err) == (2, "", True), err
    with Collection.open(folder) as opened:
        assert all(image.image_id != "1.png" for image in opened.images())


@pytest.mark.parametrize("door", ["terminal", "Python"])
def test_folders_of_a_batch_name_nothing(
    folder: Path, tmp_path: Path, draw: Draw, ask: Ask, door: str
) -> None:
    """Of sites and days species were made, which the next query answered with."""
    trip = tmp_path / "trip"
    draw(trip / "Sierra Nevada" / "day 0" / "1.png", 900)
    draw(trip / "Xestia viridis" / "1.png", 901)
    if door == "terminal":
        ids = [
            one["image_ids"] for one in ask("cluster", trip, "--in", folder, "--k", 2)["clusters"]
        ]
    else:
        with holotype.open(folder) as opened:
            ids = [one["image_ids"] for one in opened.cluster(trip, k=2).to_dict()["clusters"]]
    expected = ["Sierra Nevada/day 0/1.png", "Xestia viridis/1.png"]
    assert sorted(one for some in ids for one in some) == expected
    with Collection.open(folder) as opened:
        assert not any(any(opened.image(one).lineage) for one in expected)


def test_folders_of_a_batch_say_what_the_user_says(
    folder: Path, tmp_path: Path, draw: Draw, ask: Ask
) -> None:
    for number in range(2):
        draw(tmp_path / "trip" / "Noctuidae" / f"{number}.png", 900 + number)
    ask("cluster", tmp_path / "trip", "--in", folder, "--levels", "family", "--k", 2)
    with Collection.open(folder) as opened:
        assert "Noctuidae" in opened.image("Noctuidae/0.png").lineage


def test_a_folder_is_stored_and_clustered(
    folder: Path, tmp_path: Path, draw: Draw, ask: Ask, cli: Cli
) -> None:
    for number in range(6):
        draw(tmp_path / "trip" / f"{number}.png", 900 + number, like=50 + number // 3)
    (tmp_path / "trip" / "torn.png").write_bytes(b"no picture")
    code, out, err = cli("cluster", tmp_path / "trip", "--in", folder, "--k", 2)
    assert code == 0, err
    assert "torn.png" in err
    assert "Stored 6 new pictures" in err
    assert "6 images in 2 clusters" in out
    again = ask("cluster", tmp_path / "trip", "--in", folder, "--k", 2)
    assert sorted(len(one["image_ids"]) for one in again["clusters"]) == [3, 3]
    sheet = tmp_path / "clusters.png"
    ask("clusters", "list", "--in", folder, "--sheet", sheet)
    with Image.open(sheet) as drawn:
        assert drawn.height > 2 * 150
    assert cli("clusters", "list", "--in", folder, "--sheet", sheet)[0] == 2  # it is there
    ask("name", again["clusters"][0]["id"], "Xestia nova", "--in", folder)
    with Collection.open(folder) as opened:
        named = [image for image in opened.images() if image.lineage[-1] == "Xestia nova"]
    assert len(named) == 3
    rest = ask("cluster", tmp_path / "trip", "--in", folder)
    assert sum(one["size"] for one in rest["clusters"] + rest["set_aside"]) == 3
