"""One tree of errors, one sentence each, with what the command line and the service need to answer.

Every message says what was wrong, the value, the limit where there is one, and the way out.
"""

from __future__ import annotations

from typing import ClassVar


class HolotypeError(Exception):
    """Something a user can act on: shown as one sentence, never as a traceback."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    retry_after: ClassVar[int] = 0
    """Seconds after which the same may succeed without anybody's doing; 0 where it will not."""


class UsageError(HolotypeError):
    """The request itself is off: an unknown option value, rank, space or filter."""

    exit_code = 2
    http_status = 422
    title = "Request not understood"


class NotFoundError(UsageError):
    """A thing that was named is not there."""

    http_status = 404
    title = "Not found"


class PictureError(HolotypeError):
    """A picture that cannot or must not be read."""

    http_status = 422
    title = "Picture not usable"


class ManifestError(HolotypeError):
    """A source of pictures that cannot be read as a whole."""

    http_status = 422
    title = "Manifest not usable"


class EncoderError(HolotypeError):
    """An encoder that cannot be loaded."""

    http_status = 422
    title = "Encoder not usable"


class StoreError(HolotypeError):
    """A store of vectors elsewhere that cannot be reached, or refuses."""

    http_status = 503
    title = "Vector store not available"


class UnavailableError(HolotypeError):
    """The machine does not let the collection's database be read."""

    http_status = 503
    title = "Collection not available"


class LockedError(HolotypeError):
    """Another process is writing to the collection."""

    exit_code = 3
    http_status = 409
    title = "Collection is locked"


class ChangedError(HolotypeError):
    """What somebody decided about has changed since they looked at it."""

    http_status = 409
    title = "Changed meanwhile"


class NotComparedError(HolotypeError):
    """A queue rests on names that were not compared yet, which takes longer than a request may."""

    http_status = 503
    title = "Names not compared"


class ReplacedError(HolotypeError):
    """Where an open collection lay there is another one by now, or none."""

    http_status = 503
    title = "Collection was replaced"
    retry_after = 1


class ReadOnlyError(HolotypeError, PermissionError):
    """The collection lies where it cannot be written to."""

    http_status = 409
    title = "Collection is read-only"


class CorruptError(HolotypeError):
    """A file of the collection is damaged, or is not what it claims to be."""

    exit_code = 4
    http_status = 503
    title = "Collection is damaged"


class MismatchError(HolotypeError):
    """Vectors of one encoder meet a space of another."""

    exit_code = 4
    http_status = 409
    title = "Encoder does not match"


def told(sentence: str, error: BaseException) -> str:
    """Return a sentence about an error, and after it what was noted on how far the work came.

    >>> error = OSError("no")
    >>> error.add_note("2 of 3 are stored")
    >>> told("The disk is full", error)
    'The disk is full. 2 of 3 are stored'
    """
    return ". ".join([sentence, *getattr(error, "__notes__", ())])


def first_line(error: Exception) -> str:
    """Return the first line of what another library's error says; its kind where it is silent.

    >>> first_line(ValueError("no such model\\n  and much more")), first_line(ValueError())
    ('no such model', 'ValueError')
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
