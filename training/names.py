"""Names that a config may use: the nearest known one is told where one is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from holotype.index.errors import UsageError


def require_known(word: str, known: Iterable[str], what: str) -> None:
    """Refuse a word that is none of those known.

    Args:
        what: what the word names, such as `loss`.

    Raises:
        UsageError: with the nearest known word, and all of them.

    >>> require_known("tripplet", ["circle", "triplet"], "loss")
    Traceback (most recent call last):
    holotype.index.errors.UsageError: There is no loss 'tripplet'; did you mean 'triplet'? Known \
are circle and triplet
    """
    words = list(known)
    if word in words:
        return
    near = get_close_matches(word, words, 1)
    meant = f"; did you mean '{near[0]}'? Known" if near else "; known"
    raise UsageError(f"There is no {what} '{word}'{meant} {listed(words)}")


def listed(words: list[str]) -> str:
    """Return words as the end of a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed([])
    ('is a', 'are a, b and c', 'is none')
    """
    if len(words) < 2:
        return f"is {words[0] if words else 'none'}"
    return f"are {', '.join(words[:-1])} and {words[-1]}"
