"""Long work on a collection that is served: its jobs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from holotype.index.errors import NotFoundError
from holotype.index.files.durable import write_durably
from holotype.index.files.own_output import write_own
from holotype.index.morphospace.map_table import METADATA

from ..backend import Told
from .held import Served
from .http import path_of

_MANY_CHANGED = 0.1  # share of the images from which on a map is made anew
_LISTS = ("spaces", "classifiers")


class RemoteWork(Served):
    """Long work; see `Backend`."""

    def tune(self, space: str | None, options: Told) -> Told:
        """Make a tuned space, and report."""
        return self.job("tune", space, options)

    def calibrate(self, space: str | None, seed: int) -> Told:
        """Fit confidence, and report."""
        return self.job("calibrate", space, {"seed": seed})

    def calibration(self, space: str | None) -> Told:
        """Return what a space's probabilities rest on."""
        if space is None:
            spaces = self._service.get(path_of("spaces"))["spaces"]
            space = next((one["name"] for one in spaces if one["embeddings"]), "base")
        told: Told = self._service.get(path_of("spaces", space, "calibration"))
        return told

    def train(self, space: str | None, options: Told) -> Told:
        """Train an encoder, and report."""
        return self.job("train", space, options)

    def map(
        self, space: str | None, options: Told, where: Sequence[str], columns: Sequence[str]
    ) -> pa.Table:
        """Return a map with columns; it is made by a job where none is kept that serves."""
        asked = dict(options)
        method, anew = asked.pop("method"), asked.pop("anew")
        question = {"space": space, "method": method, "where": list(where), "column": list(columns)}
        plain = not anew and all(value is None for value in asked.values())
        found = self._kept(question) if plain else None
        if found is None:
            self.job("map", space, options)
            found = _table(self._service.bytes(path_of("morphospace"), **question))
        return found

    def _kept(self, question: dict[str, Any]) -> pa.Table | None:
        """Return the map that is kept, unless there is none or many images came or went."""
        try:
            found = _table(self._service.bytes(path_of("morphospace"), **question))
        except NotFoundError:
            return None
        told = json.loads(found.schema.metadata[METADATA.encode()])
        changed, covered = told["came"] + told["gone"], told["images"] - told["came"] + told["gone"]
        return None if changed > _MANY_CHANGED * covered else found

    def evaluate(
        self, space: str | None, protocol: str | None, said: Told, out: Path | None
    ) -> tuple[Told, str]:
        """Measure, and return the figures and the address of their report; see `Backend`."""
        from holotype.eval.evaluations.measured import PAGE, REPORT, require_report
        from holotype.eval.evaluations.protocols import chosen

        if out is not None:
            require_report(out)
        name = chosen(protocol, sided=bool(said.get("query") or said.get("gallery")))
        options = {one: _listed(value) if one in _LISTS else value for one, value in said.items()}
        made = self.job("evaluate", space, {"protocol": name, **options})
        place = path_of("evaluations", made["evaluation"])
        kept = self._service.get(place)
        page = f"{place}/report" if kept["has_report"] else ""
        if out is not None:
            figures = json.dumps(kept["figures"], ensure_ascii=False, indent=2, allow_nan=False)
            files = {REPORT: figures.encode()}
            write_own(out, files | ({PAGE: self._service.bytes(page)} if page else {}))
        return kept["figures"], self._service.address + page if page else ""

    # Files ------------------------------------------------------------------------------------

    def export(self, path: Path, space: str | None, *, overwrite: bool) -> Told:
        """Refuse: vectors are written where the collection lies."""
        raise self.elsewhere("Vectors are exported", "export(…)")

    def export_determinations(self, path: Path) -> Told:
        """Write the determinations as Darwin Core."""
        data = self._service.bytes("/v1/determinations.csv")
        write_durably(path, data)
        rows = csv.reader(io.StringIO(data.decode(), newline=""))
        return {"determinations": sum(1 for _ in rows) - 1, "determinations_file": str(path)}

    def snapshot(self, to: Path) -> Told:
        """Refuse: a copy is made where the collection lies."""
        raise self.elsewhere("A copy is made", "snapshot(…)")

    def verify(self, *, pictures: bool) -> Told:
        """Refuse: files are checked where they lie."""
        raise self.elsewhere("Files are checked", "verify()")


def _table(stream: bytes) -> pa.Table:
    with pa.ipc.open_stream(stream) as reader:
        return reader.read_all()


def _listed(names: str | Sequence[str]) -> list[str]:
    return [one.strip() for one in (names.split(",") if isinstance(names, str) else names)]
