"""What another imaging set-up costs, and what remedies win back, on the terminal."""

from __future__ import annotations

from typing import Any

from holotype.notebook.figures import figure_text, figure_texts

from .tables import interval_text, say, show_table


def show_transfer(found: dict[str, Any]) -> None:
    """Print what is lost, how far the set-ups can be told apart, and what each remedy wins back."""
    protocol, gap = found["protocol"], found["gap"]
    say(
        f"{protocol['n_gallery']} gallery images ({' and '.join(protocol['gallery'])}); target: "
        f"{found['n_target_queries']} queries ({' and '.join(protocol['query'])}); within the "
        f"source: {found['n_source_queries']} queries, {found['within_source']}"
    )
    say(
        f"{found['rank']} accuracy {figure_text(found['accuracy_source'])} within the source, "
        f"{figure_text(found['accuracy_target'])} on the target: lost {interval_text(gap)}"
    )
    for what, key in (
        ("source from target", "dataset_classification_error"),
        ("two halves of the source", "dataset_classification_error_within_source"),
    ):
        apart = found[key]
        say(
            f"Telling {what} apart: error {figure_text(apart['error'])} (linear SVM, "
            f"{apart['train']} + {apart['train']} images to learn from, {apart['test']} + "
            f"{apart['test']} to test on, {len(apart['repeats'])} repeats)"
        )
    recall = found["spearman_with_gallery_images"]["recall"]
    say(
        f"Recall on the target against images in the gallery: Spearman's rho "
        f"{figure_text(recall['rho'])} (p = {figure_text(recall['p'])}, {recall['n']} taxa)"
    )
    show_table(
        ("remedy", "source", "target", "lost", "share won back"), map(_remedy, found["remedies"])
    )
    if found["networks"]:
        say("Against a network that learned from the source alone, on the target:")
        trained = [row for row in found["remedies"] if row["over_training"]["estimate"] is not None]
        show_table(("network", "gain", "from … to, by seed"), map(_network, trained))
    for row in found["remedies"]:
        if row["fitted"]:
            say(f"{row['remedy']}: {row['fitted']}")
    say(_adapted(found["adaptation"]))
    if found["simulation"]:
        made = found["simulation"]
        say(f"{made['copies']} degraded copies of each gallery picture, set-up {made['setup']}")


def _remedy(row: dict[str, Any]) -> list[str]:
    source, target = row["accuracy_source"], row["accuracy_target"]
    lost = None if source is None else source - target
    return [row["remedy"], *figure_texts((source, target, lost)), _share(row["recovered"])]


def _network(row: dict[str, Any]) -> list[str]:
    seeds = figure_texts((min(row["by_network"]), max(row["by_network"])))
    return [row["remedy"], interval_text(row["over_training"]), " … ".join(seeds)]


def _adapted(made: dict[str, Any]) -> str:
    which = " and ".join(made["unlabelled"]) or "the queries themselves"
    return f"Adapted to {made['images']} images of the target without labels: {which}"


def _share(found: dict[str, float | None]) -> str:
    estimate, low, high = found["estimate"], found["low"], found["high"]
    if estimate is None or low is None or high is None:
        return "–"
    return f"{estimate:.0%} ({low:.0%} to {high:.0%})"
