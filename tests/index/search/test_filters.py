"""Filters: what they mean, what they cost, and how long they may be."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.search import filters as where
from holotype.index.search.conditions import Condition, parse_condition
from holotype.index.search.filters import allowed_places, selected
from tests.conftest import pace

SEED = 3
_AS_BEFORE = re.compile(r"\s*([^=!]+?)\s*(!?=)\s*(.*?)\s*")  # cubic, so on short texts only


def test_conditions_are_read_as_a_regular_expression_reads_them() -> None:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    for _ in range(3000):
        text = "".join(rng.choice(list("ab =!|\t")) for _ in range(rng.integers(1, 9)))
        match = _AS_BEFORE.fullmatch(text)
        if match is None or not match[1].strip():
            with pytest.raises(UsageError, match="not understood"):
                parse_condition(text)
            continue
        values = dict.fromkeys(value.strip() for value in match[3].split("|"))
        condition = parse_condition(text)
        assert condition == Condition(match[1].strip(), match[2], match[3])
        assert condition.values == tuple(values)
        assert condition.negated == (match[2] == "!=")


HOSTILE = [
    " " * 99_999,
    "a" + " " * 99_000,
    " \t" * 49_000 + "=",
    "a" + " " * 49_000 + "!" + " " * 49_000,
    "!" * 99_000,
    "=" * 99_000,
    "!=" * 49_000,
    "species=" + "|" * 99_000,
    "a\0b=c",
    "genus=\0",
    "genus=\ud800",
    "\udcff=a",
    "x" * 99_000 + "=a",
    "genus=" + "x" * 99_000,
    "sex=" + "f|g" * 25_000,
    "date=" + "|".join(map(str, range(999))),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_filters_are_answered_soon_and_shortly(collection: Collection, text: str) -> None:
    begin = time.monotonic()
    with pytest.raises(UsageError) as caught:
        allowed_places(collection, collection.gallery(), [text])
    assert time.monotonic() - begin < 2 * pace()
    assert len(str(caught.value)) < 1000
    str(caught.value).encode()


def test_a_repeated_value_is_looked_up_once(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[str] = []
    read = type(collection.database).read

    def counted(database: Any, query: str, *rest: Any) -> Any:
        queries.append(query)
        return read(database, query, *rest)

    monkeypatch.setattr(type(collection.database), "read", counted)
    gallery = collection.gallery()
    del queries[:]
    for conditions in (["sex=" + "|".join("fm" * 1000)], ["sex=f|m", "sex!=f", "sex=m"] * 1000):
        found = allowed_places(collection, gallery, conditions)
        assert found is not None
        assert found.any()
    assert len(queries) == 3  # the columns' names, the last row and the values; kept from then on


def test_values_of_a_column_are_told_apart(collection: Collection) -> None:
    gallery = collection.gallery()

    def count(*conditions: str) -> int:
        found = allowed_places(collection, gallery, conditions)
        assert found is not None
        return int(found.sum())

    assert count("genus=xestia|XESTIA|Salmo") == 30
    assert count("genus!=Xestia", "category=moth") == 10
    assert count("genus=Xestia", "genus!=Xestia") == 0
    assert count("sex=f", "sex!=f") == 0
    assert count("sex=f|m") == 40
    assert count("sex=f") + count("sex!=f") == 40
    assert count("split=test|train") == 40


@pytest.mark.parametrize(
    ("conditions", "setting"),
    [
        ([f"image_id={number}" for number in range(33)], "MAX_FILTERS"),
        (["image_id=" + "|".join(map(str, range(1001)))], "MAX_FILTER_VALUES"),
        (["image_id=" + "a" * 100_000], "MAX_FILTER_CHARACTERS"),
        (["=" * 15_000_000], "MAX_FILTER_CHARACTERS"),
    ],
)
def test_limits_are_held_before_anything_is_looked_up(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, conditions: list[str], setting: str
) -> None:
    gallery = collection.gallery()
    monkeypatch.setattr(where, "read_column", None)
    with pytest.raises(UsageError, match=f"HOLOTYPE_{setting}"):
        allowed_places(collection, gallery, conditions)


def test_what_is_kept_does_not_hold_the_filters_themselves(collection: Collection) -> None:
    gallery = collection.gallery()
    long = "image_id!=" + "|".join(["0-0.png"] * 10_000)
    first = selected(collection, gallery, [long])
    assert selected(collection, gallery, [long, long]) is first
    assert {len(key) for key in gallery.selections} == {32}
