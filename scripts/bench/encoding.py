"""What an image query and an ingest spend their time on: decoding and encoding.

Photographs of synthetic shells; the bundled encoder on the CPU; one run, contenders in turns.
Ratios are of CPU time where one thread works, and of wall time where several do.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Pixels, accelerated, load_encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import read_bytes, read_picture
from holotype.index.runtime import worker_count

from ..console import out
from .interleaved import Cost, measure
from .photographs import draw_shells, photograph
from .plain import usual_transform
from .plain_torch import PlainTorch, recipe

_PICTURES, _DRAWINGS, _REPEATS, _BATCHES = 192, 16, 8, (1, 8)
_PLAIN, _ENGINE = "PyTorch eager", "engine"
_OURS = "with our allocator, channels last"
_FLOOR = "floor: as many operations in NumPy"
_NOISE = {"plain ground": 2.0, "noisy": 4.0}

_LOOP = "DataLoader, {} workers"
_DECODE, _ENCODE = "decode alone, thread pool", "encode alone, thread pool"
_WHOLE = "ingest: check, decode, encode, store"


def run(rounds: int = 5) -> dict[str, Any]:
    """Measure and print encoding, decoding and bulk ingest beside what they are compared with."""
    eager = load_encoder("bundled")
    fast = accelerated(eager)
    if fast is eager:
        raise UsageError("There is no faster way to measure here; see what was logged above")
    shells = draw_shells(_DRAWINGS)
    with tempfile.TemporaryDirectory() as scratch, PlainTorch(eager, Path(scratch)) as plain:
        with threadpool_limits(1, "blas"):
            sections = [
                _encoder(plain, eager.alone(), fast, rounds),
                *_decoding(fast, shells, rounds),
            ]
        sections.append(_bulk(plain, fast, shells, rounds))
    for section in sections:
        _print(section)
    return {"rounds": rounds, "sections": sections}


def _section(title: str, rows: dict[str, Cost], ratios: dict[str, float]) -> Any:
    costs = {
        name: {f"{k}_ms": 1000 * v for k, v in cost._asdict().items()}
        for name, cost in rows.items()
    }
    return {"title": title, "rows": costs, "ratios": ratios}


def _encoder(plain: PlainTorch, eager: Encoder, fast: Encoder, rounds: int) -> Any:
    size = eager.preprocessing.size
    rng = np.random.default_rng(0)
    contenders: dict[str, Callable[[], object]] = {}
    for count in _BATCHES:
        batch = rng.integers(0, 256, (count, 1, size, size, 3), dtype=np.uint8)
        contenders[f"{_PLAIN}, batch {count}"] = partial(plain.embed, _REPEATS, count)
        for name, encoder in ((_OURS, eager), (_ENGINE, fast)):
            contenders[f"{name}, batch {count}"] = partial(_repeat, encoder, batch)
    contenders[_FLOOR] = _multiply
    with threadpool_limits(1):
        rows = measure(contenders, 2 * rounds, pieces=_REPEATS)
    ratios = {
        f"engine of {name}, batch {n} (target .35)": rows[f"{_ENGINE}, batch {n}"].cpu
        / rows[f"{name}, batch {n}"].cpu
        for n in _BATCHES
        for name in (_PLAIN, _OURS)
    }
    ratios["floor of PyTorch eager, batch 1"] = rows[_FLOOR].cpu / rows[f"{_PLAIN}, batch 1"].cpu
    return _section("Encoder, one thread", rows, ratios)


def _repeat(encoder: Encoder, batch: Pixels) -> None:
    for _ in range(_REPEATS // len(batch)):
        encoder.encode_images(batch)


def _multiply() -> None:
    """Multiply matrices with as many operations as the network has: 407 million a picture."""
    side = round(407e6 ** (1 / 3))
    matrix = np.ones((side, side), np.float32)
    for _ in range(_REPEATS):
        np.matmul(matrix, matrix)


def _decoding(encoder: Encoder, shells: list[Pixels], rounds: int) -> list[Any]:
    transform, target = usual_transform(**recipe(encoder)), encoder.preprocessing.size
    sections = []
    for name, noise in _NOISE.items():
        data = photograph(shells[0], 4000, 3000, noise=noise, seed=0)

        def usual(data: bytes = data) -> object:
            return transform(Image.open(io.BytesIO(data)).convert("RGB"))

        def ours(data: bytes = data) -> object:
            return encoder.preprocess(read_picture(data, target=target))

        rows = measure({"Pillow + open_clip transform": usual, "ours": ours}, 2 * rounds)
        ratio = rows["ours"].cpu / rows["Pillow + open_clip transform"].cpu
        title = f"Decoding 12 megapixels to {target} px, {name}, {len(data) / 1e6:.1f} MB"
        sections.append(_section(title, rows, {"ours of theirs (target .25)": ratio}))
    return sections


def _bulk(plain: PlainTorch, fast: Encoder, shells: list[Pixels], rounds: int) -> Any:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "Shell")
        folder.mkdir()
        files = [folder / f"{number:03}.jpg" for number in range(_PICTURES)]
        for number, file in enumerate(files):
            shell = shells[number % len(shells)]
            file.write_bytes(photograph(shell, 1024, 768, noise=4, seed=number))
        rows = measure(_bulk_contenders(plain, fast, files, scratch), rounds, pieces=len(files))
        size = sum(file.stat().st_size for file in files) / len(files)
    ratios = {}
    for kind in ("wall", "cpu"):
        cost = {name: getattr(row, kind) for name, row in rows.items()}
        bound = cost[_DECODE] + cost[_ENCODE]
        ratios[f"ingest of 1 / (1/decode + 1/encode), {kind} (target .9)"] = bound / cost[_WHOLE]
        for workers in (0, 2):
            loop = cost[_LOOP.format(workers)]
            ratios[f"ingest of the loop, {workers} workers, {kind} (target 3)"] = (
                loop / cost[_WHOLE]
            )
    title = f"Bulk: {len(files)} JPEGs of 1024 x 768, {size / 1e3:.0f} kB, {worker_count()} threads"
    return _section(title, rows, ratios)


def _bulk_contenders(
    plain: PlainTorch, fast: Encoder, files: list[Path], scratch: str
) -> dict[str, Callable[[], object]]:
    target = fast.preprocessing.size
    manifest = Manifest.read(files[0].parent)

    def decode(file: Path) -> Pixels:
        return fast.preprocess(read_picture(read_bytes(file), target=target))

    pixels = np.stack([decode(file) for file in files])
    batches = [pixels[start : start + 8] for start in range(0, len(files), 8)]

    def in_threads(work: Callable[[Any], object], parts: list[Any]) -> Callable[[], object]:
        def work_all() -> None:
            with threadpool_limits(1, "blas"), ThreadPoolExecutor(worker_count()) as pool:
                list(pool.map(work, parts))

        return work_all

    def whole() -> None:
        with (
            tempfile.TemporaryDirectory(dir=scratch) as place,
            Collection.create(place) as collection,
        ):
            ingest(manifest, collection, fast)

    return {
        **{_LOOP.format(n): partial(plain.loop, files, n, worker_count()) for n in (0, 2)},
        _DECODE: in_threads(decode, files),
        _ENCODE: in_threads(fast.encode_images, batches),
        _WHOLE: whole,
    }


def _print(section: Any) -> None:
    out.print()
    out.print(f"{section['title']}; milliseconds a picture: median (best)", soft_wrap=True)
    for name, cost in section["rows"].items():
        wall, cpu = (f"{cost[f'{k}_ms']:.2f} ({cost[f'best_{k}_ms']:.2f})" for k in ("wall", "cpu"))
        out.print(f"{name:39} wall {wall:>16}  CPU {cpu:>16}", highlight=False, soft_wrap=True)
    for name, ratio in section["ratios"].items():
        out.print(f"  {name}: {ratio:.2f}", highlight=False)
