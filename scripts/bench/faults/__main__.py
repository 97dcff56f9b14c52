"""`python -m holotype.scripts.bench.faults`: kills, corruptions and failing calls, as a table."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ...console import out
from .calls import OPERATIONS, die_at_every_call, fail_every_call
from .corruptions import WRONG, Outcomes, corrupt
from .indexes import corrupt_indexes
from .kills import WRITERS, Kills, kill_writers

Calls = dict[tuple[str, bool], tuple[int, list[str]]]


def main(
    kills: Annotated[int, typer.Option(min=0, help="Writers killed, four at a time.")] = 100,
    corruptions: Annotated[int, typer.Option(min=0, help="Files damaged, and indexes too.")] = 200,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    store: Annotated[str, typer.Option(help="A Milvus for the killed writers' vectors.")] = "",
    to: Annotated[Path, typer.Option(help="Folder for faults.json.")] = Path("bench-results"),
) -> None:
    """Kill writers, damage files, fail calls; exit code 1 where anything was lost or wrong."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        killed = kill_writers(Path(folder), -(-kills // WRITERS), seed=seed, store=store)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = corrupt(Path(folder), corruptions, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        outcomes |= corrupt_indexes(Path(folder), corruptions, seed=seed)
    failed = {(name, False): fail_every_call(name, crash=False) for name in OPERATIONS}
    failed |= {(name, True): die_at_every_call(name) for name in OPERATIONS}
    _show_kills(killed)
    _show_outcomes(outcomes)
    _show_calls(failed)
    seconds = time.perf_counter() - start
    to.mkdir(parents=True, exist_ok=True)
    report = {"seed": seed, "seconds": seconds, **_as_json(killed, outcomes, failed)}
    (to / "faults.json").write_text(json.dumps(report, indent=2))
    out.print(f"{seconds:.0f} s, seed {seed}", highlight=False)
    wrong = any(counts[WRONG] for counts in outcomes.values())
    if killed.faults or wrong or any(faults for _, faults in failed.values()):
        raise typer.Exit(1)


def _show_kills(killed: Kills) -> None:
    out.print(
        f"{killed.kills} kills of {WRITERS} concurrent writers: {killed.acknowledged} steps "
        f"acknowledged, {len(killed.faults)} faults; ready again after at most "
        f"{max(killed.ready, default=0):.2f} s",
        highlight=False,
    )
    for fault in killed.faults:
        out.print(f"  {fault}", highlight=False)


def _show_outcomes(outcomes: Outcomes) -> None:
    names = sorted({outcome for counts in outcomes.values() for outcome in counts})
    for (kind, harm), counts in sorted(outcomes.items()):
        shown = ", ".join(f"{counts[name]} {name}" for name in names if counts[name])
        out.print(f"{kind:32} {harm:20} {shown}", highlight=False)
    totals = {name: sum(counts[name] for counts in outcomes.values()) for name in names}
    told = ", ".join(f"{count} {name}" for name, count in totals.items())
    out.print(f"{sum(totals.values())} corruptions: {told}", highlight=False)


def _show_calls(failed: Calls) -> None:
    for (name, crash), (calls, faults) in failed.items():
        what = "the process ends at" if crash else "an error of"
        out.print(f"{name:12} {what} each of {calls} calls: {len(faults)} faults", highlight=False)
        for fault in faults:
            out.print(f"  {fault}", highlight=False)


def _as_json(killed: Kills, outcomes: Outcomes, failed: Calls) -> dict[str, Any]:
    table = [
        {"file": kind, "harm": harm, **counts} for (kind, harm), counts in sorted(outcomes.items())
    ]
    calls = [
        {"operation": name, "crash": crash, "calls": count, "faults": faults}
        for (name, crash), (count, faults) in failed.items()
    ]
    return {"kills": vars(killed), "corruptions": table, "calls": calls}


if __name__ == "__main__":
    typer.run(main)
