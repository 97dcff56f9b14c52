"""Every public method of a class checks what it is given, and refuses in the words of Python."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from holotype.index.database.damage import is_damage, refusal
from holotype.index.errors import CorruptError, HolotypeError, told
from holotype.index.files.refusals import sentence_of
from holotype.index.ways import Door, speaking

from .arguments import require

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound=type[Any])


def guarded(kind: Kind) -> Kind:
    """Guard every public method of a class, those that it inherits too; see `guarding`."""
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_") and callable(method):
            setattr(kind, name, guarding(method))
    return kind


def guarding(method: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Return a method that refuses arguments of another kind before it runs.

    Its errors are of `HolotypeError`, and name methods.
    """
    signature = inspect.signature(method)

    @wraps(method)
    def asked(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with in_words_of_python():
            bound = _bound(signature, *args, **kwargs)
            if bound is None:
                return method(*args, **kwargs)
            require(bound)
            return method(*bound.args, **bound.kwargs)

    return asked


def _bound(
    signature: inspect.Signature, *args: object, **kwargs: object
) -> inspect.BoundArguments | None:
    """Return which argument is what; None where a call fails, as Python itself says best why."""
    try:
        return signature.bind(*args, **kwargs)
    except TypeError:
        return None


@contextmanager
def in_words_of_python() -> Iterator[None]:
    """Let sentences within name methods, not commands, and raise them where the machine fails.

    Raises:
        HolotypeError: for errors of the machine and of the database, too.
    """
    try:
        with speaking(Door.PYTHON):
            yield
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise HolotypeError(told(refusal(error), error)) from error
        raise CorruptError(f"The collection is damaged ({error}); verify() says where") from error
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise HolotypeError(told(sentence_of(error), error)) from error
