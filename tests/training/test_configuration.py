"""Configs as TOML and back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holotype.index.errors import UsageError
from holotype.training.configuration import from_table, merged, to_toml


@dataclass(frozen=True)
class Inner:
    text: str = "a"
    shares: tuple[float, ...] = (0.5, 1.0)
    pair: tuple[float, float] = (0.0, 1.0)
    options: Mapping[str, float | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Outer:
    count: int = 1
    rate: float = 0.1
    flag: bool = False
    kind: Literal["one", "two"] = "one"
    words: tuple[str, ...] = ()
    inner: Inner = field(default_factory=Inner)


texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.floats(allow_nan=False, allow_infinity=False)
inners = st.builds(
    Inner,
    text=texts,
    shares=st.lists(numbers).map(tuple),
    pair=st.tuples(numbers, numbers),
    options=st.dictionaries(texts, st.one_of(numbers, st.booleans(), st.integers(-9, 9))),
)
outers = st.builds(
    Outer, count=st.integers(), rate=numbers, flag=st.booleans(),
    kind=st.sampled_from(["one", "two"]), words=st.lists(texts).map(tuple), inner=inners,
)  # fmt: skip


@given(outers)
def test_what_is_printed_reads_as_the_same(config: Outer) -> None:
    assert from_table(Outer, tomllib.loads(to_toml(config))) == config


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"cuont": 2}, "did you mean 'count'"),
        ({"inner": {"txet": "b"}}, "did you mean 'text'"),
        ({"count": 1.5}, "'count' is 1.5; it is a whole number"),
        ({"count": True}, "'count' is True; it is a whole number"),
        ({"rate": "fast"}, "'rate' is 'fast'; it is a number"),
        ({"rate": True}, "'rate' is True; it is a number"),
        ({"flag": 1}, "'flag' is 1; it is true or false"),
        ({"kind": "three"}, "'kind' is 'three'; it is one of 'one', 'two'"),
        ({"words": "one"}, "'words' is 'one'; it is a list"),
        ({"words": [1]}, "'words' is 1; it is a text"),
        ({"inner": 3}, "'inner' is 3; it is a table, written as"),
        ({"inner": {"pair": [1.0]}}, "'inner.pair' has 1 values; it has 2"),
        ({"inner": {"options": 3}}, "'inner.options' is 3; it is a table"),
        ({"inner": {"options": {"beta": "x"}}}, "'inner.options.beta' is 'x'; it is true or false"),
    ],
)
def test_what_does_not_fit_is_named(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as told:
        from_table(Outer, table)
    assert "\n" not in str(told.value)


def test_what_is_not_said_keeps_its_default_and_whole_numbers_are_numbers() -> None:
    assert from_table(Outer, {"rate": 1, "inner": {"text": "b"}}) == Outer(
        rate=1.0, inner=Inner("b")
    )


tables = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers()),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(), inner)),
)


@given(tables, tables, tables)
def test_tables_join_in_any_grouping(one: Any, two: Any, three: Any) -> None:
    assert merged(one, {}) == merged({}, one) == merged(one, one) == one
    if not clash(one, two) and not clash(two, three) and not clash(one, three):
        assert merged(merged(one, two), three) == merged(one, merged(two, three))


def clash(one: Any, two: Any) -> bool:
    """Whether one has a table where the other has a number."""
    shared = one.keys() & two.keys()
    return any(
        isinstance(one[key], dict) != isinstance(two[key], dict)
        or (isinstance(one[key], dict) and clash(one[key], two[key]))
        for key in shared
    )
