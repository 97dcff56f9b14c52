"""What every answer must satisfy, and collections whose every vector is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from holotype.index.collection import Collection
from holotype.index.identification.answers import Answer
from holotype.index.storage.records import Image
from holotype.index.taxonomy import RANKS, Lineage, parse_lineage


def check(answer: Answer) -> None:
    """Hold what every answer must satisfy, whatever the gallery."""
    for taxa in answer.ranks.values():
        ps = [p for _, p in taxa]
        assert all(0 <= p <= 1 for p in ps)
        assert sum(ps) <= 1 + 1e-9
        assert ps == sorted(ps, reverse=True)
        names = [taxon for taxon, _ in taxa]
        assert len(names) == len(set(names)) <= 5
    assert list(answer.ranks) == [rank for rank in RANKS if rank in answer.ranks]
    assert answer.novelty_p is None or 0 < answer.novelty_p <= 1
    assert (answer.calibration_note == "") == (answer.calibration == "fitted")
    assert answer.unknown == (answer.determination is None)
    assert answer.why.endswith(".")
    scores = [hit.score for hit in answer.neighbours]
    assert scores == sorted(scores, reverse=True)
    if answer.determination is not None:
        top, p = answer.ranks[answer.determination.rank][0]
        sure = None if answer.calibration == "none" else p  # shares of votes are no confidence
        assert (answer.determination.taxon, answer.determination.confidence) == (top, sure)


def planted(folder: Path, rows: list[tuple[str, list[float]]]) -> Collection:
    """A collection of given (species, vector) rows without pictures."""
    collection = Collection.create(folder)
    dim = len(rows[0][1])
    space = collection.add_space("base", encoder="none", fingerprint="0", views=1, dim=dim)
    entries = []
    for number, (species, vector) in enumerate(rows):
        name = f"image {number}"
        lineage: Lineage = parse_lineage({"species": species})[0]
        image = Image(name, name, "", name, 0, 1, 1, "", lineage, {}, {})
        unit = np.array(vector, np.float32) / np.linalg.norm(vector)
        entries.append((image, unit.astype(np.float32)))
    collection.store(space, entries)
    return collection
