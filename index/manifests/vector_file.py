"""Parquet files with a column `embedding`: vectors that were made before, read batch by batch."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import Embeddings, Ids
from ..errors import ManifestError
from ..files.plain_json import read_json
from ..pictures.canaries import canary_pictures
from ..settings import settings
from ..storage.canaries import Canaries
from ..storage.space_checks import fault_of
from ..vectors.brute_force import not_unit
from .columns import column_names
from .parquet_pages import open_parquet
from .readers.table import text_of

Texts = dict[str, list[str]]

COLUMN = "embedding"
METADATA = b"holotype"

_BATCH = 4096  # rows
_IDENTITY = ("encoder", "fingerprint", "views", "dim")


@dataclass(frozen=True, eq=False)
class Identity:
    """Whose vectors a file holds, as `holotype export` writes it into the schema's metadata.

    Attributes:
        projected: they are shown through a projection, so no picture can be compared with them.
        canaries: what the encoder made of the canary pictures, where that is known.
    """

    encoder: str
    fingerprint: str
    views: int
    dim: int
    projected: bool = False
    canaries: Canaries | None = None

    @classmethod
    def from_json(cls, text: bytes) -> Identity:
        """Read what an export wrote.

        Raises:
            ValueError: it is nothing that one writes.
        """
        about = read_json(text, dict)
        said: dict[str, Any] = {name: about.get(name) for name in _IDENTITY}
        if fault := fault_of(**said):
            raise ValueError(f"it is of an encoder {fault}")
        projected = about.get("projection_id") is not None
        canaries = _canaries(about.get("canaries"), said["dim"])
        return cls(**said, projected=projected, canaries=canaries)


def _canaries(kept: object, dim: int) -> Canaries | None:
    if kept is None:
        return None
    if not isinstance(kept, dict) or not isinstance(kept.get("libraries"), str):
        raise ValueError("its canaries are none")
    try:
        rows = [np.frombuffer(base64.b64decode(v), np.float32) for v in kept["vectors"]]
    except (KeyError, TypeError) as error:
        raise ValueError("its canaries are none") from error
    if len(rows) != len(canary_pictures()) or any(len(row) != dim for row in rows):
        raise ValueError(f"its canaries are not {len(canary_pictures())} vectors of {dim}")
    if not_unit(np.array(rows)).any():
        raise ValueError("its canaries are not of length 1")
    return Canaries(np.array(rows), kept["libraries"])


def canaries_as_json(canaries: Canaries | None) -> dict[str, Any] | None:
    """Return canaries as `Identity.from_json` reads them."""
    if canaries is None:
        return None
    vectors = [base64.b64encode(vector.tobytes()).decode() for vector in canaries.vectors]
    return {"libraries": canaries.libraries, "vectors": vectors}


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of a vector file.

    Attributes:
        first: the number of the first row, counted as a spreadsheet does: the header is row 1.
        columns: the other columns as text, stripped, as a manifest calls them.
        vectors: float32 [n, dim]; zeros where `length` is not the file's own.
        length: int64 [n], the number of values of every row, -1 where there are none.
    """

    first: int
    columns: Texts
    vectors: Embeddings
    length: Ids


