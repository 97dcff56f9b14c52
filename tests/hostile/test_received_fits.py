"""Projections and calibrations from a stranger."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError
from holotype.index.identification.identify import identify_vector
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.search.search import stored_vector
from holotype.index.vectors.projection import Projection
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space, tune_space
from tests.conftest import Cli
from tests.hostile.forging import forge

DATABASE = "collection.sqlite"

pytestmark = pytest.mark.usefixtures("stranger")


DEEP = "[" * 100_000
# What is fitted --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted") / "c"
    plain.make(folder, 60)
    with Collection.open(folder) as collection:
        tune_space(collection)
        calibrate_space(collection)
    return folder


@pytest.fixture
def fitted(fitted_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fitted_once, tmp_path / "c"))


def crafted(**changes: object) -> bytes:
    eye = np.eye(8, dtype=np.float32)
    made = Projection(np.zeros(8, np.float32), eye, "wccn")
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    return made.to_bytes()


PROJECTIONS = {
    "nothing": b"",
    "a header of any length": b"\xff" * 64,
    "no tensors": b"\x02" + bytes(7) + b"{}",
    "other dimensions": crafted(),
    "a card that nests": crafted(card=DEEP),
    "an exponent of nothing": crafted(exponent=float("nan")),
    "an exponent of text": crafted(exponent="1e9"),
    "more dimensions than came in": crafted(matrix=np.ones((8, 99), np.float32)),
    "doubles": crafted(matrix=np.eye(8), mean=np.zeros(8)),
    "a map to nothing": crafted(matrix=np.ones((8, 0), np.float32)),
}


@pytest.mark.parametrize("case", PROJECTIONS)
def test_a_hostile_projection_is_refused(fitted: Path, cli: Cli, case: str) -> None:
    forge(fitted, "UPDATE projections SET content = ?", values=(PROJECTIONS[case],))
    code, _, err = cli("search", "--id", "image 3", "--in", fitted, "--space", "tuned")
    assert (code, len(err.strip().splitlines())) == (4, 1), err


def test_a_projection_whose_numbers_overflow_is_refused(fitted: Path, cli: Cli) -> None:
    with Collection.open(fitted) as collection:
        kept = collection.gallery("tuned").projection
        assert kept is not None
    huge = Projection(kept.mean, np.full_like(kept.matrix, 3e38), kept.kind)
    forge(fitted, "UPDATE projections SET content = ?", values=(huge.to_bytes(),))
    code, _, err = cli("search", "--id", "image 3", "--in", fitted, "--space", "tuned")
    assert (code, len(err.strip().splitlines())) == (4, 1), err
    assert "not finite" in err


def hostile_calibrations(content: bytes) -> dict[str, bytes]:
    from safetensors.numpy import load, save

    tensors = load(content)

    def changed(card: str = "{}", **others: np.ndarray) -> bytes:
        return bytes(save({**tensors, **others}, metadata={"calibration": card}))

    def shaped(**others: np.ndarray) -> bytes:
        parts = {f"shape {name}": part for name, part in others.items()}
        return bytes(save({**tensors, **parts}, metadata={"calibration": "{}"}))

    between, axes = tensors["shape between"], tensors["shape axes"]
    nan = np.full_like(tensors["models"], np.nan)
    return {
        "nothing": b"",
        "numbers that are none": changed(models=nan),
        "fewer models": changed(models=tensors["models"][:1]),
        "an even number of models": changed(models=tensors["models"][:-1]),
        "fewer features": changed(models=np.ascontiguousarray(tensors["models"][:, :-1])),
        "nearness out of order": changed(nearness=tensors["nearness"][::-1].copy()),
        "nearness of another shape": changed(nearness=tensors["nearness"][None]),
        "sharpness of another length": changed(sharpness=np.ones(99)),
        "a projection that is none": changed(projection0=np.zeros(9, np.uint8)),
        "a projection of another length": changed(projection0=np.frombuffer(crafted(), np.uint8)),
        "a shape of another length": shaped(origin=np.zeros(3)),
        "a shape of more dimensions": shaped(between=between[None], axes=axes[:, None].copy()),
        "a shape of single precision": shaped(between=between.astype(np.float32)),
        "a shape that is not finite": shaped(axes=np.full_like(axes, np.inf)),
        "a scale of nothing": shaped(scales=np.zeros(2)),
        "a variance below 0": shaped(between=-between - 1),
        "a shape of another space": shaped(origin=np.zeros(2), axes=axes[:2].copy()),
        "a card that nests": changed(card=DEEP),
        "a card that is a list": changed(card="[]"),
    }


def test_a_hostile_calibration_is_refused(fitted: Path) -> None:
    with Collection.open(fitted) as collection:
        content = collection.database.read("SELECT content FROM calibrations")[0][0]
        vector = stored_vector(collection, collection.image("image 3"))
        assert kept_calibration(collection, collection.gallery()) is not None
    for case, crafted_one in hostile_calibrations(content).items():
        forge(fitted, "UPDATE calibrations SET content = ?", values=(crafted_one,))
        with Collection.open(fitted) as collection:
            with pytest.raises(CorruptError) as caught:
                identify_vector(collection, vector, name="x")
            assert "\n" not in str(caught.value), case


def test_what_this_program_makes_is_none_of_that(fitted: Path, cli: Cli) -> None:
    """Forging without a change leaves a collection that answers."""
    forge(fitted)
    assert cli("collection", "verify", fitted)[0] == 0
    assert cli("search", "--id", "image 3", "--in", fitted, "--space", "tuned")[0] == 0
