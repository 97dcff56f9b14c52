"""JSON from others: of the expected kind, or a `ValueError`."""

from __future__ import annotations

import json
import re
from typing import TypeVar

_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")  # of a surrogate pair, or both

Kind = TypeVar("Kind")


def read_json(text: str | bytes, kind: type[Kind]) -> Kind:
    """Return a JSON document of one kind: dict, list, str …

    Raises:
        ValueError: it is no JSON, is of another kind, or is nested too deeply to be read.

    >>> read_json('{"a": 1}', dict)
    {'a': 1}
    >>> read_json("[" * 100_000, list)
    Traceback (most recent call last):
    ValueError: the JSON is nested too deeply
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except TypeError as error:  # neither text nor bytes
        raise ValueError(f"no JSON text: {error}") from error
    if _HALF.search(text if isinstance(text, str) else text.decode(errors="replace")):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("the JSON holds half of a character") from error
    if not isinstance(value, kind):
        raise ValueError(f"the JSON holds {type(value).__name__}, not {kind.__name__}")
    return value
