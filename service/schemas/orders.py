"""What requests say alike: who asks, why, and numbers that a database counts to."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from holotype.index.database.sql import MOST

LONGEST = 500  # characters of a name or a reason

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def _plain(text: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("it holds a control character; leave that out")
    return text.strip()


def _said(text: str) -> str:
    if not text:
        raise ValueError("it is empty; give a name")
    return text


Number = Annotated[int, Field(ge=0, le=MOST)]  # of a version
Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_plain)]
Person = Annotated[Text, AfterValidator(_said)]


class Order(BaseModel):
    """A JSON object that asks for a change.

    It holds nothing that is unknown, and a value of another type is refused, never turned into one
    that fits.
    """

    model_config = ConfigDict(extra="forbid", strict=True)


class Sign(Order):
    """Who asks for a change, and why."""

    by: Person = Field(description="Who decides, for the record.")
    why: Text = Field("", description="Why, for the record.")
