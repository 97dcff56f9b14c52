"""Ways out: what a sentence tells its reader to do, in the words of the door that they came by.

That is a command for whoever sits at a terminal, a request for whoever asks over HTTP, a method for
whoever holds an open collection, and a place on the pages for whoever looks at these. A sentence
names it as data, which is worded as it is said:

    f"{folder} is not calibrated; run {way('calibrate')} first"

A door says whose words these are (`speaking`), as a program says once in which language it speaks.
A thread speaks as its context does; those of `runtime.workers` speak as who made them. Who keeps
sentences for readers at any door keeps with them which ways they name (`noting`, `Kept`).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Door(StrEnum):
    """How somebody reaches a collection."""

    COMMAND_LINE = "command line"
    HTTP = "http"
    PYTHON = "python"
    PAGES = "pages"


class Words(NamedTuple):
    """What does over HTTP, in Python and on the pages what a command does; empty for nothing.

    What only the machine that serves can do (to verify, trust, restore) stays a command over HTTP:
    it is for whoever runs the service. What has no method, or no place on the pages, is done in a
    terminal. The pages are quoted in English, as the sentences are.
    """

    request: str
    method: str
    place: str


# By their commands, or by these with options that are always said.
WAYS: Mapping[str, Words] = {
    "calibrate": Words(
        "a job of kind 'calibrate' (POST /v1/jobs)",
        "calibrate()",
        "the calibration on the page Identify",
    ),
    "cluster": Words("POST /v1/clusters", "cluster()", "'Group them' on the page Review"),
    "clusters list": Words("GET /v1/clusters", "clusters()", "the page Review"),
    "clusters log": Words("GET /v1/decisions", "decisions()", "the page Review"),
    "collection compact": Words("", "", ""),
    "collection info": Words("GET /v1/taxa", "taxa()", "the page Collection"),
    "collection log C --specimen ID": Words(
        "GET /v1/specimens/{specimen_id}/history",
        'history(specimen_id="ID")',
        "the page of the specimen",
    ),
    "collection trust": Words("", "", ""),
    "collection verify": Words("", "verify()", ""),
    "eval": Words("a job of kind 'evaluate' (POST /v1/jobs)", "evaluate()", "the page Evaluate"),
    "ingest": Words("PUT /v1/images/{image_id}", "add()", "'Add pictures' on the page Collection"),
    "ingest SOURCE --to COLLECTION": Words("", "holotype.open(…, create=True)", ""),
    "map": Words(
        "a job of kind 'map' (POST /v1/jobs)", "map()", "'Make the map' on the page Explore"
    ),
    "review": Words(
        "a job of kind 'review' (POST /v1/jobs)",
        "review()",
        "'Compare the names now' on the page Review",
    ),
    "train": Words("a job of kind 'train' (POST /v1/jobs)", "train()", ""),
    "train --show-config": Words("", "", ""),
    "tune": Words("a job of kind 'tune' (POST /v1/jobs)", "tune()", ""),
    "undo --to": Words(
        "POST /v1/decisions/{decision_id}/undo-since",
        "undo(since=…)",
        "'back to here' on the page Review",
    ),
}
# Options that are called otherwise as fields and arguments; of the others a dash is an underscore.
NAMES = {"as": "name", "column": "columns", "show-config": "docs/training.md"}
# What the pages call an option, or its value, where it is shown otherwise than it is named.
SHOWN = {
    "allow-leak": "Also where pictures were learned from",
    "gallery": "Those that answer",
    "kfold": "in five parts",
    "protocol": "What is measured",
    "query": "Those that ask",
    "under": "Place",
    "where": "Only pictures with",
}
FLAGS = frozenset({"allow-leak", "copy-images", "into-existing", "resume"})


class Way(NamedTuple):
    """A way out as data, which can be written as JSON: what tells it, its name and its options."""

    teller: str
    name: str
    options: dict[str, Any]


Noted = dict[str, Way]  # ways that were told, by the words in which they were
_MOST_NOTED = 1000


class Voice(NamedTuple):
    """In the words of which door ways out are told, and where they are noted; None for nowhere."""

    door: Door = Door.COMMAND_LINE
    noted: Noted | None = None


_VOICE: ContextVar[Voice] = ContextVar("voice", default=Voice())  # noqa: B039 - it has no notes


def spoken() -> Door:
    """Return the door in whose words ways out are told."""
    return _VOICE.get().door


def voice() -> Voice:
    """Return how ways out are told here, for `speak` in another thread."""
    return _VOICE.get()


@contextmanager
def _as(voice: Voice) -> Iterator[None]:
    before = _VOICE.set(voice)
    try:
        yield
    finally:
        _VOICE.reset(before)


def speaking(door: Door) -> AbstractContextManager[None]:
    """Tell ways out in the words of a door."""
    return _as(voice()._replace(door=door))


def speak(voice: Voice) -> None:
    """Tell ways out as another thread does, as long as this thread or context lives."""
    _VOICE.set(voice)


@contextmanager
def noting() -> Iterator[Noted]:
    """Note the ways out that are told meanwhile, also by the threads of `runtime.workers`.

    Who notes speaks at another door than that of Python, where options are called by plain words:
    sentences have these otherwise, too.
    """
    noted, outer = dict[str, Way](), voice().noted
    try:
        with _as(voice()._replace(noted=noted)):
            yield noted
    finally:
        if outer is not None:  # what is told meanwhile may be told on
            outer |= noted


def retold(sentence: str, noted: Noted) -> str:
    """Return a sentence with the ways out that were noted in the words of the door spoken for.

    >>> with noting() as noted:
    ...     kept = f"It is stale; run {way('calibrate')}, or leave out {option('allow-leak')}"
    >>> kept
    "It is stale; run 'holotype calibrate', or leave out --allow-leak"
    >>> with speaking(Door.PYTHON):
    ...     retold(kept, noted)
    'It is stale; run calibrate(), or leave out allow_leak=True'
    """
    if not noted:
        return sentence
    words = sorted(noted, key=len, reverse=True)  # of two that begin alike the longer is meant
    found = "|".join(map(re.escape, words))
    return re.sub(found, lambda told: _again(told[0], noted[told[0]]), sentence)


@dataclass(frozen=True)
class Kept:
    """A sentence that is kept, and the ways out that it may name; as text it is `retold`."""

    sentence: str = ""
    noted: Noted = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return retold(self.sentence, self.noted)


def _again(words: str, way: Way) -> str:
    try:
        with _as(voice()._replace(noted=None)):
            return _TELLERS[way.teller](way.name, **way.options)
    except (AttributeError, KeyError, TypeError, ValueError):  # another version noted it
        return words


def noted_ways(values: object, told: str | None = None) -> Noted:
    """Return what of JSON-ready values says which ways were told.

    Args:
        told: JSON that they stand in; those that do not are left out. None leaves none out.
    """
    if not isinstance(values, dict):
        return {}
    found: Noted = {}
    for words, said in values.items():
        named = told is None or json.dumps(words, ensure_ascii=False)[1:-1] in told
        if words and named and isinstance(said, list | tuple) and len(said) == len(Way._fields):
            found[words] = Way(*said)
    return found


def _note(words: str, teller: str, name: str, options: Mapping[str, Any]) -> str:
    noted = _VOICE.get().noted
    if noted is not None and len(noted) < _MOST_NOTED:
        noted[words] = Way(teller, name, json.loads(json.dumps(dict(options), default=str)))
    return words


def way(command: str, *arguments: str, **options: str | Sequence[str]) -> str:
    """Return what does a command, one of `WAYS`, at the door that is spoken for.

    Args:
        arguments: the command's own, such as the folder of the collection, which no other door has.
        options: each with one value or several; `as_` is `--as`.

    >>> way("tune", "moths", as_="tuned", where=["split=train"])
    "'holotype tune moths --as tuned --where split=train'"
    >>> with speaking(Door.PYTHON):
    ...     way("tune", "moths", as_="tuned", where=["split=train"]), way("collection trust", "c")
    ('tune(name="tuned", where="split=train")', "'holotype collection trust c' in a terminal")
    >>> with speaking(Door.HTTP):
    ...     way("map", "moths", method="pca"), way("collection trust", "moths")
    ("a job of kind 'map' (POST /v1/jobs), method 'pca'", "'holotype collection trust moths'")
    """
    # The command's own arguments lie on one machine, and are for who is there.
    return _note(_way(command, *arguments, **options), "way", command, options)


def _way(command: str, *arguments: str, **options: str | Sequence[str]) -> str:
    said = {
        name.rstrip("_").replace("_", "-"): [values] if isinstance(values, str) else list(values)
        for name, values in options.items()
    }
    said = {name: values for name, values in said.items() if values}
    request, method, place = WAYS[command]
    if spoken() is Door.PAGES and place:
        return ", ".join([place, *(_shown(name, one) for name in said for one in said[name])])
    if spoken() is Door.HTTP and request:
        fields = [f"{_name(name)} '{value}'" for name, every in said.items() for value in every]
        return ", ".join([request, *fields])
    if spoken() is Door.PYTHON and method:
        given = [_argument(name, *values) for name, values in said.items()]
        return method.replace("()", f"({', '.join(given)})")
    typed = [f"--{name} {shlex.quote(value)}" for name, every in said.items() for value in every]
    words = " ".join(["holotype", command, *map(shlex.quote, arguments), *typed])
    typed_here = spoken() in (Door.COMMAND_LINE, Door.HTTP)
    return f"'{words}'" if typed_here else f"'{words}' in a terminal"


def way_there(command: str, **options: str) -> str:
    """Return what does a command on the machine of the collection, and not over HTTP.

    >>> with speaking(Door.HTTP):
    ...     way_there("review", queue="duplicates")
    "'holotype review --queue duplicates' on the collection"
    >>> with speaking(Door.PYTHON):
    ...     way_there("review", queue="duplicates")
    'holotype.open(…).review(queue="duplicates") where it lies'
    """
    if spoken() is Door.PYTHON:
        told = f"holotype.open(…).{_way(command, **options)} where it lies"
    else:
        with speaking(Door.COMMAND_LINE):
            told = f"{_way(command, **options)} on the collection"
    return _note(told, "way_there", command, options)


def option(name: str, value: object = None) -> str:
    """Return an option of what was asked, with its value, at the door that is spoken for.

    >>> option("allow-leak"), option("query", "split=test")
    ('--allow-leak', '--query split=test')
    >>> with speaking(Door.HTTP):
    ...     option("allow-leak"), option("query", "split=test")
    ("'allow_leak'", "'query' split=test")
    >>> with speaking(Door.PAGES):
    ...     option("query", "split=test"), option("protocol", "kfold")
    ("'Those that ask' split=test", "'What is measured' in five parts")
    >>> with speaking(Door.PYTHON):
    ...     option("allow-leak"), option("query", "split=test"), option("levels", "split,species")
    ('allow_leak=True', 'query="split=test"', 'levels=["split", "species"]')
    """
    return _note(_option(name, value), "option", name, {} if value is None else {"value": value})


def _option(name: str, value: object) -> str:
    if spoken() is Door.PYTHON:
        return _argument(name) if value is None else _argument(name, value)
    if spoken() is Door.PAGES:
        return _shown(name, value)
    said = f"--{name}" if spoken() is Door.COMMAND_LINE else f"'{_name(name)}'"
    return said if value is None else f"{said} {value}"


_TELLERS: Mapping[str, Callable[..., str]] = {"way": way, "way_there": way_there, "option": option}


def _argument(option: str, *values: object) -> str:
    """Return an argument as it would be typed; its name alone where it has no value."""
    if not values:
        return f"{_name(option)}=True" if option in FLAGS else _name(option)
    told: object = values[0] if len(values) == 1 else values
    if option == "column":
        told = dict([str(told).split("=", 1)])
    elif option == "levels":
        told = str(told).split(",")
    return f"{_name(option)}={json.dumps(told, ensure_ascii=False, default=str)}"  # or a path


def _shown(option: str, value: object = None) -> str:
    """Return an option as the pages show it."""
    called = f"'{SHOWN.get(option, option.replace('-', ' '))}'"
    return called if value is None else f"{called} {SHOWN.get(str(value), value)}"


def _name(option: str) -> str:
    return NAMES.get(option, option.replace("-", "_"))
