"""The figures of `holotype eval --protocol` as tables on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .console import out
from .evaluate_identification import figure_text
from .evaluate_tables import show_leaks, show_recall

_MOST_FOLDS = 40


def show_folds(found: dict[str, Any]) -> None:
    """Print the pooled recall, then every fold at the finest rank, then mean and sd over folds."""
    show_recall(found)
    show_leaks(found)
    rank, rows = list(found["folds"].items())[-1]
    names = ("recall@1", "recall@5", "recall@10")
    table = _table(f"{rank}, by {found['kept_whole']}", "queries", *names)
    for row in rows[:_MOST_FOLDS]:
        figures = (figure_text(row[name]) for name in names)
        table.add_row(row["fold"], str(row["n_answerable"]), *figures)
    out.print(table)
    if len(rows) > _MOST_FOLDS:
        out.print(f"… and {len(rows) - _MOST_FOLDS} more; --json lists them all", highlight=False)
    for at, name in found["ranks"].items():
        spread = found["over_folds"][at]["recall@1"]
        _say(
            f"{at}: recall@1 {figure_text(spread['mean'])} ± {figure_text(spread['sd'])} "
            f"(mean ± sd over folds), {figure_text(name['recall']['1']['micro'])} pooled"
        )
    if found["n_united"]:
        _say(f"{found['n_united']} images stayed together with a copy of another specimen's name")


def show_transfer(found: dict[str, Any]) -> None:
    """Print what is lost, how far the set-ups can be told apart, and what each remedy wins back."""
    protocol, gap = found["protocol"], found["gap"]
    _say(
        f"{protocol['n_gallery']} gallery images ({' and '.join(protocol['gallery'])}); target: "
        f"{found['n_target_queries']} queries ({' and '.join(protocol['query'])}); within the "
        f"source: {found['n_source_queries']} queries, {found['within_source']}"
    )
    _say(
        f"{found['rank']} accuracy {figure_text(found['accuracy_source'])} within the source, "
        f"{figure_text(found['accuracy_target'])} on the target: lost {_with_interval(gap)}"
    )
    for what, key in (
        ("source from target", "dataset_classification_error"),
        ("two halves of the source", "dataset_classification_error_within_source"),
    ):
        apart = found[key]
        _say(
            f"Telling {what} apart: error {figure_text(apart['error'])} (linear SVM, "
            f"{apart['train']} + {apart['train']} images to learn from, {apart['test']} + "
            f"{apart['test']} to test on, {len(apart['repeats'])} repeats)"
        )
    recall = found["spearman_with_gallery_images"]["recall"]
    _say(
        f"Recall on the target against images in the gallery: Spearman's rho "
        f"{figure_text(recall['rho'])} (p = {figure_text(recall['p'])}, {recall['n']} taxa)"
    )
    table = _table("remedy", "source", "target", "lost", "share won back")
    for row in found["remedies"]:
        source, target = row["accuracy_source"], row["accuracy_target"]
        left = None if source is None else source - target
        figures = (figure_text(value) for value in (source, target, left))
        table.add_row(row["remedy"], *figures, _share(row["recovered"]))
    out.print(table)
    for row in found["remedies"]:
        if row["fitted"]:
            _say(f"{row['remedy']}: {row['fitted']}")
    if found["simulation"]:
        made = found["simulation"]
        _say(f"{made['copies']} degraded copies of each gallery picture, set-up {made['setup']}")


def show_curve(found: dict[str, Any]) -> None:
    """Print recall@1 against the size of the gallery."""
    protocol = found["protocol"]
    _say(
        f"{protocol['n_queries']} queries; {found['rank']} recall@1; a taxon that the gallery "
        "lacks counts as a miss"
    )
    table = _table(f"values of {found['unit']}", "images", "recall@1", "sd", "draws")
    for row in found["sizes"]:
        figures = (figure_text(row["mean"]), figure_text(row["sd"]))
        table.add_row(f"{row['n']:.0f}", f"{row['images']:.0f}", *figures, f"{row['draws']:.0f}")
    out.print(table)


def show_unseen(found: dict[str, Any]) -> None:
    """Print recall@1 on the species that each tuned space was not fitted on."""
    for half in found["halves"]:
        gain = _with_interval(half["gain_over_taxa"])
        _say(
            f"half {half['seed']}, {half['n']} queries: {figure_text(half['before'])} → "
            f"{figure_text(half['after'])}, gain over taxa {gain} ({half['recipe']})"
        )
    _say(
        f"{found['rank']} recall@1 among species that nothing was fitted on: "
        f"{figure_text(found['before'])} → {figure_text(found['after'])}, "
        f"{found['fewer_errors'] or 0:.0%} fewer errors"
    )


def show_place(folder: Path, file: str) -> None:
    """Say where the report is."""
    _say(f"Report: {folder / file}")


def _table(first: str, *others: str) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)


def _with_interval(found: dict[str, float | None]) -> str:
    low, high = figure_text(found["low"]), figure_text(found["high"])
    return f"{figure_text(found['estimate'])} ({low} to {high})"


def _share(found: dict[str, float | None]) -> str:
    estimate, low, high = found["estimate"], found["low"], found["high"]
    if estimate is None or low is None or high is None:
        return "–"
    return f"{estimate:.0%} ({low:.0%} to {high:.0%})"
