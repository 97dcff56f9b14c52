"""Pages of images: how many, and from where on."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query

from holotype.index.database.sql import MOST
from holotype.index.errors import UsageError

_MOST_SHOWN = 1000

Cursor = Annotated[str | None, Query(description="The 'next' of the page before.")]
Limit = Annotated[int, Query(ge=1, le=_MOST_SHOWN, description=f"How many, 1 to {_MOST_SHOWN}.")]


def row_of(cursor: str | None) -> int:
    """Return the row after which a page of images begins, 0 for the first page.

    Raises:
        UsageError: a cursor that no page gave.
    """
    if cursor is None:
        return 0
    if not re.fullmatch(r"\d{1,19}", cursor, re.ASCII) or int(cursor) > MOST:
        raise UsageError(
            f"after is '{cursor[:80]}', which no page gave; send the 'next' of the page before"
        )
    return int(cursor)
