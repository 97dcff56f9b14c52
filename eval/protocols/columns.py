"""Any column of a collection as codes: the specimen, a detail, or the user's own."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.storage.records import DETAILS, Image


def column_codes(collection: Collection, images: Gallery, column: str) -> tuple[Codes, list[str]]:
    """Return the values of a column, image by image.

    Args:
        column: `specimen`, `split`, a detail (`date`, `locality` …) or a column of the manifest's
            own.

    Returns:
        int64 [n], positions in the names, -1 where the column is empty; and the names, sorted.

    Raises:
        UsageError: no image has a value there.
    """
    by_row = {image.row: _values(image) for image in collection.images()}
    stored = [by_row[row] for row in images.rows.tolist()]
    column = {"specimen_id": "specimen"}.get(column, column)
    values = [of_image.get(column, "") for of_image in stored]
    names = sorted({*values} - {""})
    if not names:
        filled = {name for of_image in stored for name, value in of_image.items() if value}
        raise UsageError(
            f"No image of space '{images.space.name}' has a value in column '{column}'; there are "
            f"values in {', '.join(sorted(filled))}"
        )
    code = {name: place for place, name in enumerate(names)} | {"": -1}
    return np.array([code[value] for value in values], np.int64), names


def _values(image: Image) -> dict[str, str]:
    details = {name: image.details[name] for name in DETAILS}
    own = {"specimen": image.specimen_id, "split": image.split}
    return {**image.metadata, **details, **own}
