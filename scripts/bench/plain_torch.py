"""The process in which `plain` runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from holotype.index.encoders import Encoder, load_encoder

from . import plain
from .interleaved import Spent


def recipe(encoder: Encoder) -> dict[str, Any]:
    """Return what `plain.usual_transform` needs to know of an encoder."""
    found = encoder.preprocessing
    return {"size": found.size, "mean": found.mean, "std": found.std}


class PlainTorch:
    """A process that runs an encoder's network as people do, whenever it is asked."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        # A network of its own, since that of an encoder may be laid out otherwise.
        network = load_encoder(encoder.name).network.image
        network.to(memory_format=torch.contiguous_format)
        self._size = encoder.preprocessing.size
        torch.save(network, folder / "network.pt")
        # -P: the modules beside the file are not to be found by their bare names
        script = [sys.executable, "-P", str(Path(plain.__file__).resolve())]
        self._process = subprocess.Popen(  # noqa: S603
            [*script, str(folder / "network.pt"), json.dumps(recipe(encoder))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()  # it ends with its input

    def embed(self, pictures: int, batch: int) -> Spent:
        """Embed random pictures in batches, with one thread."""
        return self._ask(threads=1, pictures=pictures, batch=batch, size=self._size)

    def loop(self, files: Sequence[Path], workers: int, threads: int) -> Spent:
        """Embed files by a DataLoader."""
        return self._ask(threads=threads, files=[str(file) for file in files], workers=workers)

    def _ask(self, **asked: object) -> Spent:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Spent(*json.loads(self._process.stdout.readline()))
