"""The section on how much taxa differ: boxes by group, and recall against number of images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...measures.correlation import spearman
from ..blocks import Block, Figure, Section, Text
from ..cells import correlation_text, is_italic, plural
from ..marks import Points
from .plots import box_plot, scatter
from .subject import Subject

MOST_GROUPS = 20


def spread(subject: Subject) -> Section | None:
    """Recall of single taxa; None where no query can be answered."""
    if subject.measured.empty:
        return None
    boxes = _boxes(subject)
    blocks = (*((boxes,) if boxes else ()), _against_images(subject))
    return Section("spread", f"How much {plural(subject.rank)} differ", blocks)


def _boxes(subject: Subject) -> Figure | None:
    rank = subject.grouping
    if rank is None:
        return None
    parts = subject.groups()
    groups = [
        Points(name, part["taxon"].tolist(), part["recall@1"].to_numpy())
        for name, part in parts[:MOST_GROUPS]
    ]
    many = plural(subject.rank)
    return Figure(
        f"Recall@1 of single {many} by {rank}",
        box_plot(groups, axis=f"recall@1 of single {many}", italic=is_italic(rank)),
        f"Box plot of the recall@1 of {len(subject.measured)} {many} in {len(groups)} groups.",
        f"One dot a {subject.rank}; the box holds the middle half of them, the thick line is the "
        "median, the whiskers end at the last dot within 1.5 box lengths; groups of fewer than "
        f"five have no box. In brackets: how many {many}." + left_out_text(len(parts)),
    )


def left_out_text(n_groups: int) -> str:
    """Return the sentence on groups that a box plot has no room for, if any.

    >>> left_out_text(22)
    ' The 2 smallest groups are left out.'
    """
    left_out = n_groups - MOST_GROUPS
    return f" The {left_out} smallest groups are left out." if left_out > 0 else ""


def _against_images(subject: Subject) -> Block:
    measured, many = subject.measured, plural(subject.rank)
    counts = measured["n_gallery"].to_numpy(np.int64)
    if counts.min() == counts.max():
        text = (
            f"Recall against number of images: all {len(counts)} {many} have {counts[0]} gallery "
            "images, so their recall cannot be compared by it."
        )
        return Text((text,))
    points = Points("", measured["taxon"].tolist(), measured["recall@1"].to_numpy())
    axis = f"gallery images of the {subject.rank}"
    return Figure(
        "Recall@1 against number of gallery images",
        scatter(points, counts, x_axis=axis, y_axis="recall@1"),
        f"Scatter plot of recall@1 against gallery images of {len(counts)} {many}.",
        f"One dot a {subject.rank}, shifted a little sideways so that none hides another. "
        + _correlations(subject),
    )


def _correlations(subject: Subject) -> str:
    over_all = _correlation(subject.measured)
    text = rho_text(over_all, "higher recall")
    if over_all is None or subject.grouping != "category":
        return text
    parts = [(name, _correlation(part)) for name, part in subject.measured.groupby("category")]
    within = "; ".join(f"{name} {found}" for name, found in parts if found)
    return (
        f"{text} Categories may differ in both, which alone makes a correlation; within one "
        f"category: {within or 'the same number of images everywhere, so none'}."
    )


def rho_text(found: str | None, more: str) -> str:
    """Return the sentence on a rank correlation with the number of images.

    Args:
        found: the correlation in words, None where there is none.
        more: what a positive one means.
    """
    if found is None:
        return "There are too few different values for a rank correlation."
    return (
        f"Spearman's rank correlation is {found}: +1 would mean that more images always go with "
        f"{more}, 0 that they tell nothing."
    )


def _correlation(measured: pd.DataFrame) -> str | None:
    """Return Spearman's correlation in words, None where there is none."""
    recall, counts = (measured[c].to_numpy(np.float64) for c in ("recall@1", "n_gallery"))
    return correlation_text(spearman(recall, counts))
