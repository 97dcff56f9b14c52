"""Frozen dataclasses from TOML tables and back, with every unknown key named."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from holotype.index.errors import UsageError
from holotype.index.ways import option

from .names import require_known

Config = TypeVar("Config")


def from_table(kind: type[Config], table: Mapping[str, Any], where: str = "") -> Config:
    """Return a config of what a table says; what it does not say keeps its default.

    Args:
        kind: a dataclass whose fields are numbers, strings, flags, tuples of them, mappings, or
            dataclasses of that kind.
        table: as TOML gives it.
        where: the table's name, for messages.

    Raises:
        UsageError: an unknown key, with the nearest known one, or a value of another type.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"'{where}' is {table!r}; it is a table, written as [{where}]")
    fields = typing.get_type_hints(kind)
    for key in table:
        require_known(key, fields, f"setting {where}".strip())
    values = {key: _value(fields[key], value, _name(where, key)) for key, value in table.items()}
    return kind(**values)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return one table of two, the second winning, tables inside of them joined alike.

    >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    joined = dict(under)
    for key, value in over.items():
        old = joined.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        joined[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return joined


def to_toml(config: Any) -> str:
    """Return a config as TOML with every value written out."""
    table = dataclasses.asdict(config)
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, Any], where: str) -> list[str]:
    plain = [f"{_key(k)} = {_toml(v)}" for k, v in table.items() if not isinstance(v, Mapping)]
    tables = [(k, v) for k, v in table.items() if isinstance(v, Mapping)]
    head = ["", f"[{where}]"] if where else []
    nested = [_lines(inner, _name(where, _key(key))) for key, inner in tables]
    return head + plain + [line for lines in nested for line in lines]


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "").isalnum() and key.isascii()
    return key if bare else _toml(key)


def _name(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _value(kind: Any, value: Any, where: str) -> Any:
    """Return a value of a field's type."""
    if dataclasses.is_dataclass(kind):
        return from_table(typing.cast(type, kind), value, where)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list | tuple):
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            raise UsageError(f"'{where}' has {len(value)} values; it has {len(inner)}")
        return tuple(_value(inner[0], one, where) for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {key: _value(inner[1], one, _name(where, key)) for key, one in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Any or _fits(kind, value):
        return value
    raise UsageError(f"'{where}' is {value!r}; it is {_said(kind)}; see {option('show-config')}")


def _fits(kind: Any, value: Any) -> bool:
    if isinstance(kind, types.UnionType):
        return any(_fits(one, value) for one in typing.get_args(kind))
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    plain = isinstance(kind, type) and isinstance(value, kind)
    return plain and (kind is bool or not isinstance(value, bool))


def _said(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        return "a list"
    if isinstance(kind, types.UnionType):
        return " or ".join(map(_said, sorted(typing.get_args(kind), key=str)))
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(kind, "a table")
