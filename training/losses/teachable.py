"""Whether labels have anything to teach, told before the work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.errors import UsageError
from holotype.index.ways import option

from .config import LossConfig
from .registry import LOSSES


def require_teachable(
    config: LossConfig, ranks: Sequence[str], labels: Codes, *, per_class: int | None = None
) -> None:
    """Refuse labels from which a loss can learn nothing.

    Args:
        ranks: of the columns of the labels.
        labels: int64 [n, ranks], -1 where not known.
        per_class: images of a class in a batch, where the sampler decides that.

    Raises:
        UsageError: a rank that no image is named at, one with a single class, or, for losses that
            compare images with each other, one where every class has a single image.
    """
    if LOSSES[config.name].compares and config.weight and per_class == 1:
        raise UsageError(
            f"Loss '{config.name}' compares images of one class with each other, and "
            f"batches.per_class is 1; set it to 2 or more"
        )
    for rank in config.learned:
        require_rank(rank, ranks)
        _, counts = np.unique(_named(labels[:, list(ranks).index(rank)]), return_counts=True)
        require_classes(rank, len(counts))
        if LOSSES[config.name].compares and config.weight and counts.max() < 2:
            raise UsageError(
                f"Each of the {len(counts)} {rank} names has a single image, and loss "
                f"'{config.name}' compares images of one name with each other; add images, or "
                f"choose a loss that needs none, such as 'proxy-anchor'"
            )


def require_rank(rank: str, ranks: Sequence[str]) -> None:
    """Refuse a rank that no image is named at.

    Raises:
        UsageError: with the ranks that there are.
    """
    if rank not in ranks:
        raise UsageError(
            f"loss.ranks asks for '{rank}', and no image is named at it; "
            f"images are named at {', '.join(ranks) or 'no rank'}"
        )


def require_classes(rank: str, classes: int) -> None:
    """Refuse a rank at which there is nothing to tell apart.

    Raises:
        UsageError: there are fewer than two classes.
    """
    if classes < 2:
        raise UsageError(
            f"Images to learn from have {classes} {rank} name{'' if classes == 1 else 's'}, and "
            f"training learns to tell at least two apart; add images, widen {option('where')}, or "
            f"leave '{rank}' out of loss.ranks"
        )


def _named(codes: Codes) -> Codes:
    return codes[codes >= 0]
