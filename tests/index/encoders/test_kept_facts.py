"""What is kept of an encoder stands for it as long as nothing that decides it has changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from holotype.index import encoders
from holotype.index.encoders import Encoder, Model, accelerated, bundled, kept_facts, load_encoder
from holotype.index.encoders.engines.onnx import Engine
from holotype.index.errors import EncoderError
from holotype.index.settings import settings


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for every test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("HOLOTYPE_CACHE", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture
def name(tiny_folder: Path, tmp_path: Path) -> str:
    """The tiny network, in a folder of the test's own."""
    return f"checkpoint:{shutil.copytree(tiny_folder, tmp_path / 'net')}"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were loaded since."""
    from holotype.index.encoders import checkpoint

    load, seen = checkpoint.load_checkpoint, list[str]()

    def counted(folder: str) -> Model:
        seen.append(folder)
        return load(folder)

    monkeypatch.setattr(checkpoint, "load_checkpoint", counted)
    return seen


def row(encoder: Encoder) -> np.ndarray:
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8))
    only: np.ndarray = encoder.encode_images(encoder.preprocess(picture)[None])[0]
    return only


def another_weight(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    first = next(name for name, values in tensors.items() if values.ndim == 4)
    tensors[first] = tensors[first] * np.float32(1.5)
    save_file(tensors, folder / "model.safetensors")


def another_recipe(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["preprocessing"]["mean"] = [0.3, 0.5, 0.5]
    (folder / "card.json").write_text(json.dumps(card))


CHANGES = {"weights": another_weight, "preprocessing": another_recipe}


def test_it_is_loaded_once(name: str, loads: list[str]) -> None:
    first = accelerated(load_encoder(name))
    again = accelerated(load_encoder(name))
    assert len(loads) == 1
    assert (again.facts, again.name, again.views) == (first.facts, first.name, first.views)
    np.testing.assert_array_equal(row(again), row(first))


def test_the_network_is_there_when_it_is_asked_for(name: str, loads: list[str]) -> None:
    first = load_encoder(name)
    again = load_encoder(name)
    assert len(loads) == 1
    np.testing.assert_array_equal(row(again), row(first))
    assert again.network is again.alone().network
    assert len(loads) == 2


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_changes_the_encoder_is_noticed(
    name: str, loads: list[str], change: Callable[[Path], None]
) -> None:
    before = accelerated(load_encoder(name))
    change(Path(name.partition(":")[2]))
    after = accelerated(load_encoder(name))
    assert len(loads) == 2
    assert after.fingerprint != before.fingerprint
    assert row(after) @ row(before) < 0.9999
    eager = Encoder(name, encoders.checkpoint.load_checkpoint(name.partition(":")[2]))
    assert row(after) @ row(eager) >= 0.9999


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_one_that_changes_before_its_network_is_needed_is_refused(
    name: str, change: Callable[[Path], None]
) -> None:
    load_encoder(name)
    again = load_encoder(name)
    change(Path(name.partition(":")[2]))
    with pytest.raises(EncoderError, match="another than it was"):
        row(again)


def test_one_that_changes_while_it_is_loaded_is_not_kept(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holotype.index.encoders import checkpoint

    load = checkpoint.load_checkpoint

    def slow(folder: str) -> Model:
        model = load(folder)
        another_weight(Path(folder))
        return model

    monkeypatch.setattr(checkpoint, "load_checkpoint", slow)
    load_encoder(name)
    assert not cache.exists()


def test_another_version_of_a_library_or_of_this_code_loads_anew(
    name: str, loads: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_encoder(name)
    monkeypatch.setattr(kept_facts, "libraries", lambda: "torch 99")
    load_encoder(name)
    assert len(loads) == 2
    (tmp_path / "another.py").write_text("")
    monkeypatch.setattr(kept_facts, "__file__", str(tmp_path / "another.py"))
    load_encoder(name)
    assert len(loads) == 3


def test_files_that_are_gone_are_missed_at_once(name: str) -> None:
    load_encoder(name)
    Path(name.partition(":")[2], "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"there is no file model.safetensors"):
        load_encoder(name)


def test_pytorch_is_loaded_at_once_where_it_runs(
    name: str, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_encoder(name)
    monkeypatch.setenv("HOLOTYPE_ENGINE", "torch")
    settings.cache_clear()
    load_encoder(name)
    assert len(loads) == 2


def test_the_bundled_weights_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    before = load_encoder("bundled")
    (weights,) = bundled.bundled_files()
    tensors = torch.load(weights, weights_only=True)
    tensors[next(iter(tensors))] *= 2
    torch.save(tensors, tmp_path / "other.pth")
    monkeypatch.setattr(bundled, "bundled_files", lambda *_: [tmp_path / "other.pth"])
    assert load_encoder("bundled").fingerprint != before.fingerprint


_RUN = """
import sys
from holotype.index.encoders import accelerated, load_encoder
encoder = accelerated(load_encoder({name!r}))
encoder.encode_images(encoder.preprocess(__import__("PIL.Image").Image.new("RGB", (50, 40)))[None])
print(*sorted({{"torch", "torchvision", "timm", "open_clip"}} & sys.modules.keys()))
"""


def test_a_kept_graph_is_run_without_pytorch(name: str) -> None:
    assert isinstance(accelerated(load_encoder(name))._engine, Engine)
    code = _RUN.format(name=name)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.split() == []
