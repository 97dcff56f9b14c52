"""`make bench`: run every benchmark, print its table, write its JSON into bench-results/.

One alone: `python -m holotype.scripts.bench search --rows 200000 --kind unclustered`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import device, encoding, identify, ingest, loading, search, service

OUT = Path("bench-results")
BENCHMARKS: dict[str, Callable[..., dict[str, Any]]] = {
    "ingest": ingest.run,
    "encoding": encoding.run,
    "device": device.run,
    "loading": loading.run,
    "search": search.run,
    "service": service.run,
    "identify": identify.run,
}


def main() -> None:
    """Run the benchmarks one after the other, or one with options of its own."""
    parser = argparse.ArgumentParser(prog="python -m holotype.scripts.bench", description=__doc__)
    parser.add_argument("only", nargs="?", choices=sorted(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="how often every contender is asked")
    parser.add_argument(
        "--rows",
        type=int,
        action="append",
        help="identify, loading, search, service: how many vectors; identify takes several",
    )
    parser.add_argument("--dim", type=int, help="identify, loading, search, service: their length")
    parser.add_argument("--kind", choices=["clustered", "unclustered"], help="search: of vectors")
    parser.add_argument("--engines", help="search: names, separated by commas")
    parser.add_argument(
        "--collection", help="identify, service: one that is asked instead of made vectors"
    )
    options = {name: value for name, value in vars(parser.parse_args()).items() if value}
    only = options.pop("only", None)
    if options and only is None:
        parser.error("options are of one benchmark; name it")
    if "rows" in options and only != "identify":
        if len(options["rows"]) > 1:
            parser.error(f"{only} takes one number of rows")
        options["rows"] = options["rows"][0]
    OUT.mkdir(exist_ok=True)
    for name in [only] if only else BENCHMARKS:
        result = BENCHMARKS[name](**options)
        (OUT / f"{name}.json").write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
