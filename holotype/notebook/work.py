"""Long work: better spaces, confidence, maps, figures, and copies of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from holotype.index.taxonomy import RANKS

from .backend import Backend
from .conditions import Where, conditions
from .door.arguments import kinds_of, require_one
from .shown.evaluation import EvaluationReport
from .shown.maps import ShownMap
from .shown.report import Report


class Work:
    """Long work on a collection."""

    _backend: Backend

    def tune(self, name: str = "tuned", *, space: str | None = None, where: Where = None) -> Report:
        """Make a better space in seconds, from the labels, without a GPU.

        Args:
            name: what the new space is called.
            space: to start from; by default the first.
            where: learn from these images only, such as `{"split": "train"}`.

        Raises:
            UsageError: too few species have two specimens, or the name is taken.
        """
        told = self._backend.tune(space, {"name": name, "where": conditions(where)})
        return Report(f"Space {name}", told, self._backend.thumbnail)

    def calibrate(self, space: str | None = None, *, seed: int = 0) -> Report:
        """Fit confidence at every rank, on specimens and species left out in turn.

        Raises:
            UsageError: too few labelled specimens or species.
        """
        return Report("Calibrated", self._backend.calibrate(space, seed), self._backend.thumbnail)

    def calibration(self, space: str | None = None) -> Report:
        """Return what the probabilities of a space rest on, and what has changed since."""
        told = self._backend.calibration(space)
        return Report("Calibration", told, self._backend.thumbnail)

    def train(
        self,
        name: str = "trained",
        *,
        preset: str = "default",
        config: Mapping[str, Any] | None = None,
        space: str | None = None,
        where: Where = None,
        minutes: float | None = None,
        loss: str | None = None,
        seed: int | None = None,
        resume: bool = False,
    ) -> Report:
        """Train the encoder of a space on its labelled pictures, and keep it where it is better.

        Args:
            name: what the new space is called.
            preset: a recipe; docs/presets.md.
            config: tables of settings that differ from it; docs/training.md.
            space: whose encoder and pictures to start from; by default the first.
            where: learn from these images only, such as `{"split": "train"}`.
            minutes: the most that it may take.
            loss: by name; docs/losses.md.
            seed: the same one gives the same run.
            resume: go on with a run of that name that was interrupted.

        Returns:
            the figures; `report["space"]` is None where it is not better, and nothing was kept.
        """
        options: dict[str, Any] = {"name": name, "preset": preset, "where": conditions(where)}
        options |= {"config": dict(config or {}), "minutes": minutes, "loss": loss}
        told = self._backend.train(space, {**options, "seed": seed, "resume": resume})
        return Report(f"Training of {name}", told, self._backend.thumbnail)

    def map(
        self,
        space: str | None = None,
        *,
        method: Literal["umap", "pca"] = "umap",
        colour: str | None = None,
        columns: Sequence[str] = (),
        where: Where = None,
        n_neighbors: int | None = None,
        min_dist: float | None = None,
        seed: int | None = None,
        sample: int | None = None,
        anew: bool = False,
    ) -> ShownMap:
        """Map a space: where its images lie among each other; the map is kept and used again.

        Args:
            space: by default the first.
            method: `umap`, or `pca` for the principal axes.
            colour: a rank or any column; by default the finest rank.
            columns: which others the table has, too.
            where: show these images only.
            n_neighbors, min_dist: of UMAP; 15 and 0.1.
            seed: another one, another map.
            sample: fit on so many at most and place the rest; 100,000.
            anew: make it even where the kept one serves.
        """
        options: dict[str, Any] = {"method": method, "n_neighbors": n_neighbors, "seed": seed}
        options |= {"min_dist": min_dist, "sample": sample, "anew": anew}
        asked, chosen = conditions(where), ""
        for chosen in (colour,) if colour else reversed(RANKS):
            wanted = [*columns, chosen]
            table = self._backend.map(space, options, asked, wanted)
            if colour or table[chosen].null_count < len(table):
                break
            options["anew"] = False  # it has just been made
        return ShownMap(table, chosen, self._backend.thumbnail)

    def evaluate(
        self,
        protocol: str | None = None,
        *,
        space: str | None = None,
        out: str | Path | None = None,
        **options: Any,
    ) -> EvaluationReport:
        """Measure how good it is: recall at every rank, or how honest the answers are.

        Args:
            protocol: who asks whom, such as `kfold` or `identification`; by default every image
                asks all others, or `query` asks `gallery`; docs/measuring.md has all.
            space: by default the first; `spaces=["base", "tuned"]` compares two.
            out: a folder for `report.html`, which shows what was mistaken, and `report.json`; an
                earlier report is replaced.
            options: of the protocol, such as `query={"split": "test"}`,
                `gallery={"split": "train"}`, `folds=5`, `risk=0.05`.

        Returns:
            the figures as `report.json` has them; `report.summary` says them in one sentence,
            `report.to_pandas()` is recall at every rank, `report.page` leads to the report.

        Raises:
            UsageError: there is no such protocol or option, or too little to measure by.
        """
        said = {name: _said(name, value) for name, value in options.items()}
        folder = None if out is None else Path(out)
        told, page = self._backend.evaluate(space, protocol, said, folder)
        return EvaluationReport(told, self._backend.thumbnail, page)


_CONDITIONS = ("query", "gallery", "far", "unlabelled")
# What the other options of the protocols may be, as annotations say it.
OPTIONS = {
    **dict.fromkeys(("allow_leak", "per_taxon"), "bool | None"),
    **dict.fromkeys(("copies", "folds", "networks", "replicates", "seed", "seeds"), "int | None"),
    **dict.fromkeys(("prior", "risk", "share"), "float | None"),
    **dict.fromkeys(("group", "leave_out", "setup", "simulate", "site"), "str | None"),
    **dict.fromkeys(("classifiers", "spaces"), "str | Sequence[str] | None"),
}


def _said(name: str, value: Any) -> Any:
    """Return an option as the protocols take it.

    Raises:
        UsageError: it is of another kind.
    """
    if name in _CONDITIONS:
        return conditions(value)
    require_one(name, value, kinds_of(OPTIONS.get(name, "Any")))
    return value
