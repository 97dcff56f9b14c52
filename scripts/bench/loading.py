"""Vectors into a collection, and a large collection's first answer.

Clustered vectors of 5,000 species, two images a specimen. Every step runs in a process of its own,
which reports wall and processor time, its largest memory (mapped files included) and what of it
is its own at the end; imports are measured apart. The first
answer is ten neighbours with their records; files are in the system's cache, as after writing them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..console import out
from .search.data import make

ROWS, DIM, ROUNDS = 50_000, 512, 5
_SPECIES, _GROUP = 5_000, 16_384

_TIMED = """
import json, sys, time
start = time.perf_counter()
from holotype.index.collection import Collection
{imports}
imported, cpu = time.perf_counter(), time.process_time()
{work}
try:
    with open("/proc/self/status") as status:
        held = {{line.split(":")[0]: int(line.split()[1]) for line in status if " kB" in line}}
except OSError:  # not Linux
    held = {{}}
print(json.dumps({{
    "wall_s": time.perf_counter() - imported,
    "cpu_s": time.process_time() - cpu,
    "import_s": imported - start,
    **{{name: held.get(name, 0) / 1024 for name in ("VmHWM", "RssAnon")}},
}}))
"""
_LOAD = """
with Collection.create(sys.argv[1]) as collection:
    load_vectors(sys.argv[2], collection, encoder="bench")
"""
_OPEN = """
query = np.load(sys.argv[2])
with Collection.open(sys.argv[1]) as collection:
    gallery = collection.gallery()
    _, places = gallery.index.search(query, 10)
    assert len(collection.images_at(gallery.rows[places[0]].tolist())) == 10
"""
_CHANGE = """
with Collection.open(sys.argv[1]) as collection:
    image, = collection.images_at([1]).values()
    added = dataclasses.replace(image, image_id="added", sha256="0" * 64)
    collection.store(collection.space(), [(added, np.load(sys.argv[2])[0])])
    collection.determine(image.specimen_id, image.lineage, by="bench")
"""


def run(rounds: int = ROUNDS, rows: int = ROWS, dim: int = DIM) -> dict[str, Any]:
    """Measure and print loading, building the index, and opening with and without verification."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, query = Path(scratch, "c"), Path(scratch, "query.npy")
        source = _write(Path(scratch, "vectors.parquet"), query, rows, dim)
        steps: dict[str, list[dict[str, float]]] = {}
        load = "from holotype.index.ingest.vectors import load_vectors"
        steps["load"] = [_timed(load, _LOAD, folder, source)]
        source.unlink()
        steps["build the index, first answer"] = [
            _timed("import numpy as np", _OPEN, folder, query)
        ]
        _open(steps, "", folder, query, rounds)
        _timed("import dataclasses\nimport numpy as np", _CHANGE, folder, query)
        _open(steps, " after a change", folder, query, rounds)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return _report(steps, rows, dim, size)


def _open(
    steps: dict[str, list[dict[str, float]]], when: str, folder: Path, query: Path, rounds: int
) -> None:
    for _ in range(rounds):
        for name, verify in (("verified", "true"), ("not verified", "false")):
            found = _timed("import numpy as np", _OPEN, folder, query, verify=verify)
            steps.setdefault(f"first answer{when}, {name}", []).append(found)


def _write(path: Path, query: Path, rows: int, dim: int) -> Path:
    """Write a vector file, and the vector that asks."""
    data = make("clustered", rows, 1, dim)
    np.save(query, data.queries)
    species = np.arange(rows) // 2 % _SPECIES
    table = {
        "image_id": [f"image {row:08}" for row in range(rows)],
        "specimen_id": [f"specimen {row // 2:08}" for row in range(rows)],
        "family": [f"Family{number // 100}" for number in species],
        "species": [f"Genus{number // 10} s{number}" for number in species],
        "embedding": pa.FixedSizeListArray.from_arrays(pa.array(data.vectors.reshape(-1)), dim),
    }
    pq.write_table(pa.table(table), path, row_group_size=_GROUP)
    return path


def _timed(imports: str, work: str, *arguments: Path, verify: str = "true") -> dict[str, float]:
    """Run work in a fresh process, and return what it reports."""
    script = _TIMED.format(imports=imports, work=work)
    environment = {**os.environ, "HOLOTYPE_CHECK_INDEX_FILES": verify}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _report(
    steps: dict[str, list[dict[str, float]]], rows: int, dim: int, size: int
) -> dict[str, Any]:
    table = {
        name: {key: statistics.median(each[key] for each in found) for key in found[0]}
        for name, found in steps.items()
    }
    out.print()
    out.print(f"{rows:,} x {dim} vectors, {size / 1e9:.2f} GB on disk; median of every step")
    for name, row in table.items():
        rate = f"   {rows / row['wall_s']:,.0f} rows/s" if name == "load" else ""
        out.print(
            f"{name:44} {row['wall_s']:8.3f} s {row['cpu_s']:8.3f} CPU s "
            f"{row['VmHWM']:6.0f} MB, {row['RssAnon']:.0f} anonymous   "
            f"imports {row['import_s']:.2f} s{rate}",
            highlight=False,
            soft_wrap=True,
        )
    return {"rows": rows, "dim": dim, "bytes": size, "steps": table}
