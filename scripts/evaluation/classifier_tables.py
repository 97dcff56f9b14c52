"""Classifiers beside nearest neighbours, and sweeps of them, as tables on the terminal."""

from __future__ import annotations

from typing import Any

from holotype.notebook.figures import bounds_text, figure_text, figure_texts

from .tables import interval_text, say, show_table


def show_classifiers(found: dict[str, Any]) -> None:
    """Print the figures of every method, what a threshold does, and the gain over the first."""
    told = f"{found['n']} queries, {found['rank']}; each fitted on the gallery alone"
    if found["n_unanswerable"]:
        told += f"; {found['n_unanswerable']} queries of taxa that it lacks did not ask"
    if found["n_unused"]:
        told += f"; {found['n_unused']} gallery images were not learned from"
    say(told)
    show_table(
        ("", "accuracy", "95 % interval", "macro F1", "kappa", "balanced", "answered", "kappa"),
        [
            (
                row["method"],
                figure_text(row["figures"]["accuracy"]["estimate"]),
                bounds_text(row["figures"]["accuracy"]),
                *figure_texts(
                    row["figures"][name]["estimate"]
                    for name in ("macro_f1", "kappa", "balanced_accuracy")
                ),
                figure_text(row["above_threshold"]["coverage"]),
                figure_text(row["above_threshold"]["kappa"]),
            )
            for row in found["methods"]
        ],
    )
    for row in found["methods"][1:]:
        gain = interval_text(row["differences"]["accuracy"])
        say(
            f"{row['method']} against {found['compared_with']}: accuracy {gain}, {row['fixes']} "
            f"fixed, {row['breaks']} broken (McNemar p = {row['p']:.2g})"
        )


def show_grid(found: dict[str, Any]) -> None:
    """Print accuracy by learning rate and momentum, and what the chosen pair does on queries."""
    say(
        f"A perceptron of two hidden layers, {found['rank']}; fitted on {found['n_fitted']} images "
        f"of the gallery and chosen on {found['n_chosen_on']} others"
    )
    show_table(
        ("learning rate", *(f"momentum {momentum:g}" for momentum in found["momenta"])),
        [
            (f"{rate:g}", *figure_texts(row))
            for rate, row in zip(found["learning_rates"], found["accuracy"], strict=True)
        ],
    )
    chosen = found["chosen"]
    say(
        f"chosen: learning rate {chosen['learning_rate']:g}, momentum {chosen['momentum']:g}; on "
        f"{found['n']} queries {interval_text(found['test_accuracy'])}, nearest neighbours "
        f"{interval_text(found['knn_accuracy'])}, gain {interval_text(found['gain'])}"
    )
