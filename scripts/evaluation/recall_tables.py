"""Recall, of one protocol or another, as tables on the terminal."""

from __future__ import annotations

from typing import Any

from holotype.notebook.figures import RECALL, figure_text, figure_texts, recall_row

from .classifier_tables import show_classifiers
from .tables import interval_text, say, show_table

_MOST_FOLDS = 40


def show_recall(found: dict[str, Any]) -> None:
    """Print recall at every rank, what leaks would have made of it, and what a space gains."""
    protocol = found["protocol"]
    say(
        f"{found['n']} queries against {protocol['n_gallery']} gallery images, "
        f"{protocol['name']}, own specimens excluded"
    )
    show_table(RECALL, [recall_row(rank, row) for rank, row in found["ranks"].items()])
    for line in fitted_lines(found):
        say(line)
    cause = _cause(found)
    for rank, inflated in found["recall_at_1_with_leaks"].items():
        clean = found["ranks"][rank]["recall"]["1"]["micro"]
        say(
            f"{rank}: recall@1 {figure_text(clean)}; it would have seemed {figure_text(inflated)} "
            f"with {cause}"
        )
    if "comparison" in found:
        _show_comparison(found)
    if "classifiers" in found:
        show_classifiers(found["classifiers"])


def fitted_lines(found: dict[str, Any]) -> list[str]:
    """Return what a space and its encoder were fitted on, and how queries among that are measured.

    Args:
        found: what an evaluation of one space found, as JSON knows it.
    """
    told, space = found["fitted_on"], found["space"]
    lines = []
    for what, fit in (
        ("The encoder", told["encoder"]),
        (f"Space '{space['name']}'", told["space"]),
    ):
        if fit is not None:
            known = "" if fit["recorded"] else ", all that were there when it was made,"
            lines.append(
                f"{what} was fitted on {fit['images']} images{known} of {fit['specimens']} "
                f"specimens; {fit['queries']} queries are of these"
            )
    return [*lines, f"Measured instead: {told['instead']}"] if told["instead"] else lines


def _cause(found: dict[str, Any]) -> str:
    """Return what would have made a figure seem another."""
    causes = ["the space as it is"] if found["fitted_on"]["instead"] else []
    if not found["leaks"]["clean"] and found["protocol"]["query"]:
        causes.append("the specimens and copies that cross the split")
    return " and ".join(causes)


def show_folds(found: dict[str, Any]) -> None:
    """Print the pooled recall, then every fold at the finest rank, then mean and sd over folds."""
    show_recall(found)
    rank, rows = list(found["folds"].items())[-1]
    names = ("recall@1", "recall@5", "recall@10")
    show_table(
        (f"{rank}, by {found['kept_whole']}", "queries", *names),
        [
            (row["fold"], str(row["n_answerable"]), *figure_texts(row[name] for name in names))
            for row in rows[:_MOST_FOLDS]
        ],
    )
    if len(rows) > _MOST_FOLDS:
        say(f"… and {len(rows) - _MOST_FOLDS} more; --json lists them all")
    for at, name in found["ranks"].items():
        spread = found["over_folds"][at]["recall@1"]
        say(
            f"{at}: recall@1 {figure_text(spread['mean'])} ± {figure_text(spread['sd'])} "
            f"(mean ± sd over folds), {figure_text(name['recall']['1']['micro'])} pooled"
        )
    if found["n_united"]:
        say(f"{found['n_united']} images stayed together with a copy of another specimen's name")


def show_curve(found: dict[str, Any]) -> None:
    """Print recall@1, and the accuracy of classifiers, against the size of the gallery."""
    say(
        f"{found['protocol']['n_queries']} queries; {found['rank']} recall@1; a taxon that the "
        "gallery lacks counts as a miss"
    )
    beside = found.get("classifiers", {})
    size = found["unit"] if found["unit"].startswith("images of") else f"values of {found['unit']}"
    show_table(
        (
            size,
            "images",
            "recall@1",
            "sd",
            *(f"{name}{end}" for name in beside for end in ("", " sd")),
            "draws",
        ),
        [
            (
                f"{row['n']:.0f}",
                f"{row['images']:.0f}",
                *figure_texts((row["mean"], row["sd"])),
                *figure_texts(
                    figure for other in others for figure in (other["mean"], other["sd"])
                ),
                f"{row['draws']:.0f}",
            )
            for row, *others in zip(found["sizes"], *beside.values(), strict=True)
        ],
    )


def show_unseen(found: dict[str, Any]) -> None:
    """Print recall@1 on the species that each tuned space was not fitted on."""
    for half in found["halves"]:
        gain = interval_text(half["gain_over_taxa"])
        say(
            f"half {half['seed']}, {half['n']} queries: {figure_text(half['before'])} → "
            f"{figure_text(half['after'])}, gain over taxa {gain} ({half['recipe']})"
        )
    say(
        f"{found['rank']} recall@1 among species that nothing was fitted on: "
        f"{figure_text(found['before'])} → {figure_text(found['after'])}, "
        f"{found['fewer_errors'] or 0:.0%} fewer errors"
    )


def _show_comparison(found: dict[str, Any]) -> None:
    before, after = (each["space"]["name"] for each in found["spaces"])
    rank, change = list(found["comparison"].items())[-1]
    say(
        f"{rank}: {before} {figure_text(change['before']['micro'])} → {after} "
        f"{figure_text(change['after']['micro'])}, gain over taxa "
        f"{interval_text(change['gain_over_taxa'])}, "
        f"{change['fewer_errors'] or 0:.0%} fewer errors, {change['fixes']} fixed, "
        f"{change['breaks']} broken (McNemar p = {change['p']:.2g})"
    )
    for title, key in (("most improved", "most_improved"), ("most worsened", "most_worsened")):
        named = ", ".join(f"{row['taxon']} {row['gain']:+.2f}" for row in change[key][:5])
        say(f"  {title}: {named or 'none'}")
