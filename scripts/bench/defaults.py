"""`python -m holotype.scripts.bench.defaults COLLECTION …`: spaces side by side, by their answers.

    holotype ingest moths/manifest.csv --to moths --space before --encoder bundled --views 1
    holotype ingest moths/manifest.csv --to moths --space after --encoder bundled:320 --views 2
    python -m holotype.scripts.bench.defaults moths --space before --space after

Each fold in turn asks, and of the others, from which a share of the species is taken as well, the
gallery is calibrated from itself alone. Intervals are of a bootstrap by specimen over all folds.
What one picture costs is measured in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from holotype.eval.identification.asking import Specimens, ask
from holotype.eval.identification.figures import choose_thresholds
from holotype.eval.measures.bootstrap import bootstrap_rows
from holotype.eval.measures.calibration_error import measure_calibration
from holotype.eval.measures.novelty import auroc
from holotype.eval.measures.selective import selective_point
from holotype.eval.protocols.columns import column_codes
from holotype.eval.retrieval.unseen_species import evaluate_unseen
from holotype.eval.splits.splits import Split, grouped_kfold, leave_out_classes
from holotype.index.arrays import Codes, Flags, Floats
from holotype.index.collection import Collection
from holotype.index.pictures.reading import read_bytes, read_picture
from holotype.index.runtime import prepare
from holotype.index.search.search import encoder_of
from holotype.training.tuning.folds import united

from ..console import JsonFlag, one_sentence, out, print_json
from .cluster_pools import read_table
from .interleaved import measure

_FOLDS, _SHARE = 4, 0.25  # of specimens; of species that are in no gallery of a fold
_RISK, _PRIOR = 0.05, 0.2
_NONE = {"estimate": float("nan")}
_PICTURES, _ROUNDS = 16, 8  # by which a picture's cost is measured


@dataclass(frozen=True, eq=False)
class Answers:
    """What came of the specimens of all folds, one row each.

    Attributes:
        specimens, truth, taxa: int64 [q], the specimen, its species and the likeliest one.
        novel, named, inside, accepted: bool [q]: its species is in no gallery; it was answered at
            species; its species is in the 95 % set; it passed the threshold of κ.
        known, species: float64 [q], P(in the gallery), and P(the likeliest species | that).
    """

    specimens: Codes
    truth: Codes
    taxa: Codes
    novel: Flags
    named: Flags
    inside: Flags
    accepted: Flags
    known: Floats
    species: Floats

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Return those of all folds together."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def right(self) -> Flags:
        """Whether the likeliest species is the true one, bool [q]."""
        matches: Flags = self.taxa == self.truth
        return matches


def answers_of(table: Specimens, split: Split, seed: int) -> Answers:
    """Calibrate the gallery of a split from itself, and ask it."""
    asked = ask(table.at(split.gallery), table.at(split.query), seed=seed)
    least = choose_thresholds(asked.left_out, prior=_PRIOR).right
    found, closed = (asked.identify(risk=_RISK, prior=prior) for prior in (_PRIOR, 0.0))
    p = closed.answers.p[:, -1]
    return Answers(
        asked.queries.groups,
        found.truth[:, -1],
        found.answers.taxa[:, -1],
        found.novel,
        found.answers.rank == len(found.ranks) - 1,
        found.inside,
        p >= least,
        found.answers.known,
        p,
    )


def cross_fitted(table: Specimens, together: Codes, *, leave_out: bool, seed: int = 0) -> Answers:
    """Let each fold ask the others.

    Args:
        together: int64 [n], what asks as a whole.
        leave_out: a share of the species is taken out of every gallery, and asks as novel.
    """
    species = table.labels[:, -1]
    parts = []
    for fold, split in enumerate(grouped_kfold(species, together, _FOLDS, seed)):
        given = leave_out_classes(split, species, _SHARE, fold) if leave_out else split
        parts.append(answers_of(table, given, fold))
    return Answers.joined(parts)


def _share(of: Callable[[Answers], Flags], among: Callable[[Answers], Flags]) -> _Figure:
    def share(found: Answers, rows: Codes) -> float:
        counted = of(found)[rows][among(found)[rows]]
        return float(counted.mean()) if len(counted) else np.nan

    return share


def _auroc(found: Answers, rows: Codes) -> float:
    return auroc(found.known[rows], ~found.novel[rows]) if found.novel[rows].any() else np.nan


def _ece(found: Answers, rows: Codes) -> float:
    rows = rows[~found.novel[rows]]
    ones = np.ones(len(rows))
    return measure_calibration(found.species[rows], found.right[rows], ones).mass.ece


def _kappa(found: Answers, rows: Codes) -> float:
    rows = rows[~found.novel[rows]]
    passed = found.accepted[rows].astype(np.float64)
    return selective_point(passed, found.truth[rows], found.taxa[rows], 1.0).kappa


_Figure = Callable[[Answers, Codes], float]
FIGURES: dict[str, _Figure] = {
    "likeliest species is right, known": _share(lambda a: a.right, lambda a: ~a.novel),
    "answered at species, known": _share(lambda a: a.named, lambda a: ~a.novel),
    "of these right": _share(lambda a: a.right, lambda a: a.named & ~a.novel),
    "known against novel, AUROC": _auroc,
    "over-commitment": _share(lambda a: a.named, lambda a: a.novel),
    "ECE, known, at species": _ece,
    "κ at its threshold": _kappa,
    "accepted there": _share(lambda a: a.accepted, lambda a: ~a.novel),
    "95 % sets that hold it": _share(lambda a: a.inside, lambda a: ~a.novel),
}


def figures_of(found: Answers) -> dict[str, dict[str, float]]:
    """Return every figure with its interval by specimen, as JSON-ready values."""
    return {
        name: bootstrap_rows(partial(figure, found), found.specimens).to_dict()
        for name, figure in FIGURES.items()
    }


def of_collection(
    collection: Collection, space: str, group: str | None, few: int, draws: int
) -> dict[str, Any]:
    """Return the figures of one space: of all its species, and of draws of few."""
    table = read_table(collection, space)
    together = table.groups
    if group is not None:
        images = collection.gallery(space)
        codes = column_codes(collection, images, group)[0]
        together = united(together, codes[images.labels(images.ranks[-1]).codes >= 0])
    unseen = evaluate_unseen(collection, space=space, seeds=3).to_dict()["after"]
    found: dict[str, Any] = {"recall@1, unseen species, tuned": {"estimate": unseen}}
    found |= figures_of(cross_fitted(table, together, leave_out=True))
    every = np.unique(table.labels[:, -1])
    for seed in range(draws if few < len(every) else 0):
        drawn = np.random.default_rng(seed).choice(every, few, replace=False)
        rows = np.flatnonzero(np.isin(table.labels[:, -1], drawn))
        answers = cross_fitted(table.at(rows), together[rows], leave_out=False)
        found |= {
            f"{few} species, draw {seed + 1}: {name}": one
            for name, one in figures_of(answers).items()
        }
    return found


def costs(collection: Collection, spaces: Sequence[str]) -> dict[str, float]:
    """Return the processor's milliseconds that a picture takes with each space's encoder."""
    gallery = collection.gallery(spaces[0])
    images = collection.images_at([int(row) for row in gallery.rows[:_PICTURES]]).values()
    files = [read_bytes(collection.picture_path(image)) for image in images]

    def work(name: str) -> Callable[[], object]:
        encoder = encoder_of(collection.space(name)).alone()

        def encode() -> None:
            for file in files:
                picture = read_picture(file, target=encoder.preprocessing.size)
                encoder.encode_images(encoder.preprocess(picture)[None])

        return encode

    spent = measure({name: work(name) for name in spaces}, _ROUNDS, pieces=len(files))
    return {name: 1000 * cost.cpu for name, cost in spent.items()}


def main(
    collections: Annotated[list[Path], typer.Argument(help="Labelled to species.")],
    spaces: Annotated[list[str], typer.Option("--space", help="Side by side; repeatable.")],
    group: Annotated[
        str | None, typer.Option(help="A column whose values ask as wholes, such as date.")
    ] = None,
    few: Annotated[int, typer.Option(help="How many species a small collection has.")] = 10,
    draws: Annotated[int, typer.Option(help="Draws of so few; 0 for none.")] = 3,
    as_json: JsonFlag = False,
) -> None:
    """Print a table for each collection, a column for each space."""
    prepare()
    found = {}
    for folder in collections:
        with Collection.open(folder) as collection:
            each = {space: of_collection(collection, space, group, few, draws) for space in spaces}
            spent = costs(collection, spaces)
        for space in spaces:
            each[space]["CPU ms a picture"] = {"estimate": spent[space]}
        found[str(folder)] = each
        if not as_json:
            _show(folder.name, each)
    if as_json:
        print_json(found)


def _show(name: str, each: dict[str, dict[str, dict[str, float]]]) -> None:
    shown = Table(title=name)
    shown.add_column("")
    for space in each:
        shown.add_column(space)
    for figure in dict.fromkeys(chain.from_iterable(each.values())):
        shown.add_row(figure, *(_said(found.get(figure, _NONE)) for found in each.values()))
    out.print(shown)


def _said(one: dict[str, float]) -> str:
    if one["estimate"] is None or one["estimate"] != one["estimate"]:
        return "–"
    if "low" not in one:
        return f"{one['estimate']:.3f}"
    return f"{one['estimate']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


if __name__ == "__main__":
    with one_sentence():
        typer.run(main)
