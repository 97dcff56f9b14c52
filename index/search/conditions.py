"""The language of filters: what one condition says, before any collection is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..errors import UsageError
from ..settings import settings
from .spans import date_of, number_of

_SHOWN = 80  # characters of a filter that a sentence repeats
_SIGN = re.compile(r"!=|<=|>=|=|<|>|!")
_PART = re.compile(r'\s*(?:"([^"]*(?:""[^"]*)*)"\s*(?=\||$)|([^|]*))(?:\||$)')
_ORDERING = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Value:
    """One of the values of a condition; `exact` where it was written in double quotes."""

    text: str
    exact: bool = False

    @property
    def bounds(self) -> tuple[str, str] | None:
        """The two ends of a range such as `10..20`, `10..` or `..20`; None where it is none."""
        first, dots, last = (part.strip() for part in self.text.partition(".."))
        ends = [end for end in (first, last) if end]
        if self.exact or not dots or not ends or not all(map(is_ordered, ends)):
            return None
        return first, last


@dataclass(frozen=True)
class Condition:
    """What a column must have.

    Attributes:
        sign: `=`, `!=`, `<`, `<=`, `>` or `>=`.
        text: all that stands behind the sign.
    """

    column: str
    sign: str
    text: str

    @property
    def negated(self) -> bool:
        """Whether it names what a column must not have."""
        return self.sign == "!="

    @property
    def orders(self) -> bool:
        """Whether it compares numbers or dates."""
        return self.sign in _ORDERING

    @cached_property
    def parts(self) -> tuple[Value, ...]:
        """The values of the list that the text is, each once; one in quotes may hold a `|`."""
        if self.orders or '"' not in self.text:
            texts = [self.text] if self.orders else self.text.split("|")
            return tuple(dict.fromkeys(Value(text.strip()) for text in texts))
        return tuple(dict.fromkeys(_quoted(self.text)))

    @property
    def values(self) -> tuple[str, ...]:
        """The texts of `parts`."""
        return tuple(part.text for part in self.parts)

    def __str__(self) -> str:
        return f"{self.column}{self.sign}{self.text}"


def parse_condition(text: str) -> Condition:
    """Parse one condition, in a time that grows with its length only.

    Raises:
        UsageError: it is no `column=value` with one of the signs, is too long, or asks whether
            something that is neither a number nor a date is greater or smaller.

    >>> parse_condition("family=Noctuidae|Erebidae").values
    ('Noctuidae', 'Erebidae')
    """
    limit = settings().max_filter_characters
    if len(text) > limit:
        raise UsageError(
            f"A filter has {len(text)} characters; the limit is {limit} "
            "(HOLOTYPE_MAX_FILTER_CHARACTERS). Ask in several questions, or raise the limit"
        )
    sign = _SIGN.search(text)
    column = text[: sign.start()].strip() if sign else ""
    if not sign or not column or sign[0] == "!" or not _is_text(text):
        raise UsageError(
            f"Filter '{shortened(text)}' is not understood; write column=value, column!=value, "
            "column=one|another, column<value (or <=, >, >=), or column=10..20"
        )
    condition = Condition(column, sign[0], text[sign.end() :].strip())
    if condition.orders and not is_ordered(condition.text):
        raise UsageError(
            f"Filter '{shortened(text)}' compares with '{shortened(condition.text)}', which is "
            "neither a number nor a date such as 2019-05-03; write column=value for a text"
        )
    return condition


def is_ordered(text: str) -> bool:
    """Return whether a text is a number or a date, which can be greater or smaller."""
    return number_of(text) is not None or date_of(text) is not None


def shortened(text: str) -> str:
    """Return a text as a sentence repeats it: its beginning, and nothing that cannot be written."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown.encode(errors="backslashreplace").decode()


def _quoted(text: str) -> list[Value]:
    """Return the values of a list, some of which are in double quotes, `""` being one of them."""
    found = []
    at, more = 0, True
    while more:
        part = _PART.match(text, at)
        assert part is not None  # it matches anything, up to the next separator
        in_quotes, plain = part.groups()
        if in_quotes is None:
            found.append(Value(plain.strip()))
        else:
            found.append(Value(in_quotes.replace('""', '"'), exact=True))
        more = part[0].endswith("|") and part.end() > at
        at = part.end()
    return found


def _is_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
