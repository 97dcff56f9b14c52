"""Curves for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holotype.index.errors import UsageError
from holotype.index.ways import option

from .gate import Verdict
from .loop import Step


class Curves:
    """Writes loss, rate and judgements into a folder that TensorBoard shows.

    Raises:
        UsageError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError(
                "Curves need TensorBoard; pip install 'holotype[tensorboard]', or leave out "
                + option("tensorboard")
            ) from error
        self._writer: Any = SummaryWriter(str(folder))
        self._seen = 0

    def step(self, step: Step) -> None:
        """Write the figures of a step, over the pictures seen."""
        self._seen = step.seen
        for name in ("loss", "rate", "size"):
            self._writer.add_scalar(f"training/{name}", getattr(step, name), step.seen)

    def verdict(self, verdict: Verdict) -> None:
        """Write the figures of a judgement."""
        for who, figures in (("start", verdict.start), ("trained", verdict.trained)):
            for name, value in figures.items():
                if isinstance(value, float):
                    self._writer.add_scalar(f"judged/{who}/{name}", value, self._seen)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
