"""Pictures that are stored more than once, told by their content."""

from __future__ import annotations

from itertools import groupby

from ..database.connection import Database
from ..database.sql import run_over
from ..taxonomy import same_taxon
from .records import Image, image_query, read_image


def under_two_names(database: Database) -> list[list[Image]]:
    """Return the pictures that are stored several times and carry contradictory names.

    Returns:
        of each picture its images, oldest first.
    """
    several = database.read("SELECT sha256 FROM images GROUP BY sha256 HAVING count(*) > 1")
    records = run_over(database.read, image_query("i.sha256 IN"), [found[0] for found in several])
    images = sorted(map(read_image, records), key=lambda image: (image.sha256, image.row))
    groups = [list(group) for _, group in groupby(images, key=lambda image: image.sha256)]
    return sorted(filter(_are_two, groups), key=lambda group: group[0].row)


def _are_two(images: list[Image]) -> bool:
    """Return whether any two images are named differently, each name looked at once."""
    lineages = list(dict.fromkeys(image.lineage for image in images))
    return any(
        not same_taxon(one, other)
        for place, one in enumerate(lineages)
        for other in lineages[:place]
    )
