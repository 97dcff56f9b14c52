"""`python -m holotype.scripts.bench.mislabels COLLECTION`: how soon the queue shows wrong names.

In a copy of the collection some specimens get the name of another species of their family, as an
import would. What is measured is how many of them stand in the first tenth of the queue.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from holotype.index.arrays import Codes, Ids
from holotype.index.collection import Collection
from holotype.index.curation.named import Named
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.training.doubts import queue_of

from ..console import JsonFlag, one_sentence, out, print_json

_FIRST = 0.1  # share of the specimens


def flipped(named: Named, share: float, seed: int) -> list[tuple[int, int]]:
    """Draw specimens and, for each, another species of its family.

    Returns:
        (first image, code of the species).
    """
    rng = np.random.default_rng(seed)
    family = named.gallery.labels("family").codes
    places = named.firsts[(named.codes[named.firsts] >= 0) & (family[named.firsts] >= 0)]
    others = {int(place): _others(named.codes, family, int(place)) for place in places}
    able = [place for place, species in others.items() if len(species)]
    drawn = rng.choice(able, round(share * len(places)), replace=False)
    return [(int(place), int(rng.choice(others[int(place)]))) for place in drawn]


def _others(codes: Codes, family: Codes, place: int) -> Ids:
    species = np.unique(codes[(family == family[place]) & (codes >= 0)])
    others: Ids = species[species != codes[place]]
    return others


def measure(folder: Path, share: float, seed: int) -> dict[str, Any]:
    """Flip names in a copy of a collection and return where they stand in the queue."""
    with _copied(folder) as collection:
        named = Named.of(collection, None)
        wrong = set()
        for place, code in flipped(named, share, seed):
            (image,) = collection.images_at([int(named.gallery.rows[place])]).values()
            lineage = named.lineage(code)
            collection.determine(image.specimen_id, lineage, by="benchmark", origin="import")
            wrong.add(image.specimen_id)
        queue = queue_of(collection, "mislabels")
        rows = [int(named.gallery.rows[members[0]]) for members in queue.listing.members]
        images = collection.images_at(rows)
        order = [images[row].specimen_id for row in rows]
    first = set(order[: round(_FIRST * len(named.firsts))])
    return {
        "seed": seed,
        "flipped": len(wrong),
        "queue": len(order),
        "in_first_tenth": len(wrong & first) / len(wrong),
        "in_first_as_many": len(wrong & set(order[: len(wrong)])) / len(wrong),
    }


@contextmanager
def _copied(folder: Path) -> Iterator[Collection]:
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        with Collection.open(folder) as original:
            snapshot(original, copy / "snapshot")
        restore(copy / "snapshot", copy / "collection")
        with Collection.open(copy / "collection") as opened:
            yield opened


def main(
    collection: Annotated[Path, typer.Argument(help="With families and species.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated.")] = None,
    share: Annotated[float, typer.Option(help="Of the specimens that are named wrongly.")] = 0.05,
    as_json: JsonFlag = False,
) -> None:
    """Print the share of wrong names in the first tenth of the queue, a line a seed."""
    found = [measure(collection, share, seed) for seed in seeds or range(5)]
    if as_json:
        print_json(found)
        return
    out.print("seed  flipped  queue  in the first tenth  in the first as many", highlight=False)
    for line in found:
        out.print(
            f"{line['seed']:>4}  {line['flipped']:>7}  {line['queue']:>5}  "
            f"{line['in_first_tenth']:>18.3f}  {line['in_first_as_many']:>20.3f}",
            highlight=False,
        )


if __name__ == "__main__":
    with one_sentence():
        typer.run(main)
