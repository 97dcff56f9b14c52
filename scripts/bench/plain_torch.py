"""PyTorch as it comes: in a process of its own, without this package's choice of allocator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from torch import nn

from .interleaved import Spent

_SCRIPT = """
import json, sys, time
import torch
torch.set_num_threads(1)
network = torch.load(sys.argv[1], weights_only=False)
with torch.inference_mode():
    for line in sys.stdin:
        pictures, batch, size = json.loads(line)
        floats = torch.rand(batch, 3, size, size)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(pictures // batch):
            network(floats)
        spent = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps(spent), flush=True)
"""


class PlainTorch:
    """A process that runs a network, with one thread, as often as it is asked."""

    def __init__(self, network: nn.Module, folder: Path) -> None:
        torch.save(network, folder / "network.pt")
        command = [sys.executable, "-c", _SCRIPT, str(folder / "network.pt")]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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

    def run(self, pictures: int, batch: int, size: int) -> Spent:
        """Embed random pictures in batches, and return what that took there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([pictures, batch, size]) + "\n")
        self._process.stdin.flush()
        return Spent(*json.loads(self._process.stdout.readline()))
