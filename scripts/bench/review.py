"""`python -m holotype.scripts.bench.review COLLECTION`: how few actions name a batch.

Half of the species are known: those of their images that are for training (or half, where no split
is told) are the gallery. The others of theirs and all images of the other species are the batch. A
simulated expert, who knows the truth, does what the agenda shows until 97 % of the batch are named
right. Naming or accepting a group is an action, so is taking one image out of it, and so is naming
one image. Looking costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from holotype.eval.identification.asking import Specimens, ask
from holotype.index.arrays import Codes, Flags, Ids
from holotype.index.clusters.clustering import find_clusters
from holotype.index.collection import Collection
from holotype.index.curation.agenda import Batch, Step, agenda
from holotype.index.curation.doubts import Ratios
from holotype.index.vectors import FlatIndex
from holotype.training.calibration.steps import Steps
from holotype.training.clustering.fit import fit_recipe
from holotype.training.doubts import doubt_names, propose_names

from ..console import JsonFlag, one_sentence, out, print_json
from .cluster_pools import read_table

_GOAL = 0.97
_RISK, _PRIOR = 0.05, 0.5  # of what is set aside
_FOLDS = 4  # in which names are compared anew
_LEAST_GAIN = 0.3  # of what is shown as a group
_SINGLES = 25  # between comparisons


@dataclass(frozen=True, eq=False)
class Task:
    """A batch to be named.

    Attributes:
        gallery: specimens of known species.
        batch: of known and of other species.
        clusters: int64 [batch], -1 for what is set aside.
        coherence: float64 [batch].
        aside: int64 [batch], the species that was identified with confidence, -1 for none.
    """

    gallery: Specimens
    batch: Specimens
    clusters: Codes
    coherence: np.ndarray[Any, np.dtype[np.float64]]
    aside: Codes


@dataclass(eq=False)
class Expert:
    """Names a batch, knows the truth, and counts the actions.

    Attributes:
        truth: int64 [n].
        names: int64 [n], what was named so far, -1 for nothing.
        decided: bool [n], looked at by itself.
        actions: how many of each kind.
        refused: names that were turned down.
    """

    truth: Codes
    names: Codes
    decided: Flags
    actions: Counter[str] = field(default_factory=Counter)
    refused: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def of(cls, truth: Codes) -> Expert:
        """Return one who has named nothing yet."""
        return cls(truth, np.full(len(truth), -1), np.zeros(len(truth), np.bool_))

    @property
    def done(self) -> bool:
        """Whether enough are named right."""
        return float((self.names == self.truth).mean()) >= _GOAL

    def name_cluster(self, rows: Ids) -> bool:
        """Name a cluster by its commonest species, where two specimens are of one."""
        counts = np.bincount(self.truth[rows])
        if counts.max() < 2:
            return False
        self.names[rows] = counts.argmax()
        self.actions["clusters named"] += 1
        return True

    def judge_proposal(self, rows: Ids, name: int) -> None:
        """Accept a name for those that have it, less the others, where that saves actions."""
        of_it = self.truth[rows] == name
        gained = int((of_it & (self.names[rows] != name)).sum())
        others = int((~of_it).sum())
        if gained >= 2 and gained > 1 + others:
            self.names[rows[of_it]] = name
            self.decided[rows[of_it]] = True
            self.actions["proposals accepted"] += 1
            self.actions["images taken out"] += others
            self.refused |= {(int(row), name) for row in rows[~of_it]}
        else:
            self.refused |= {(int(row), name) for row in rows}

    def name_image(self, row: int) -> bool:
        """Name one image, where it is named wrongly or not at all."""
        self.decided[row] = True
        if self.names[row] == self.truth[row]:
            return False
        self.names[row] = self.truth[row]
        self.actions["images named"] += 1
        return True


def task_of(table: Specimens, train: Flags | None, seed: int, known: Ids | None = None) -> Task:
    """Divide labelled images, and identify and cluster the batch as the project does.

    Args:
        train: bool [n], which may be in the gallery; None draws half of them.
        known: codes of the known species; None draws half of them.
    """
    rng = np.random.default_rng(seed)
    species = rng.permutation(np.unique(table.labels[:, -1]))
    known = species[: len(species) // 2] if known is None else known
    may = rng.random(len(table.labels)) < 0.5 if train is None else train
    inside = np.isin(table.labels[:, -1], known) & may
    gallery, batch = table.at(np.flatnonzero(inside)), table.at(np.flatnonzero(~inside))
    found = ask(gallery, batch, seed=seed).identify(risk=_RISK, prior=_PRIOR)
    sure = found.answers.rank == table.labels.shape[1] - 1
    aside = np.where(sure, found.answers.taxa[:, -1], -1)
    left = np.flatnonzero(aside < 0)
    recipe = fit_recipe(gallery.vectors, gallery.labels[:, -1], seed=seed)
    clustering = find_clusters(batch.vectors[left], recipe, seed=seed)
    clusters, coherence = np.full(len(aside), -1), np.zeros(len(aside))
    clusters[left], coherence[left] = clustering.labels, clustering.coherence
    return Task(gallery, batch, clusters, coherence, aside)


def by_agenda(task: Task, *, at_once: bool) -> Counter[str]:
    """Return the actions of an expert who does what the agenda shows.

    Args:
        at_once: what was set aside is accepted as a whole, not a species at a time.
    """
    expert = Expert.of(task.batch.labels[:, -1])
    _accept_aside(expert, task.aside, at_once=at_once)
    refused: set[int] = set()
    while not expert.done:
        steps = agenda(_batch(task, expert, refused))
        if not _do_groups(expert, steps, refused) and not _do_singles(expert, steps):
            break
    return expert.actions


def _accept_aside(expert: Expert, aside: Codes, *, at_once: bool) -> None:
    expert.names[:] = aside
    species = np.unique(aside[aside >= 0])
    expert.actions["set aside accepted"] = 1 if at_once else len(species)


def _batch(task: Task, expert: Expert, refused: set[int]) -> Batch:
    """Compare names anew, and return what the agenda is made of."""
    known = len(task.gallery.labels)
    vectors = np.concatenate([task.gallery.vectors, task.batch.vectors])
    labels = np.concatenate([task.gallery.labels[:, -1], expert.names])
    index = FlatIndex(np.ascontiguousarray(vectors))
    every, has = np.arange(len(labels)), labels >= 0
    own, best = np.zeros(len(labels)), np.zeros(len(labels))
    other = np.full(len(labels), -1, np.int64)
    steps = Steps(threads=1)
    own[has], best[has], other[has] = doubt_names(index, labels, every, folds=_FOLDS, steps=steps)
    own[~has], best[~has], other[~has] = propose_names(index, labels, every)
    ratios = Ratios(own[known:], best[known:], other[known:])
    clusters = np.where(np.isin(task.clusters, list(refused)), -1, task.clusters)
    usual = np.sort(own[:known])
    names, decided = expert.names.copy(), expert.decided.copy()
    kept = frozenset(expert.refused)
    return Batch(clusters, task.coherence, names, decided, ratios, usual, kept)


def _do_groups(expert: Expert, steps: list[Step], refused: set[int]) -> bool:
    """Do the groups that save most; the names that are given may change the others."""
    groups = [step for step in steps if step.kind != "single"]
    if not groups or groups[0].gain < _LEAST_GAIN:
        return False
    least = max(_LEAST_GAIN, groups[0].gain / 2)
    touched: set[int] = set()
    for step in groups:
        rows = set(step.rows.tolist())
        if step.gain < least or expert.done:
            break
        if touched & rows:
            continue
        touched |= rows
        if step.kind == "proposal":
            expert.judge_proposal(step.rows, step.name)
        elif not expert.name_cluster(step.rows):
            refused.add(step.cluster)
    return True


def _do_singles(expert: Expert, steps: list[Step]) -> bool:
    named = 0
    for step in steps:
        if step.kind == "single":
            named += expert.name_image(int(step.rows[0]))
        if expert.done or named == _SINGLES:
            break
    return named > 0


def by_groups(truth: Codes, groups: Codes) -> Counter[str]:
    """Return the actions of an expert who names groups, the largest first, then single images."""
    expert = Expert.of(truth)
    found, sizes = np.unique(groups, return_counts=True)
    for group in found[np.argsort(-sizes, kind="stable")]:
        if not expert.done:
            expert.name_cluster(np.flatnonzero(groups == group))
    for row in np.flatnonzero(expert.names != truth):
        if not expert.done:
            expert.name_image(int(row))
    return expert.actions


def measure(task: Task, seed: int) -> dict[str, Any]:
    """Return the actions per 1,000 specimens of every way to name a batch."""
    from sklearn.cluster import KMeans

    truth = task.batch.labels[:, -1]
    k = len(np.unique(truth))
    means = KMeans(k, n_init=4, random_state=seed).fit_predict(task.batch.vectors)
    grouped = np.where(task.aside >= 0, task.clusters.max() + 1 + task.aside, task.clusters)
    found = {
        "agenda": by_agenda(task, at_once=False),
        "agenda, set aside at once": by_agenda(task, at_once=True),
        "clusters, then one by one": by_groups(truth, grouped),
        "k-means, k given": by_groups(truth, means),
        "one by one": by_groups(truth, np.arange(len(truth))),
    }
    return {
        "seed": seed,
        "specimens": len(truth),
        "species": k,
        "set_aside": int((task.aside >= 0).sum()),
        "clusters": int(task.clusters.max()) + 1,
        "ways": {
            name: {"per_1000": round(1000 * actions.total() / len(truth), 1), **dict(actions)}
            for name, actions in found.items()
        },
    }


def main(
    collection: Annotated[Path, typer.Argument(help="Labelled to species.")],
    space: Annotated[str | None, typer.Option(help="By default the first.")] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated.")] = None,
    known: Annotated[
        Path | None, typer.Option(help="A file of the known species, divided by '|' or lines.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print the actions per 1,000 specimens until 97 % are named right, and where they go."""
    with Collection.open(collection) as opened:
        table = read_table(opened, space)
        names = opened.gallery(space).labels("species").names
        splits = {image.row: image.split for image in opened.images()}
        rows = opened.gallery(space).rows[opened.gallery(space).labels("species").codes >= 0]
    train = np.array([splits[int(row)] == "train" for row in rows])
    found = []
    for seed in seeds or [0]:
        listed = None if known is None else _listed(names, known)
        task = task_of(table, train if train.any() else None, seed, listed)
        found.append(measure(task, seed))
        if not as_json:
            _show(found[-1])
    if as_json:
        print_json(found)


def _listed(names: list[str], file: Path) -> Ids:
    wanted = set(file.read_text("utf-8").strip().replace("\n", "|").split("|"))
    return np.flatnonzero([name in wanted for name in names])


def _show(found: dict[str, Any]) -> None:
    out.print(
        f"seed {found['seed']}: {found['specimens']} specimens of {found['species']} species, "
        f"{found['set_aside']} set aside, {found['clusters']} clusters",
        highlight=False,
    )
    for name, actions in found["ways"].items():
        where = ", ".join(_counts(actions))
        out.print(f"  {actions['per_1000']:>6}  {name}: {where}", highlight=False, soft_wrap=True)


def _counts(actions: dict[str, float]) -> Iterable[str]:
    return (f"{count} {kind}" for kind, count in actions.items() if kind != "per_1000")


if __name__ == "__main__":
    with one_sentence():
        typer.run(main)
