"""Tables as manifests: CSV, TSV and Parquet. Every value is read as text: ids keep their zeros."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import ManifestError
from ..regular_files import Limit, open_regular, require_regular
from ..settings import settings


def read_csv(path: Path) -> pd.DataFrame:
    """Read a comma-separated table in UTF-8, with or without a byte order mark."""
    return _read(path, lambda: _delimited(path, ","))


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a tab-separated table in UTF-8, with or without a byte order mark."""
    return _read(path, lambda: _delimited(path, "\t"))


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet table; columns of lists, such as embeddings, are left out."""

    def text_columns() -> pd.DataFrame:
        require_regular(path, _limit())
        schema = pq.read_schema(path)
        names = [field.name for field in schema if not pa.types.is_nested(field.type)]
        return _as_text(pq.read_table(path, columns=names))

    return _read(path, text_columns)


def text_of(column: pa.Array) -> list[str]:
    """Return a column of Parquet as text without spaces around it, as a manifest holds it."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts: list[str] = pc.utf8_trim_whitespace(pc.fill_null(column, "")).to_pylist()
        return texts
    stripped: list[str] = _as_text(pa.table({"": column}))[""].str.strip().tolist()
    return stripped


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
    }
    with warnings.catch_warnings(), open_regular(path, _limit()) as file:
        warnings.simplefilter("error", pd.errors.ParserWarning)  # fields beyond the header's
        frame: pd.DataFrame = pd.read_csv(file, sep=separator, **options)
    return frame


def _limit() -> Limit:
    return Limit(settings().max_table_bytes, "HOLOTYPE_MAX_TABLE_BYTES")


def _read(path: Path, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return read()
    except (OSError, ValueError, Warning, pa.ArrowException) as error:  # ValueError: also Unicode
        said = (getattr(error, "strerror", None) or str(error)).strip()
        reason = said.splitlines()[0] if said else type(error).__name__
        raise ManifestError(
            f"{path} cannot be read as a table ({reason}); save it as UTF-8 CSV or Parquet"
        ) from error