class VectorFile:
    """A Parquet file, or the Parquet files of a folder in the order of their names.

    Raises:
        ManifestError: it cannot be read, or the files are not of one encoder and one schema.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.root = source if source.is_dir() else source.parent
        paths = _paths(source)
        self._files = [open_parquet(path) for path in paths]
        first = self._files[0].schema_arrow
        for file, path in zip(self._files, paths, strict=True):
            schema = file.schema_arrow
            if schema.names != first.names or _identity_text(schema) != _identity_text(first):
                raise ManifestError(
                    f"{path} has other columns or another encoder than the first file of {source}; "
                    "load them one by one"
                )
        if not _is_vector(first):
            raise ManifestError(
                f"{source} has no column '{COLUMN}' of lists of float16, float32 or float64"
            )

    def __len__(self) -> int:
        return sum(int(file.metadata.num_rows) for file in self._files)

    @cached_property
    def identity(self) -> Identity | None:
        """Whose vectors these are; None where the file does not say.

        Raises:
            ManifestError: what it says is nothing that an export writes.
        """
        said = _identity_text(self._files[0].schema_arrow)
        try:
            return Identity.from_json(said) if said else None
        except ValueError as error:
            raise ManifestError(
                f"{self.source} does not say as an export does which encoder made its vectors "
                f"({error}); export it again"
            ) from error

    @cached_property
    def columns(self) -> dict[str, str]:
        """The columns beside the vectors: how a manifest calls them, and how the file does."""
        schema = self._files[0].schema_arrow
        written = [field.name for field in schema if not pa.types.is_nested(field.type)]
        return dict(zip(column_names(written), written, strict=True))

    @cached_property
    def dim(self) -> int:
        """How long the vectors are: as the file says, or as its first vector is.

        Raises:
            ManifestError: there is none.
        """
        if self.identity:
            return self.identity.dim
        for batch in self._batches([COLUMN]):
            lengths = pc.list_value_length(batch.column(0)).drop_null()
            if len(lengths):
                return self._checked(int(lengths[0].as_py()))
        raise ManifestError(f"{self.source} holds no vectors; every '{COLUMN}' is empty")

    def _checked(self, dim: int) -> int:
        limit = settings().max_dim
        if not 1 <= dim <= limit:
            raise ManifestError(
                f"{self.source} holds vectors of {dim} values; 1 to {limit} may be "
                "(HOLOTYPE_MAX_DIM)"
            )
        return dim

    def texts(self, names: Sequence[str]) -> Iterator[Texts]:
        """Yield those of some columns that there are, as text, some rows at a time."""
        for batch in self._batches([self.columns[name] for name in names if name in self.columns]):
            yield self._texts(batch)

    def rows(self) -> Iterator[Batch]:
        """Yield all rows, some at a time."""
        first = 2
        for batch in self._batches([*self.columns.values(), COLUMN]):
            vectors, length = _vectors(batch.column(COLUMN), self.dim)
            yield Batch(first, self._texts(batch), vectors, length)
            first += len(batch)

    def _texts(self, batch: pa.RecordBatch) -> Texts:
        there = batch.schema.names
        try:
            return {
                name: text_of(batch.column(written))
                for name, written in self.columns.items()
                if written in there
            }
        except (ValueError, OverflowError, pa.ArrowException) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> ManifestError:
        reason = " ".join(str(error).split()) or type(error).__name__
        return ManifestError(f"{self.source} cannot be read ({reason}); write it again")

    def _batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        for file in self._files:
            try:
                yield from file.iter_batches(_BATCH, columns=names, use_threads=False)
            except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
                raise self._unreadable(error) from error


def holds_vectors(source: Path) -> bool:
    """Return whether a source is a Parquet file, or a folder of them, with vectors in it."""
    paths = _paths(source)
    return bool(paths) and _is_vector(open_parquet(paths[0]).schema_arrow)


def _paths(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.glob("*.parquet") if path.name != "manifest.parquet")
    return [source] if source.suffix.lower() == ".parquet" and source.is_file() else []


def _identity_text(schema: pa.Schema) -> bytes:
    found: bytes = (schema.metadata or {}).get(METADATA, b"")
    return found


def _is_vector(schema: pa.Schema) -> bool:
    if COLUMN not in schema.names:
        return False
    kind, types = schema.field(COLUMN).type, pa.types
    lists = types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind)
    return bool(lists and types.is_floating(kind.value_type))


def _vectors(column: pa.Array, dim: int) -> tuple[Embeddings, Ids]:
    length = pc.fill_null(pc.list_value_length(column), -1).to_numpy(zero_copy_only=False)
    right = length == dim
    kept = column if right.all() else column.filter(pa.array(right))
    values = kept.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, dim)
    if len(values) == len(column):
        return values, length.astype(np.int64)
    vectors = np.zeros((len(column), dim), np.float32)
    vectors[right] = values
    return vectors, length.astype(np.int64)
