"""`make bench`: run every benchmark, print its table, write its JSON into bench-results/."""

from __future__ import annotations

import json
from pathlib import Path

from . import ingest

OUT = Path("bench-results")
BENCHMARKS = {"ingest": ingest.run}


def main() -> None:
    """Run the benchmarks one after the other."""
    OUT.mkdir(exist_ok=True)
    for name, run in BENCHMARKS.items():
        result = run()
        (OUT / f"{name}.json").write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
