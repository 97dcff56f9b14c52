"""A folder tree as a manifest: `root/<species>/*.jpg` or `root/<category>/<species>/*.jpg`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ...errors import ManifestError
from ...pictures.kinds import READ_SUFFIXES
from ..problems import Problem, some
from .levels import IGNORED, labels_of
from .raw import RawTable
from .walk import Walk, shown_name


def read_folder(root: Path, levels: Sequence[str] = (), *, named: bool = True) -> RawTable:
    """List the pictures below a folder, labelled by the folders that they lie in.

    What a picture is, its first bytes say. One directly in `root` is unlabelled. Links to folders
    are followed, each folder once. The copies and thumbnails of a collection that lies in `root`
    are no new pictures. What is not used is told of.

    Args:
        root: the folder.
        levels: what the levels of folders are; see `labels_of`.
        named: whether folders say anything where `levels` are not given.

    Raises:
        ManifestError: there are no pictures below `root`, or what the levels are is not clear.
    """
    walk = Walk(root)
    names, problems = _shallow(walk, levels)
    if not names:
        raise ManifestError(_no_pictures(root, problems))
    if not named and not levels:
        levels = (IGNORED,) * max(name.count("/") for name in names)
    labels = labels_of(names, levels, str(root))
    frame = pd.DataFrame(labels).drop(columns=IGNORED, errors="ignore")
    frame.insert(0, "path", names)
    return RawTable(frame, root, problems=problems)


def _shallow(walk: Walk, levels: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Return the pictures that do not lie deeper than the levels, and what is told of the rest."""
    problems = list(walk.problems)
    kept = []
    for name in map(shown_name, walk.pictures):
        if levels and name.count("/") > len(levels):
            message = f"{name}: lies deeper than the levels {','.join(levels)}; add one, or '-'"
            problems.append(Problem(0, name, message, reason="deeper than the levels"))
        else:
            kept.append(name)
    return kept, problems


def _no_pictures(root: Path, problems: list[Problem]) -> str:
    left_out = [problem.message for problem in problems if problem.severity == "error"]
    if left_out:
        return f"{root} holds no pictures that can be read: {some(left_out, '; ')}"
    passed = "".join(f"; {problem.message}" for problem in problems[:3])
    suffixes = ", ".join(sorted(READ_SUFFIXES))
    return (
        f"{root} holds no pictures (looked for {suffixes} in it and below{passed}); give the "
        "folder that holds them"
    )
