"""The pages' sentences in every language: one table, for templates and scripts alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files

from starlette.requests import Request

LANGUAGES = {"en": "English", "es": "Español"}
FIRST = "en"
COOKIE = "holotype_language"
_THOUSANDS = {"en": ",", "es": "."}


@cache
def table() -> dict[str, dict[str, str]]:
    """Return every sentence by its key, such as `identify.title`, and its language.

    The keys of `templates/strings/identify.json` begin with `identify.`.
    """
    folder = files("holotype.service").joinpath("templates", "strings")
    found = {}
    for file in folder.iterdir():
        stem = file.name.removesuffix(".json")
        entries = json.loads(file.read_text(encoding="utf-8"))
        found.update({f"{stem}.{key}": said for key, said in entries.items()})
    return found


@cache
def texts(language: str, stems: tuple[str, ...]) -> dict[str, str]:
    """Return the sentences of some files of the table in a language, by key."""
    entries = table().items()
    return {key: said[language] for key, said in entries if key.partition(".")[0] in stems}


def translator(language: str) -> Callable[..., str]:
    """Return what gives the sentence of a key in a language, its {places} filled."""

    def translate(key: str, **values: object) -> str:
        text = table()[key][language]
        return text.format(**values) if values else text

    return translate


def counter(language: str) -> Callable[[str, int], str]:
    """Return what says a number of something: the sentence of `key.one` or of `key.other`."""

    def count(key: str, number: int) -> str:
        form = "one" if number == 1 else "other"
        return table()[f"{key}.{form}"][language].format(n=grouped(language, number))

    return count


def grouped(language: str, number: int) -> str:
    """Return a whole number with its thousands set apart.

    >>> grouped("en", 12000), grouped("es", 12000)
    ('12,000', '12.000')
    """
    return f"{number:,}".replace(",", _THOUSANDS[language])


def problem_title(language: str, kind: str) -> str:
    """Return the title of a kind of problem, such as `not-found`; empty for one that has none.

    >>> problem_title("es", "key-required"), problem_title("es", "a-riddle")
    ('Se necesita una clave', '')
    """
    return table().get(f"problem.{kind}", {}).get(language, "")


def language_of(request: Request) -> str:
    """Return the language of a request: the one chosen, or the first that its browser asks for."""
    chosen = (request.query_params.get("language"), request.cookies.get(COOKIE))
    asked = (*chosen, *_accepted(request.headers.get("accept-language", "")))
    return next((one for one in asked if one in LANGUAGES), FIRST)


def _accepted(header: str) -> Iterable[str]:
    """Return the languages of an Accept-Language header, the dearest first.

    >>> list(_accepted("fr, es-MX;q=0.8, en;q=0.9, *;q=x"))
    ['fr', 'en', 'es']
    """
    weighed = []
    for part in header.split(","):
        tag, _, weight = part.partition(";")
        try:
            weighed.append((float(weight.strip().removeprefix("q=") or 1), tag))
        except ValueError:
            continue
    weighed.sort(key=lambda pair: -pair[0])
    return [tag.strip().partition("-")[0].lower() for weight, tag in weighed if weight > 0]
