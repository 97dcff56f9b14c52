"""Tables as manifests: text and Parquet. Every value is read as text: ids keep their zeros."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import ManifestError, first_line
from ...files.regular import Limit, open_regular
from ...settings import settings
from ...visible import unguarded
from ..columns import is_known
from ..parquet_pages import open_parquet
from ..problems import Problem
from .delimited import Header, read_header, read_rows
from .raw import RawTable
from .text import letters_of, lines_of

_BATCH = 65_536  # rows
_VALUES = 16  # of the longest size in one line


def read_csv(path: Path) -> RawTable:
    """Read a table in text; commas separate the values where others would fit as well."""
    return _read(path, lambda: _text_table(path, ","))


def read_tsv(path: Path) -> RawTable:
    """Read a table in text; tabs separate the values where others would fit as well."""
    return _read(path, lambda: _text_table(path, "\t"))


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet table; columns of lists, such as embeddings, are left out."""

    def text_columns() -> RawTable:
        file = open_parquet(path)
        fields = [field for field in file.schema_arrow if not pa.types.is_nested(field.type)]
        parts = [_as_text(file.schema_arrow.empty_table().select([f.name for f in fields]))]
        rows = 0
        for batch in file.iter_batches(_BATCH, columns=[field.name for field in fields]):
            rows += len(batch)
            _require_few(path, rows * len(fields))
            parts.append(_as_text(pa.Table.from_batches([_plain(batch)])))
        return RawTable(pd.concat(parts, ignore_index=True), path.parent)

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


def _text_table(path: Path, preferred: str) -> RawTable:
    with open_regular(path, _limit()) as file:
        letters = letters_of(file, str(path))
        lines = _short_lines(lines_of(file, letters))
        header = read_header(lines, preferred)
        if header is None:
            raise ManifestError(f"{path} is empty; list at least one picture")
        names = _names(list(map(unguarded, header.names)))
        frame, numbers, problems = _collect(path, lines, header)
    if letters.foreign:
        line, cell = letters.foreign
        message = (
            f"the table is not in UTF-8, and is read as Windows-1252: look whether '{cell}' in "
            f"line {line} is right, or save it as UTF-8"
        )
        problems.insert(0, Problem(1, "", message, "note", "letters"))
    empty = [name for name in names if name.startswith("unnamed: ")]
    table = frame.set_axis(names, axis=1)
    blank = [name for name in empty if not table[name].str.strip().ne("").any()]
    return RawTable(table.drop(columns=blank), path.parent, numbers, problems)


def _collect(
    path: Path, lines: Iterator[str], header: Header
) -> tuple[pd.DataFrame, list[int], list[Problem]]:
    """Return the rows, their numbers, and what is told of those that do not fit the header."""
    width = len(header.names)
    rows: list[list[str]] = []
    parts = [pd.DataFrame(columns=range(width), dtype=object)]
    numbers: list[int] = []
    problems: list[Problem] = []
    short: list[int] = []
    values = 0
    for number, row in read_rows(lines, header):
        if len(row) > width:
            problems.append(_too_many(number, row, header))
            continue
        if len(row) < width:
            short.append(number)
            row += [""] * (width - len(row))
        rows.append(list(map(unguarded, row)))
        numbers.append(number)
        if len(rows) == _BATCH:
            values += width * len(rows)
            _require_few(path, values)
            parts.append(_frame(rows))
            rows = []
    _require_few(path, values + width * len(rows))
    parts.append(_frame(rows))
    return pd.concat(parts, ignore_index=True), numbers, problems + _on_short(short)


def _frame(rows: list[list[str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, dtype=object)
    _require_short(max((max(map(len, frame[name]), default=0) for name in frame), default=0))
    return frame


def _too_many(number: int, row: list[str], header: Header) -> Problem:
    mark = {"\t": "a tab"}.get(header.delimiter, f"'{header.delimiter}'")
    message = (
        f"the row has {len(row)} values, the header {len(header.names)}; put values that hold "
        f"{mark} in quotes, and end every quote"
    )
    return Problem(number, row[0][:100], message, reason="more values than columns")


def _on_short(numbers: list[int]) -> list[Problem]:
    if not numbers:
        return []
    rest = f", and of {len(numbers) - 1} more rows" if len(numbers) > 1 else ""
    message = f"the last columns of the row are missing{rest}; they count as empty"
    return [Problem(numbers[0], "", message, "note", "fewer values than columns")]


def _names(written: list[str]) -> list[str]:
    """Return names for all columns; those that have one name twice are told apart."""
    names: list[str] = []
    for place, name in enumerate(written):
        own = name.strip() or f"unnamed: {place}"
        again = 0 if is_known(own) else written[:place].count(name)
        names.append(f"{own}.{again}" if again else own)
    return names


def _short_lines(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines, having refused one that no row of a table has."""
    longest = _VALUES * settings().max_field_bytes
    for line in lines:
        if len(line) > longest:
            _require_short(len(line))
        yield line


def _limit() -> Limit:
    return Limit(settings().max_table_bytes, "HOLOTYPE_MAX_TABLE_BYTES")


def _read(path: Path, read: Callable[[], RawTable]) -> RawTable:
    try:
        return read()
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise ManifestError(
            f"{path} cannot be read as a table ({reason}); save it as UTF-8 CSV or Parquet"
        ) from error
