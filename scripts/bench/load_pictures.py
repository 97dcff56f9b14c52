"""What the service bears of pictures: searches and identifications beside the encoder alone.

    python -m holotype.scripts.bench.load_pictures --rows 20000 --seconds 30

The encoder embeds batches in as many threads as the service has, each on one core, and then the
service is asked; they take turns of a few seconds, so that they meet the same machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from holotype.index.collection import Collection
from holotype.index.encoders import DEFAULT_ENCODER, Encoder, Pixels, accelerated, load_encoder
from holotype.index.pictures.reading import read_picture
from holotype.index.runtime import worker_count
from holotype.training.spaces import calibrate_space

from ..console import out
from .asking import picture_form, served, serving
from .load import Asked, ask, made_vectors, told, until_ready
from .measures import images
from .photographs import draw_shells, photograph

_TURN = 5.0  # seconds that each is asked before the next
_PICTURES, _DRAWN, _NOISE = 64, 8, 3.0
_SIZES = {"320 x 240": (320, 240), "1024 x 768": (1024, 768)}


def main() -> None:
    """Print the rates as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m holotype.scripts.bench.load_pictures")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    found = run(options.rows, options.seconds, options.connections)
    out.print_json(json.dumps(found))


def run(rows: int, seconds: float, connections: int) -> dict[str, Any]:
    """Measure with the default encoder over made vectors of 1,000 species."""
    encoder = accelerated(load_encoder(DEFAULT_ENCODER)).alone()
    shells = draw_shells(_DRAWN)
    found: dict[str, Any] = {"encoder": encoder.name, "device": encoder.device}
    with tempfile.TemporaryDirectory() as scratch:
        folder = _make(Path(scratch, "c"), encoder, rows)
        with served(*serving(folder)) as port:
            for name, (width, height) in _SIZES.items():
                files = [
                    photograph(shells[number % _DRAWN], width, height, noise=_NOISE, seed=number)
                    for number in range(_PICTURES)
                ]
                found[name] = _measured(port, encoder, files, seconds, connections)
    return found


def _make(folder: Path, encoder: Encoder, rows: int) -> Path:
    with Collection.create(folder) as made:
        space = made.add_space(
            "base",
            encoder=encoder.name,
            fingerprint=encoder.fingerprint,
            views=encoder.views,
            dim=encoder.dim,
        )
        made.store(space, zip(images(rows, 1000), made_vectors(rows, encoder.dim), strict=True))
        calibrate_space(made)
    return folder


def _measured(
    port: int, encoder: Encoder, files: list[bytes], seconds: float, connections: int
) -> dict[str, Any]:
    searches = [picture_form("/v1/search", "image", file) for file in files]
    named = [picture_form("/v1/identify", "images", file) for file in files]
    target = encoder.preprocessing.size
    pixels = [encoder.preprocess(read_picture(file, target=target)) for file in files]
    until_ready(port, searches)
    alone: list[float] = []
    asked = {"search": Asked(), "identify": Asked()}
    for _ in range(max(1, round(seconds / _TURN))):
        alone.append(_rate(encoder, pixels))
        ask(port, searches, connections, _TURN, asked["search"])
        ask(port, named, connections, _TURN, asked["identify"])
    rate = float(np.mean(alone))
    return {
        "encoder_per_s": rate,
        **{name: told(one) for name, one in asked.items()},
        "search_of_encoder (target .9)": asked["search"].rate / rate,
        "identify_of_search (target .5)": asked["identify"].rate / asked["search"].rate,
    }


def _rate(encoder: Encoder, pixels: list[Pixels]) -> float:
    """Return how many pictures a second are embedded in batches, by all threads together."""
    step = encoder.batch_size
    batches = [np.stack(pixels[start : start + step]) for start in range(0, len(pixels), step)]
    end = time.perf_counter() + _TURN

    def embed(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            for batch in batches:
                done += len(encoder.encode_images(batch))
        return done

    threads = 1 if encoder.device == "cuda" else worker_count()
    began = time.perf_counter()
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(embed, range(threads)))
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
