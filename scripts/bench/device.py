"""What a GPU is kept busy with: ingest beside its two bounds, training beside its bare network.

Photographs of synthetic shells, the bundled encoder. On a machine without a GPU it measures the
same on the CPU.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Pixels, accelerated, load_encoder
from holotype.index.ingest.encoding import encoded
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import read_bytes, read_picture
from holotype.index.runtime import worker_count
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.metric.loop import Run
from holotype.training.metric.schedule import Plan
from holotype.training.metric.train import Training
from holotype.training.trained_space import prepared

from ..console import out
from .photographs import draw_shells, photograph

_SIZES = {"1024 x 768": (1024, 768), "320 x 240": (320, 240)}
_SPECIES, _DRAWINGS = 8, 16
_BATCHES = ((64, 0.57), (64, 0.86), (256, 1.0))  # pictures a step, share of the encoder's side
_WARM = 10  # steps that do not count


def run(rows: int = 4400, rounds: int = 3) -> dict[str, Any]:
    """Measure and print both.

    Args:
        rows: pictures that are ingested.
        rounds: of every contender, in turns; the best one counts.
    """
    encoder = accelerated(load_encoder("bundled"))
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if encoder.device == "cuda" else encoder.device,
        "precision": encoder.precision,
        "threads": worker_count(),
    }
    out.print(str(found), highlight=False)
    with tempfile.TemporaryDirectory() as scratch:
        files: list[Path] = []
        for name, (width, height) in _SIZES.items():
            files = _photographs(Path(scratch, name), rows, width, height)
            found[f"ingest, {name}"] = _show(name, _ingest(encoder, files, rounds))
        with Collection.create(Path(scratch, "c")) as collection:
            ingest(Manifest.read(files[0].parents[1]), collection, encoder)
            for batch, share in _BATCHES:
                name = f"training, {batch} pictures a step at {share:g} of the side"
                found[name] = _show(name, _training(collection, batch, share, rounds))
    return found


def _photographs(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """Write photographs into folders of species."""
    shells = draw_shells(_DRAWINGS)

    def write(number: int) -> Path:
        file = folder / f"Conus s{chr(97 + number % _SPECIES)}us" / f"{number:05}.jpg"
        shell = shells[number % _DRAWINGS]
        file.write_bytes(photograph(shell, width, height, noise=4, seed=number))
        return file

    for number in range(_SPECIES):
        (folder / f"Conus s{chr(97 + number)}us").mkdir(parents=True)
    with ThreadPoolExecutor(worker_count()) as pool:
        return list(pool.map(write, range(count)))


def _ingest(encoder: Encoder, files: list[Path], rounds: int) -> dict[str, float]:
    """Return pictures a second of decoding alone, encoding alone, and of an ingest."""
    target, size = encoder.preprocessing.size, encoder.batch_size

    def decode(file: Path) -> Pixels:
        return encoder.preprocess(read_picture(read_bytes(file), target=target))

    def decode_all() -> None:
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(worker_count()) as pool:
            list(pool.map(decode, files))

    batch = [decode(file) for file in files[:size]]
    tasks = range(-(-len(files) // size))

    def encode_all() -> None:
        for _ in encoded(tasks, lambda task: (task, batch), encoder):
            pass

    manifest = Manifest.read(files[0].parents[1])

    def whole() -> None:
        with tempfile.TemporaryDirectory() as folder, Collection.create(folder) as collection:
            ingest(manifest, collection, encoder)

    contenders = {"decode": decode_all, "encode": encode_all, "ingest": whole}
    rates = _rates(contenders, len(files), rounds)
    return rates | {
        "ingest of the smaller bound (target .8)": rates["ingest"]
        / min(rates["decode"], rates["encode"])
    }


def _training(collection: Collection, batch: int, share: float, rounds: int) -> dict[str, float]:
    """Return pictures a second of training, and of the bare network forward and backward."""
    config = read_config(
        "default",
        None,
        {
            "batches": {"batch": batch, "per_class": max(4, batch // _SPECIES)},
            "schedule": {"pictures": 10**6, "sizes": [share], "shares": [1.0]},
        },
    )
    steps = max(10, 4096 // batch) if torch.cuda.is_available() else 4
    with tempfile.TemporaryDirectory() as folder:
        training, _ = prepared(collection, collection.space(None), (), config, Path(folder))
        run = training.run_over(
            np.arange(len(training.pictures.images)), Plan(config.schedule.pictures)
        )
        stepping = run.steps()
        bare = _bare(training, run, config, round(share * training.size))

        def whole() -> None:
            for _ in range(steps):
                next(stepping)
            _wait()

        def network() -> None:
            for _ in range(steps):
                bare()
            _wait()

        for _ in range(_WARM):
            next(stepping)
            bare()
        rates = _rates({"network": network, "training": whole}, steps * batch, rounds)
    ratio = rates["training"] / rates["network"]
    return rates | {"training of the bare network (target .85)": ratio}


def _bare(training: Training, run: Run, config: TrainConfig, side: int) -> Callable[[], None]:
    """Return a forward and backward pass of the network as it trains, on pictures that stay."""
    device = run.device
    pictures = torch.rand(config.batches.batch, 3, side, side, device=device)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    network = training.make_network().to(device).eval().to(memory_format=torch.channels_last)
    half = device.type == "cuda" and torch.cuda.is_bf16_supported()

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            features = network(pictures)
        features.float().square().mean().backward()
        network.zero_grad(set_to_none=True)

    return step


def _rates(
    contenders: dict[str, Callable[[], None]], pictures: int, rounds: int
) -> dict[str, float]:
    """Return pictures a second in the best of some rounds, contenders in turns."""
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, contender in contenders.items():
            began = time.perf_counter()
            contender()
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: pictures / seconds for name, seconds in best.items()}


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _show(title: str, found: dict[str, float]) -> dict[str, float]:
    out.print()
    out.print(title)
    for name, value in found.items():
        out.print(f"  {name:45} {value:10.2f}", highlight=False)
    return found
