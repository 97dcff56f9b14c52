"""The same network in a fraction of the time: ONNX Runtime on a CPU, half precision on a GPU."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from PIL import Image

from ..arrays import Embeddings, Pixels
from ..errors import EncoderError, first_line
from ..pictures.canaries import LEAST_COSINE, canary_pictures
from ..settings import settings
from .base import Encoder, pick_device
from .cache import keep_cached, read_cached
from .engines.onnx import Engine, export_graph
from .kept_facts import libraries

log = logging.getLogger("holotype.encoders")

HALVES = ("float16", "bfloat16")  # the first is the more precise

_FORMAT = 1  # of what is kept


def accelerated(encoder: Encoder, *, threads: int = 1, keep: bool = True) -> Encoder:
    """Return an encoder that makes the same embeddings faster, where there is a way.

    On a CPU its image network is exported once, compared with PyTorch, and kept in
    `HOLOTYPE_CACHE`. On CUDA it computes in half precision where that sees as float32 does.
    Anywhere else, with `HOLOTYPE_ENGINE=torch`, or where it cannot be exported or sees otherwise,
    the encoder itself comes back.

    Args:
        threads: cores that one picture may use; 1 where several are encoded side by side.
        keep: whether what is exported is kept for another time.
    """
    if encoder.device == "cuda" and settings().engine != "torch":
        return in_half(encoder)
    if runs_in_torch():
        return encoder
    try:
        engine = _engine(encoder, threads) if keep else _exported(encoder, threads)[1]
        return encoder.running_on(engine)
    except Exception as error:  # the exporter and the runtime raise many kinds
        reason = first_line(error)
        log.warning("Encoder '%s' runs in PyTorch, which is slower: %s", encoder.name, reason)
        return encoder


def in_half(encoder: Encoder) -> Encoder:
    """Return an encoder in the first half precision that sees as float32 does, or itself."""
    for precision in HALVES:
        half = encoder.in_precision(precision)
        try:
            _check(encoder, half.encode_images, precision)
        except (EncoderError, RuntimeError) as error:  # the second where a device cannot do it
            log.info("Encoder '%s' not in %s: %s", encoder.name, precision, first_line(error))
            continue
        return half
    return encoder


def runs_in_torch() -> bool:
    """Return whether there is no faster way here: on a GPU, or because a setting says so."""
    return settings().engine == "torch" or pick_device() != "cpu"


def _engine(encoder: Encoder, threads: int) -> Engine:
    key = _key(encoder)
    kept = read_cached(key)
    if kept is not None:
        return Engine(kept, threads)
    graph, engine = _exported(encoder, threads)
    keep_cached(key, graph)
    return engine


def _exported(encoder: Encoder, threads: int) -> tuple[bytes, Engine]:
    graph = export_graph(encoder)
    engine = Engine(graph, threads)
    _check(encoder, engine, "ONNX Runtime")
    return graph, engine


def _key(encoder: Encoder) -> str:
    """Return all that a graph depends on: weights, recipe and views, layers, and libraries."""
    return f"graph {_FORMAT}: {encoder.fingerprint}, {encoder.facts.layers}, {libraries()}"


def _check(encoder: Encoder, engine: Callable[[Pixels], Embeddings], name: str) -> None:
    """Refuse what does not see as the network does in PyTorch and float32.

    The canary pictures have hard edges; the same ones blurred are smooth, as photographs are.

    Raises:
        EncoderError: a cosine is below that which a space's canaries must reach.
    """
    hard = canary_pictures()
    blurred = (picture.resize((9, 6)) for picture in hard)
    smooth = [picture.resize((300, 200), Image.Resampling.BICUBIC) for picture in blurred]
    pixels = np.stack([encoder.preprocess(picture) for picture in (*hard, *smooth)])
    cosine = float((encoder.encode_images(pixels) * engine(pixels)).sum(axis=1).min())
    if not cosine >= LEAST_COSINE:
        raise EncoderError(f"{name} sees otherwise (cosine {cosine:.5f}, {LEAST_COSINE} is needed)")
