"""Figures as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from .averages import number


class Figures:
    """A dataclass that is told as JSON field by field; arrays and tables are left out."""

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them, None for NaN."""
        return jsonable_fields(self)


def jsonable_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON knows them, without its arrays and tables."""
    told = {each.name: getattr(value, each.name) for each in fields(value)}
    left_out = (np.ndarray, pd.DataFrame)
    return {name: jsonable(each) for name, each in told.items() if not isinstance(each, left_out)}


def jsonable(value: Any) -> Any:
    """Return figures, and what is made of them, as JSON knows them: None for NaN and infinity.

    >>> jsonable({1: (0.5, float("nan")), "n": 3})
    {'1': [0.5, None], 'n': 3}
    """
    if isinstance(value, Figures):
        return value.to_dict()
    if is_dataclass(value):
        return jsonable_fields(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, pd.DataFrame):
        return jsonable(value.to_dict("records"))
    return [jsonable(each) for each in value] if isinstance(value, list | tuple) else value
