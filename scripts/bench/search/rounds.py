"""Interleaved rounds over all engines, and the table of what they took.

Every engine is built in one process and opened in another; the rounds go over all engines in
shuffled order, because the machine may be shared. Wall time decides; CPU time stands beside it.
"""

from __future__ import annotations

import importlib.util
import multiprocessing as mp
import random
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from ...console import out
from .data import Data, make
from .engines import ENGINES
from .worker import build, serve, truth_of

_SPAWN = mp.get_context("spawn")
_SINGLE, _FILTERED = 200, 50


def run(
    rows: int = 20_000, dim: int = 512, rounds: int = 3, kind: str = "clustered", engines: str = ""
) -> dict[str, Any]:
    """Measure and print every engine that is installed, on vectors of one kind.

    Args:
        rows: vectors to search.
        dim: their length.
        rounds: how often every engine is asked.
        kind: "clustered" or "unclustered".
        engines: their names, separated by commas; all that are installed without.
    """
    names = [name for name in ENGINES if not engines or name in engines.split(",")]
    names = [name for name in names if _installed(name)]
    with tempfile.TemporaryDirectory() as scratch:
        data = make(kind, rows, 1000, dim)
        _write(data, Path(scratch))
        filters = list(data.filters)
        del data
        results = {name: _build(name, Path(scratch)) for name in names}
        _measure(results, Path(scratch), filters, rounds)
    _report(results, filters, f"{rows:,} x {dim} {kind}, {rounds} interleaved rounds")
    return {"rows": rows, "dim": dim, "kind": kind, "rounds": rounds, "engines": results}


def _installed(name: str) -> bool:
    library = ENGINES[name].library
    found = importlib.util.find_spec(library) is not None
    if not found:
        out.print(f"{name} is left out: {library} is not installed (see docs/search.md)")
    return found


def _write(data: Data, folder: Path) -> None:
    np.save(folder / "vectors.npy", data.vectors)
    np.save(folder / "queries.npy", data.queries)
    np.savez(folder / "filters.npz", **data.filters)  # type: ignore[arg-type]
    truth = truth_of(data.vectors, data.queries, data.filters)
    np.savez(folder / "truth.npz", **truth)


def _build(name: str, data: Path) -> dict[str, Any]:
    folder = data / name
    folder.mkdir()
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=build, args=(name, data, folder, theirs))
    process.start()
    theirs.close()
    cpu, wall = ours.recv()
    process.join()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    out.print(f"{name:14} built in {cpu:.1f} CPU s ({wall:.1f} s)", highlight=False)
    return {"build_cpu_s": cpu, "build_wall_s": wall, "disk_mb": size / 1e6}


def _measure(
    results: dict[str, dict[str, Any]], data: Path, filters: list[str], rounds: int
) -> None:
    links: dict[str, Connection] = {}
    servers: dict[str, BaseProcess] = {}
    for name in results:
        links[name], theirs = _SPAWN.Pipe()
        servers[name] = _SPAWN.Process(
            target=serve, args=(name, data, data / name, theirs), daemon=True
        )
        servers[name].start()
        theirs.close()
        results[name] |= links[name].recv() | {"single": [], "batch": []}
    for _ in range(rounds):
        for name in random.sample(list(links), len(links)):
            results[name]["single"].append(_ask(links[name], None, _SINGLE, False))
            results[name]["batch"].append(_ask(links[name], None, 0, True))
            for only in filters if ENGINES[name].filters else []:
                results[name].setdefault(only, []).append(_ask(links[name], only, _FILTERED, False))
    for name, link in links.items():
        link.send(None)
        results[name]["hot_mb"] = link.recv()
        servers[name].join()  # some write to the last, and their folder is removed
        results[name] = _summary(results[name], filters)


def _ask(link: Connection, only: str | None, count: int, batch: bool) -> Any:
    link.send((only, count, batch))
    return link.recv()


def _summary(result: dict[str, Any], filters: list[str]) -> dict[str, Any]:
    """Put medians over rounds in place of the rounds; times in microseconds."""
    single, batch = result.pop("single"), result.pop("batch")
    result |= _times(single, _SINGLE) | {"batch_qps": float(np.median([rate for rate, _ in batch]))}
    result["recall"] = batch[0][1]
    for only in filters:
        if only in result:
            result[only] = _times(result[only], _FILTERED) | {"recall": result[only][0].recall}
    return result


def _times(rounds: list[Any], count: int) -> dict[str, float]:
    medians = [np.median(timed.walls) for timed in rounds]
    return {
        "p50_us": 1e6 * float(np.median(medians)),
        "best_p50_us": 1e6 * float(np.min(medians)),
        "p99_us": 1e6 * float(np.median([np.quantile(timed.walls, 0.99) for timed in rounds])),
        "cpu_us": 1e6 * float(np.median([timed.cpu for timed in rounds])) / count,
    }


def _report(results: dict[str, dict[str, Any]], filters: list[str], title: str) -> None:
    out.print()
    out.print(f"{title}; times in microseconds: median of rounds (best round)")
    heads = (
        "build CPU s",
        "disk MB",
        "anon MB",
        "hot MB",
        "recall",
        "p50",
        "p99",
        "CPU",
        "batch/s",
    )
    out.print(
        f"| engine (effort) | {' | '.join((*heads, *filters))} |", highlight=False, soft_wrap=True
    )
    for name, result in results.items():
        values = [
            f"{result['build_cpu_s']:.1f}",
            f"{result['disk_mb']:.0f}",
            f"{result['anonymous_mb']:.0f}",
            f"{result['hot_mb']:.0f}",
            f"{result['recall']:.3f}",
            f"{result['p50_us']:.0f} ({result['best_p50_us']:.0f})",
            f"{result['p99_us']:.0f}",
            f"{result['cpu_us']:.0f}",
            f"{result['batch_qps']:.0f}",
            *(_filtered(result.get(only)) for only in filters),
        ]
        line = f"| {name} ({result['effort']}) | {' | '.join(values)} |"
        out.print(line, highlight=False, soft_wrap=True)
    for result in results.values():
        if "layer_us" in result:
            out.print(f"Our layer adds {result['layer_us']:.0f} µs to FAISS's own calls.")


def _filtered(result: dict[str, float] | None) -> str:
    if result is None:
        return "–"
    return f"{result['p50_us']:.0f} ({result['best_p50_us']:.0f}), {result['recall']:.3f}"
