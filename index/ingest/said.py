"""What is said of one image, read as a table's row is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from ..manifests.image_ids import fault_of_id
from ..manifests.missing_marks import without_marks
from ..manifests.untold import told_columns
from ..settings import settings
from ..storage.records import DETAILS, Image
from ..taxonomy import ADDED_COLUMNS, QUALIFIER, RANKS, VERBATIM, TaxonNameError, read_lineage
from .unordered import on_unordered

FIELDS = ("specimen_id", "split", *RANKS, *DETAILS)  # what may be said of an image

_SHOWN = 80  # characters of a value that a sentence repeats


@dataclass(frozen=True)
class Said:
    """What is said of an image, whatever its picture.

    Attributes:
        image: the record that it would be alone, without a picture.
        told: the columns that something is said of.
        notes: what its owner should know.
    """

    image: Image
    told: frozenset[str]
    notes: tuple[str, ...] = ()


def require_id(image_id: str) -> None:
    """Refuse the id of a new image that no address can hold.

    Raises:
        UsageError: saying why.
    """
    if not image_id or (fault := fault_of_id(image_id)):
        raise UsageError(fault if image_id else "The image_id is empty; give one")


def read_record(image_id: str, said: Mapping[str, str], metadata: Mapping[str, str]) -> Said:
    """Read what is said of an image, as a table's row is read.

    Args:
        image_id: its own.
        said: values by the names of `FIELDS`.
        metadata: the user's own columns.

    Raises:
        UsageError: a name or a value cannot be stored.
    """
    own = _own_columns(metadata)
    values = {name: cell(name, said.get(name, "")) for name in FIELDS}
    _require_storable({"image_id": image_id, **values, **own})
    try:
        name = read_lineage({rank: values[rank] for rank in RANKS})
    except TaxonNameError as error:
        raise UsageError(str(error)) from None
    kept = {VERBATIM: name.verbatim, QUALIFIER: name.qualifier}
    columns = {column.casefold() for column in own}
    own |= {key: text for key, text in kept.items() if text and key.casefold() not in columns}
    image = Image(
        image_id=image_id,
        specimen_id=values["specimen_id"] or image_id,
        path="",
        sha256="",
        phash=0,
        width=0,
        height=0,
        split=values["split"],
        lineage=name.lineage,
        details={column: values[column] for column in DETAILS},
        metadata=own,
    )
    told = told_columns([image]) | ({"specimen_id"} if values["specimen_id"] else set())
    notes = [name.note, *(note.message for note in on_unordered([(0, image)]))]
    return Said(image, told, tuple(filter(None, notes)))


def column_names(metadata: Iterable[str]) -> set[str]:
    """Return how the user's own columns are called as they are stored."""
    return {_column(name) for name in metadata}


def _column(name: str) -> str:
    """Return the name of a column in lower case, as a table's are called; two have another."""
    column = name.strip().lower()
    return ADDED_COLUMNS.get(column, column)


def _own_columns(metadata: Mapping[str, str]) -> dict[str, str]:
    own: dict[str, str] = {}
    for name, value in metadata.items():
        column = _column(name)
        if not column or column in own or column in (*FIELDS, "image_id", "path"):
            raise UsageError(
                f"metadata holds a column '{name[:_SHOWN]}', which is empty, there twice or a "
                "field of its own; rename it, or send the field"
            )
        own[column] = value.strip()
    return {column: value for column, value in own.items() if value}


def cell(column: str, value: str) -> str:
    """Return the value of a field, empty for a mark of a missing one such as `n/a`."""
    text = value.strip()
    return (without_marks(column, [text]) or [text])[0]


def _require_storable(values: Mapping[str, str]) -> None:
    limit = settings().max_field_bytes
    for name, value in values.items():
        if "\0" in name or "\0" in value:
            raise UsageError(f"{name[:_SHOWN]!r} holds a NUL character; leave that out")
        size = max(len(name.encode()), len(value.encode()))
        if size > limit:
            raise UsageError(
                f"'{name[:_SHOWN]}' has {size} bytes; the limit is {limit} "
                "(HOLOTYPE_MAX_FIELD_BYTES). Shorten it, or raise the limit"
            )
