"""A simulated poor set-up: the same every time, poorer in every way, and told apart by a column."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from holotype.eval.set_ups.degrade import Degradation, degrade, picture_rng, random_degradation
from holotype.eval.set_ups.simulated import add_second_setup
from holotype.index.errors import UsageError
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Cli
from tests.eval.planting import scene

GENTLE = Degradation(side=96, blur=0.0, cast=(1.0, 1.0, 1.0), noise=0.0, quality=95)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_picture_is_degraded_the_same_way_every_time() -> None:
    picture = scene(np.random.default_rng(0)).resize((300, 200))
    first, again = (degrade(picture, Degradation(), picture_rng("ab" * 32, 1)) for _ in range(2))
    assert first == again
    assert first != degrade(picture, Degradation(), picture_rng("ab" * 32, 2))
    assert opened(first).size == (72, 48)
    assert opened(first).format == "JPEG"


def test_small_pictures_are_not_enlarged_and_a_gentle_set_up_changes_little() -> None:
    picture = scene(np.random.default_rng(0))
    same = opened(degrade(picture, GENTLE, np.random.default_rng(0)))
    assert same.size == picture.size
    change = np.abs(np.asarray(same, np.float64) - np.asarray(picture, np.float64))
    assert change.mean() < 4


def test_every_number_does_what_it_says() -> None:
    grey = Image.new("RGB", (80, 60), (100, 100, 100))
    warm = Degradation(side=96, blur=0.0, cast=(1.2, 1.0, 0.8), noise=0.0, quality=95)
    means = np.asarray(opened(degrade(grey, warm, np.random.default_rng(0)))).mean(axis=(0, 1))
    assert means == pytest.approx([120, 100, 80], abs=2)
    noisy = Degradation(side=96, blur=0.0, cast=(1.0, 1.0, 1.0), noise=10.0, quality=95)
    values = np.asarray(opened(degrade(grey, noisy, np.random.default_rng(0))).convert("L"))
    assert 4 < values.std() < 10


def test_drawn_set_ups_differ_and_stay_in_their_ranges() -> None:
    rng = np.random.default_rng(0)
    drawn = [random_degradation(rng) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert {56 <= how.side <= 160 and 25 <= how.quality <= 80 for how in drawn} == {True}
    assert {how.cast[0] > how.cast[2] for how in drawn} == {True, False}


def test_a_second_set_up_shares_specimens_names_and_splits(
    source: Path, tmp_path: Path, cli: Cli
) -> None:
    made = add_second_setup(Manifest.read(source), tmp_path / "one")
    again = add_second_setup(Manifest.read(source), tmp_path / "two")
    assert made.pictures == 40
    table = pd.read_csv(made.manifest, dtype=str, keep_default_na=False)
    clean, poor = table[table["imaging"] == "clean"], table[table["imaging"] == "degraded"]
    assert len(clean) == len(poor) == 40
    shared = ["specimen_id", "species", "split", "sex"]
    assert (clean[shared].to_numpy() == poor[shared].to_numpy()).all()
    for path in poor["path"]:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
    _, problems = Manifest.read(again.manifest).check(decode=True)
    assert problems == []
    with pytest.raises(UsageError, match="exists already; name a new folder"):
        add_second_setup(Manifest.read(source), source.parent)
    with pytest.raises(UsageError, match="has a column 'imaging' already"):
        add_second_setup(Manifest.read(made.manifest), tmp_path / "three")


def test_degrading_a_picture_loads_no_library_of_statistics() -> None:
    script = (
        "import sys; import holotype.eval.set_ups.degrade; "
        "print(*{'pandas', 'sklearn', 'scipy', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
