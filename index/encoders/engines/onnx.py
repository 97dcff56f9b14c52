"""ONNX Runtime: an encoder's network exported as a graph, and what runs such a graph on a CPU."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ...arrays import Embeddings, Pixels
    from ..base import Encoder

_INPUT = "pixels"
_OPSET = 18

# ONNX Runtime reports to its makers unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


class Engine:
    """Runs the graph of one picture, and so one picture after the other.

    With every size fixed the graph is simpler, and a CPU is as fast as with batches: 9.2 ms a
    picture instead of 9.3 with EfficientNet-Lite0. Safe to call from several threads at once.

    Args:
        graph: what `export_graph` made.
        threads: how many cores one picture may use.
    """

    def __init__(self, graph: bytes, threads: int) -> None:
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # versions that do not know the variable
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, pixels: Pixels) -> Embeddings:
        """Embed pictures, uint8 [n, views, size, size, 3]; return float32 [n, dim], unit rows."""
        rows = [self._session.run(None, {_INPUT: one[None]})[0] for one in pixels]
        return np.concatenate(rows)


def export_graph(encoder: Encoder) -> bytes:
    """Return an encoder's network for one picture, weights and preprocessing included, as ONNX.

    Raises:
        Exception: PyTorch's exporter raises many kinds where it cannot express a network.
    """
    import torch

    size = encoder.preprocessing.size
    picture = torch.zeros((1, encoder.views, size, size, 3), dtype=torch.uint8)
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        torch.no_grad(),
        _plain_attention(),
    ):
        file = Path(folder, "graph.onnx")
        warnings.simplefilter("ignore")  # on tracing sizes, which are fixed here
        # The newer exporter (dynamo=True) makes the same graph in twelve times the time.
        torch.onnx.export(
            encoder.network,
            (picture,),
            file,
            input_names=[_INPUT],
            opset_version=_OPSET,
            dynamo=False,
        )
        return file.read_bytes()


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Let attention run as the operators it is made of: ONNX has no word for the fused one."""
    import torch

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
