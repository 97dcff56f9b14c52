"""A map of a space."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from holotype.index.manifests.problems import counted
from holotype.index.morphospace.figures.groups import Groups, grouped
from holotype.index.morphospace.figures.plot import Plot
from holotype.index.morphospace.map_table import FIXED, METADATA

from .base import Shown, Thumbnails
from .html import box, muted, strong

if TYPE_CHECKING:
    import pandas as pd

_FIGURE = Markup('<img src="data:image/png;base64,{}" alt="{}" style="max-width: 100%">')


class ShownMap(Shown):
    """Where the images of a space lie among each other.

    Args:
        table: image_id, x, y, placed, far and the columns that were asked for.
        colour: the column that it is coloured by; empty for none.
    """

    def __init__(self, table: pa.Table, colour: str, thumbnails: Thumbnails) -> None:
        told = json.loads((table.schema.metadata or {})[METADATA.encode()])
        super().__init__({name: told[name] for name in told if name != "made_by"}, thumbnails)
        self.table = table
        self._colour = colour

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ShownMap) and super().__eq__(other) and self.table.equals(other.table)
        )

    __hash__ = None

    @property
    def notes(self) -> list[str]:
        """What is to be known of the places, a sentence each."""
        return list(self._told["notes"])

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row an image: image_id, x, y, placed, far and columns."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def draw(self, path: str | Path) -> Path:
        """Draw it into an .svg, .pdf or .png file and return its path.

        Raises:
            UsageError: the ending is another.
        """
        from holotype.index.morphospace.figures.figure import draw

        draw(self._plot(), Path(path))
        return Path(path)

    def _plot(self) -> Plot:
        columns = {name: self.table[name].to_numpy() for name in FIXED[1:]}
        return Plot(
            coordinates=np.stack([columns["x"], columns["y"]], axis=1).astype(np.float32),
            placed=columns["placed"].astype(bool),
            far=columns["far"].astype(bool),
            groups=self._groups(),
            method=self._told["parameters"]["method"],
            explained=self._told.get("explained", ()),
        )

    def _groups(self) -> Groups:
        if not self._colour:
            return Groups("", (), np.full(len(self), -1, np.int64))
        column = self.table[self._colour].combine_chunks()
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return grouped(self._colour, column.dictionary.to_pylist(), codes)

    def _lines(self) -> list[str]:
        told: dict[str, Any] = self._told
        faithful = told["quality"]["trustworthiness"]
        figures = "" if faithful is None else f"  trustworthiness {faithful:.3f}"
        images, method = counted(len(self), "image"), told["parameters"]["method"]
        made = f"{images} of space '{told['space']}' by {method}"
        return [made, *filter(None, (figures, *self.notes))][:3]

    def _html(self) -> Markup:
        made, *more = self._lines()
        with tempfile.TemporaryDirectory() as folder:
            data = self.draw(Path(folder) / "map.png").read_bytes() if len(self) else b""
        drawn = _FIGURE.format(base64.b64encode(data).decode("ascii"), made)
        return box(strong(made), drawn, *map(muted, more))
