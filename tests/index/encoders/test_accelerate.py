"""The fast encoder is the encoder: the same embeddings, or PyTorch's where it cannot give them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Pixels, accelerated, load_encoder, network
from holotype.index.encoders import accelerate as fast
from holotype.index.encoders.model import Model, Preprocessing
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.settings import settings

HALF = (0.5, 0.5, 0.5)
RECIPE = Preprocessing(size=32, mean=HALF, std=HALF)
LEAST = 0.9999


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for every test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("HOLOTYPE_CACHE", str(folder))
    return folder


@pytest.fixture
def tiny(tiny_folder: Path) -> Encoder:
    """The tiny network in PyTorch."""
    return load_encoder(f"checkpoint:{tiny_folder}")


@pytest.fixture
def pixels(tiny: Encoder) -> Pixels:
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (5, 6, 9, 3), dtype=np.uint8)
    return np.stack([tiny.preprocess(Image.fromarray(one).resize((90, 60))) for one in coarse])


def assert_same(one: Encoder, other: Encoder, pixels: Pixels) -> None:
    cosines = (one.encode_images(pixels) * other.encode_images(pixels)).sum(axis=1)
    assert cosines.min() >= LEAST


def no_export(_: Encoder) -> bytes:
    raise RuntimeError("exported again")


def test_what_was_exported_once_is_loaded_the_next_time(
    tiny: Encoder, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same(accelerated(tiny), tiny, pixels)
    monkeypatch.setattr(fast, "export_graph", no_export)
    again = accelerated(tiny)
    assert again is not tiny
    assert_same(again, tiny, pixels)


def test_what_is_needed_once_is_not_kept(
    tiny: Encoder, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_same(accelerated(tiny, keep=False), tiny, pixels)
    monkeypatch.setattr(fast, "export_graph", no_export)
    assert accelerated(tiny) is tiny


def test_threads_that_share_it_get_what_one_gets(tiny: Encoder, pixels: Pixels) -> None:
    shared = accelerated(tiny)
    expected = shared.encode_images(pixels)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(shared.encode_images, [pixels] * 20):
            np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(
        accelerated(tiny, threads=2).encode_images(pixels), expected, atol=1e-5
    )


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a flipped bit": lambda data: data[:200] + bytes([data[200] ^ 4]) + data[201:],
    "cut short": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "zeroed": lambda data: bytes(len(data)),
}


def by_size(files: Iterable[Path]) -> list[Path]:
    """The facts and the graph."""
    return sorted(files, key=lambda file: file.stat().st_size)


@pytest.mark.parametrize("which", [0, 1], ids=["facts", "graph"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_damaged_file_in_the_cache_is_made_anew(
    tiny: Encoder, pixels: Pixels, cache: Path, damage: Callable[[bytes], bytes], which: int
) -> None:
    accelerated(tiny)
    file = by_size(cache.iterdir())[which]
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    again = load_encoder(tiny.name)
    assert again.facts == tiny.facts
    assert_same(accelerated(again), tiny, pixels)
    assert file.read_bytes() == whole


def test_the_files_of_another_encoder_are_not_taken_for_its_own(
    tiny_folder: Path, pixels: Pixels, cache: Path
) -> None:
    name = f"checkpoint:{tiny_folder}"
    tiny = load_encoder(name)
    accelerated(tiny)
    own = set(cache.iterdir())
    accelerated(load_encoder(name, views=3))
    foreign = set(cache.iterdir()) - own
    for mine, other in zip(by_size(own), by_size(foreign), strict=True):
        mine.write_bytes(other.read_bytes())
    again = load_encoder(name)
    assert again.facts == tiny.facts
    assert_same(accelerated(again), tiny, pixels)


@pytest.mark.parametrize("folder", ["cache", "~nobody-of-this-name/cache"])
def test_without_a_folder_for_the_cache_it_works_all_the_same(
    folder: str, tiny_folder: Path, pixels: Pixels, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cache.with_name("file")
    file.write_bytes(b"where the folder should be")
    monkeypatch.setenv("HOLOTYPE_CACHE", folder if folder.startswith("~") else str(file))
    settings.cache_clear()
    tiny = load_encoder(f"checkpoint:{tiny_folder}")
    quick = accelerated(tiny)
    assert quick is not tiny
    assert_same(quick, tiny, pixels)


def test_a_setting_keeps_pytorch(tiny: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_ENGINE", "torch")
    settings.cache_clear()
    assert accelerated(tiny) is tiny


class _Branching(torch.nn.Module):
    """A network that an exporter follows down one branch only."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        small = torch.nn.functional.avg_pool2d(images, 8).flatten(1)
        return small if small.mean() <= -1 else small.flip(1)


