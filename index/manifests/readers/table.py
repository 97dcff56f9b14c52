"""Tables as manifests: CSV, TSV and Parquet. Every value is read as text: ids keep their zeros."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import ManifestError, first_line
from ...files.regular import Limit, open_regular
from ...settings import settings
from ..parquet_pages import open_parquet

_BATCH = 65_536  # rows


def read_csv(path: Path) -> pd.DataFrame:
    """Read a comma-separated table in UTF-8, with or without a byte order mark."""
    return _read(path, lambda: _delimited(path, ","))


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a tab-separated table in UTF-8, with or without a byte order mark."""
    return _read(path, lambda: _delimited(path, "\t"))


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet table; columns of lists, such as embeddings, are left out."""

    def text_columns() -> pd.DataFrame:
        file = open_parquet(path)
        fields = [field for field in file.schema_arrow if not pa.types.is_nested(field.type)]
        parts = [_as_text(file.schema_arrow.empty_table().select([f.name for f in fields]))]
        rows = 0
        for batch in file.iter_batches(_BATCH, columns=[field.name for field in fields]):
            rows += len(batch)
            _require_few(path, rows * len(fields))
            parts.append(_as_text(pa.Table.from_batches([_plain(batch)])))
        return pd.concat(parts, ignore_index=True)

    return _read(path, text_columns)


def text_of(column: pa.Array) -> list[str]:
    """Return a column of Parquet as text without spaces around it, as a manifest holds it.

    Raises:
        ManifestError: a text is longer than `HOLOTYPE_MAX_FIELD_BYTES`.
    """
    column = _plain_column(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts: list[str] = pc.utf8_trim_whitespace(pc.fill_null(column, "")).to_pylist()
        return texts
    stripped: list[str] = _as_text(pa.table({"": column}))[""].str.strip().tolist()
    return stripped


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_plain_column(column) for column in batch.columns]
    made = pa.RecordBatch.from_arrays(columns, batch.schema.names)
    return made.replace_schema_metadata(batch.schema.metadata)


def _plain_column(column: pa.Array) -> pa.Array:
    """Return a column with its texts written out, having refused one that is too long."""
    texts = column.dictionary if pa.types.is_dictionary(column.type) else column
    kind, types = texts.type, pa.types
    if not (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    ):
        return column
    _require_short(pc.max(pc.binary_length(texts)).as_py() or 0)
    return column if texts is column else column.dictionary_decode()


def _require_short(longest: int) -> None:
    limit = settings().max_field_bytes
    if longest > limit:
        raise ManifestError(
            f"A value has {longest} bytes; the limit is {limit} (HOLOTYPE_MAX_FIELD_BYTES). "
            "Shorten it or raise the limit."
        )


def _require_few(path: Path, values: int) -> None:
    limit = settings().max_manifest_values
    if values > limit:
        raise ManifestError(
            f"{path} holds more than {limit} values (HOLOTYPE_MAX_MANIFEST_VALUES); split it, or "
            "raise the limit"
        )


def _as_text(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas(integer_object_nulls=True)
    text: pd.DataFrame = frame.astype(object).where(frame.notna(), "").astype(str)
    return text


def _delimited(path: Path, separator: str) -> pd.DataFrame:
    options: dict[str, Any] = {
        "dtype": str,
        "keep_default_na": False,
        "encoding": "utf-8-sig",
        "skip_blank_lines": False,  # they count as rows where somebody looks a row up
        "index_col": False,  # else a separator at the end of every line shifts the columns
        "chunksize": _BATCH,
    }
    with warnings.catch_warnings(), open_regular(path, _limit()) as file:
        warnings.simplefilter("error", pd.errors.ParserWarning)  # fields beyond the header's
        parts: list[pd.DataFrame] = []
        values = 0
        for part in pd.read_csv(file, sep=separator, **options):
            values += part.size
            _require_few(path, values)
            _require_short(max((max(map(len, part[name]), default=0) for name in part), default=0))
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _limit() -> Limit:
    return Limit(settings().max_table_bytes, "HOLOTYPE_MAX_TABLE_BYTES")


def _read(path: Path, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return read()
    except (OSError, ValueError, MemoryError, Warning, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise ManifestError(
            f"{path} cannot be read as a table ({reason}); save it as UTF-8 CSV or Parquet"
        ) from error