class _Unknown(torch.nn.Module):
    """A network with a step that no exporter has a word for."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = torch.linalg.eigvals(images.mean(1)).real
        return values


@pytest.mark.parametrize("made", [_Branching(), _Unknown()])
def test_a_network_that_cannot_be_exported_rightly_stays_in_pytorch(
    made: torch.nn.Module, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = Encoder("mine", Model(made, RECIPE, weights=made))
    with caplog.at_level(logging.WARNING):
        assert accelerated(encoder) is encoder
    (said,) = [record.getMessage() for record in caplog.records if "holotype" in record.name]
    assert "mine" in said
    assert "\n" not in said
    assert not cache.exists()


@pytest.mark.parametrize("first", ["PyTorch", "engine"])
def test_a_collection_filled_by_one_goes_on_with_the_other(
    first: str, tiny: Encoder, source: Path, tmp_path: Path
) -> None:
    filler, other = (tiny, accelerated(tiny)) if first == "PyTorch" else (accelerated(tiny), tiny)
    manifest = Manifest.read(source)
    half = Manifest(manifest.frame.iloc[:20], manifest.root)
    with Collection.create(tmp_path / "collection") as collection:
        ingest(half, collection, filler)
        report = ingest(manifest, collection, other)
        assert (report.unchanged, report.embedded) == (20, len(manifest) - 20)
        answer = identify(collection, other, [source.parent / "0-0.png"], k=1)
        assert answer.neighbours


def test_nothing_is_reported_to_the_makers_of_the_runtime(tiny: Encoder, tmp_path: Path) -> None:
    code = (
        "from holotype.index.encoders import accelerated, load_encoder\n"
        f"encoder = load_encoder({tiny.name!r})\n"
        "assert accelerated(encoder) is not encoder"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "HOLOTYPE_CACHE": "~/kept"}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=300)
    # What it would report, and a number for this machine, would lie in a cache of its own.
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {path.name for path in (tmp_path / "kept").iterdir()}


class _Steep(torch.nn.Module):
    """A network that tells pictures apart by what half precision cannot hold."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        flat = images.flatten(1)
        weights = torch.ones(flat.shape[1], 2) * 1000
        weights[::7, 1] += 0.01
        near = torch.nn.functional.linear(flat, weights.T)
        return torch.stack([torch.ones(len(flat)), 1e4 * (near[:, 1] - near[:, 0])], dim=1)


def test_half_precision_is_taken_where_it_sees_the_same(tiny: Encoder, pixels: Pixels) -> None:
    half = fast.in_half(tiny)
    assert half.precision in fast.HALVES
    assert half.fingerprint == tiny.fingerprint
    rows = half.encode_images(pixels)
    assert rows.dtype == np.float32
    assert not np.array_equal(rows, tiny.encode_images(pixels))
    assert_same(half, tiny, pixels)
    assert tiny.precision == "float32"


def test_half_precision_is_not_taken_where_it_sees_otherwise() -> None:
    made = _Steep()
    encoder = Encoder("mine", Model(made, RECIPE, weights=made))
    assert fast.in_half(encoder) is encoder


@pytest.mark.parametrize(("views", "count", "filled"), [(1, 1, 64), (1, 64, 64), (3, 22, 42)])
def test_a_gpu_meets_few_numbers_of_pictures(views: int, count: int, filled: int) -> None:
    pixels = torch.ones((count, views, 2, 2, 3), dtype=torch.uint8)
    found = network.filled(pixels)
    assert len(found) == filled
    assert torch.equal(found[:count], pixels)
    assert not found[count:].any()
