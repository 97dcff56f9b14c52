"""What the columns of a table are, whatever they are called: as here, in Darwin Core, or nearly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from ..errors import ManifestError, UsageError
from ..storage.records import DETAILS
from ..taxonomy import ADDED_COLUMNS, RANKS, TaxonNameError, is_missing, read_lineage
from ..ways import option
from .problems import Problem, some
from .terms import SPECIMENS, TERMS

NO_NAMES = "no column names the species"

COLUMNS = ("path", "image_id", "specimen_id", "split", *DETAILS)
KNOWN = (*COLUMNS, *RANKS)

_SPELLINGS = {name.replace("_", ""): name for name in KNOWN} | {"license": "licence"}
# Columns that may hold names, or anything else: what is in them decides.
_DOUBTFUL = ("label", "labels", "class", "name", "target", "tag", "title", "identification")
_FILES = ("file", "files", "image", "images", "picture", "photo", "identifier", "url", "accessuri")
_PREFIX = re.compile(r"^(?:\w+:(?!//)|https?://.*[/#])")
_BINOMIAL = re.compile(r"[^\W\d_a-z][\w-]+[ _]+(?:[x×][ _]+)?[^\W\d_A-Z][\w.-]+.*", re.DOTALL)
_BARE = re.compile(  # a binomial with no more than a subspecies and its authors
    r"[^\W\d_a-z][^\W\d_A-Z]+[ _](?:[x×][ _])?[^\W\d_A-Z][^\W\d_A-Z-]+(?:[ _][^\W\d_A-Z-]+)?"
    r"(?: \(?[^\W\d_a-z].*)?"
)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_PICTURE = re.compile(r".+\.(?:jpe?g|png|tiff?|webp|heic|gif|bmp)", re.IGNORECASE)
_SAMPLE = 10_000  # different values that are looked at


def compact(name: str) -> str:
    """Return a column's name without what spellings differ in.

    >>> compact("dwc:scientificName"), compact(" Scientific_name "), compact("image-ID")
    ('scientificname', 'scientificname', 'imageid')
    """
    return re.sub(r"[\s_.-]+", "", _PREFIX.sub("", name.strip("\ufeff \"'"))).lower()


def is_known(name: str, column: str = "") -> bool:
    """Return whether a name is that of a column that means something here, or of a certain one."""
    short = compact(name)
    own = _SPELLINGS.get(short)
    if column:
        return own == column or short in TERMS.get(column, "").split()
    every = (*_SPELLINGS, *SPECIMENS, *_DOUBTFUL, *_FILES, "specificepithet")
    return short in every or any(short in names.split() for names in TERMS.values())


def column_names(written: Iterable[object], said: Mapping[str, str] | None = None) -> list[str]:
    """Return what the columns are: those of `KNOWN`, and the user's own in lower case.

    `identificationQualifier` and `verbatimIdentification` keep the spelling in which they are added
    where names are read, so that neither is there twice.

    Args:
        written: as the table has them.
        said: {column of `KNOWN`: the table's name for it}, by the user; empty where it has none.

    Raises:
        ManifestError: two columns are one.
        UsageError: `said` names a column that is not there or that means nothing here.
    """
    spelled = [str(name) for name in written]
    own = [name.strip("\ufeff \t\r\n").lower() for name in spelled]
    names = [_SPELLINGS.get(compact(name), ADDED_COLUMNS.get(name, name)) for name in own]
    for column, by_user in (said or {}).items():
        _say(names, own, column, by_user)
    for column, terms in TERMS.items():
        if column not in names and column not in (said or {}):
            short = [compact(name) for name in own]
            found = [short.index(term) for term in terms.split() if term in short]
            free = [place for place in found if names[place] not in KNOWN]
            if free:
                names[free[0]] = column
    _refuse_twice(names, spelled)
    return names


def _say(names: list[str], own: list[str], column: str, by_user: str) -> None:
    if column not in KNOWN:
        raise UsageError(f"{option('column')} '{column}=…' is none of {', '.join(KNOWN)}")
    if not by_user:
        return
    short = [compact(name) for name in own]
    if compact(by_user) not in short:
        raise UsageError(
            f"{option('column', f'{column}={by_user}')}: the table has no column '{by_user}' (it "
            f"has {', '.join(own)})"
        )
    names[short.index(compact(by_user))] = column


def _refuse_twice(names: list[str], spelled: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        both = [one.strip() for name, one in zip(names, spelled, strict=True) if name == twice[0]]
        raise ManifestError(
            f"The manifest has two columns '{twice[0]}' ({', '.join(both)}); rename one"
        )


def understood(
    frame: pd.DataFrame, said: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return a table under the names of `KNOWN`, and what is told of its columns.

    Args:
        frame: every value a text, columns as the table has them.
        said: as `column_names` takes it.

    Raises:
        ManifestError: as `column_names`; no column holds the paths; two may hold the names.
        UsageError: as `column_names`.
    """
    frame = _without_blank(frame)
    written = [str(name).strip() for name in frame.columns]
    names = column_names(written, said)
    path_column(names, frame)
    table = frame.set_axis(names, axis=1)
    notes = [
        f"the column '{one}' is read as {name}"
        for name, one in zip(names, written, strict=True)
        if name in KNOWN and _SPELLINGS.get(compact(one)) != name
    ]
    if "species" not in names and "species" not in (said or {}):
        table, more = _with_names(table)
        notes += more
    elif "species" in names:
        table = _above_species(table)
    table, more = _without_numbers(table)
    notes += more
    table, more = _with_specimens(table)
    notes += more + _misspelled(table.columns)
    return table, [Problem(1, "", note, "note", "columns") for note in notes]


def _without_blank(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without empty columns for which another one stands."""
    short = [compact(str(name)) for name in frame.columns]
    blank = [
        place
        for place, name in enumerate(short)
        if any(term in short for term in TERMS.get(_SPELLINGS.get(name, ""), "").split())
        and not frame.iloc[:, place].str.strip().ne("").any()
    ]
    return frame.iloc[:, [place for place in range(len(short)) if place not in blank]]


def path_column(names: Sequence[str], frame: pd.DataFrame, *, asks: bool = True) -> int:
    """Return the place of the column that holds the paths, among what `column_names` returns.

    Args:
        frame: the table, whose values tell which column is meant where none is called so.
        asks: whether the user can say which column is what.

    Raises:
        ManifestError: there is none.
    """
    if "path" in names:
        return names.index("path")
    if any(map(_PICTURE.fullmatch, names)):
        raise ManifestError(
            f"The manifest has no header (its first row is {', '.join(names)}); begin it with the "
            "names of the columns, such as path,species"
        )
    likely = [name for place, name in enumerate(names) if _is_files(frame.iloc[:, place])]
    likely += [name for name in names if compact(name) in _FILES]
    likely += get_close_matches("path", names, 1)
    if likely:
        say = f"Say {option('column', f'path={likely[0]}')}, or name it" if asks else "Name it"
        way = f"did you mean '{likely[0]}'? {say} 'path'"
    else:
        say = f", or say which it is, such as {option('column', 'path=File')}" if asks else ""
        way = f"name the column with the picture files 'path'{say}"
    raise ManifestError(f"The manifest has no column 'path' (it has {', '.join(names)}); {way}")


def _with_names(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return a table that has no column `species` with one, where another column holds names."""
    short = {compact(str(name)): str(name) for name in table.columns}
    if "genus" in table and "specificepithet" in short:
        return _joined(table, short["specificepithet"]), [
            "names are read from the columns 'genus' and 'specificEpithet'"
        ]
    there = [short[name] for name in _DOUBTFUL if name in short]
    likely = [name for name in there if _holds(table[name], _BINOMIAL)]
    if len(likely) > 1:
        raise ManifestError(
            f"The manifest has no column 'species', and {some([repr(n) for n in likely], ' and ')} "
            f"hold names; say which, such as {option('column', f'species={likely[0]}')}"
        )
    if likely:
        note = f"names are read from the column '{likely[0]}'"
        return table.rename(columns={likely[0]: "species"}), [note]
    if any(rank in table and table[rank].ne("").any() for rank in RANKS[1:]):
        return table, []
    open_ones = [str(name) for name in table.columns if _may_name(name, table[name])]
    open_ones += [name for name in there if name not in (*RANKS, *open_ones)]
    open_ones = [name for name in open_ones if table[name].ne("").any()]
    if open_ones:
        such = some(dict.fromkeys(table.loc[table[open_ones[0]] != "", open_ones[0]].head(100)))
        return table, [
            f"{NO_NAMES}; '{open_ones[0]}' ({such}) is kept as your own column: if it "
            f"holds the names, say {option('column', f'species={open_ones[0]}')}"
        ]
    return table, []


def _may_name(name: str, values: pd.Series) -> bool:
    """Return whether a column of the user's own holds what looks like names of species."""
    return name not in KNOWN and _holds(values, _BARE) and not _is_files(values)


def _is_files(values: pd.Series) -> bool:
    return _holds(values, _PICTURE)


def _joined(table: pd.DataFrame, epithet: str) -> pd.DataFrame:
    """Return a table whose species are the genus and the epithet of Darwin Core."""
    said = (table[name].str.strip() for name in ("genus", epithet))
    pairs = zip(*([cell * (not is_missing(cell)) for cell in cells] for cells in said), strict=True)
    species = [f"{genus or '?'} {last}" if last else "" for genus, last in pairs]
    return table.drop(columns=epithet).assign(species=species)


def _above_species(table: pd.DataFrame) -> pd.DataFrame:
    """Move names that are said to be of a rank above the species into the column of that rank.

    A species of the row's own genus stays: what is said was said before somebody named it.
    """
    ranks = next((n for n in table.columns if compact(str(n)) in ("taxonrank", "rank")), None)
    if ranks is None:
        return table
    table = table.copy()
    said = table[ranks].str.strip().str.lower()
    for rank in RANKS[1:-1]:
        here = said == rank
        if here.any() and "genus" in table:
            pairs = zip(table["genus"], table["species"], here, strict=True)
            here &= ~np.array([at and _is_species_of(genus, name) for genus, name, at in pairs])
        if not here.any():
            continue
        if rank not in table:
            table[rank] = ""
        free = here & (table[rank].str.strip() == "")
        table.loc[free, rank] = table.loc[free, "species"].str.split().str[0].fillna("")
        table.loc[here, "species"] = ""
    return table


def _is_species_of(genus: str, name: str) -> bool:
    if not genus.strip() or name.split()[:1] != [genus.strip()]:
        return False
    try:
        return bool(read_lineage({"species": name}).lineage[-1])
    except TaxonNameError:
        return False


def _without_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Take columns of numbers for the user's own, where they are called like a rank."""
    numbers = [rank for rank in RANKS[1:-1] if rank in table and _holds(table[rank], _NUMBER, 1)]
    renamed = {rank: f"{rank}_number" for rank in numbers if f"{rank}_number" not in table}
    return table.rename(columns=renamed), [
        f"the column '{rank}' holds numbers and no names of taxa; it is kept as '{new}'"
        for rank, new in renamed.items()
    ]


def _with_specimens(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Take specimens from the numbers that Darwin Core has for them; these columns stay, too."""
    if "specimen_id" in table:
        return table, []
    short = {compact(str(name)): str(name) for name in table.columns}
    found = [short[name] for name in SPECIMENS if name in short]
    found = [name for name in found if table[name].str.strip().ne("").any()]
    if not found:
        return table, []
    return table.assign(specimen_id=table[found[0]]), [f"specimen_id is read from '{found[0]}'"]


def _misspelled(names: Iterable[str]) -> list[str]:
    """Return notes on columns that are nearly called like one that is not there."""
    every = list(names)
    notes = []
    for name in every:
        near = get_close_matches(compact(name), [n for n in _SPELLINGS if len(n) > 4], 1, 0.85)
        column = _SPELLINGS[near[0]] if near else ""
        if name not in KNOWN and column and column not in every:
            notes.append(f"'{name}' is kept as your own column; did you mean '{column}'?")
    return notes


def _holds(values: pd.Series, pattern: re.Pattern[str], share: float = 0.5) -> bool:
    """Return whether more than a share of the different values, or all, have a form."""
    different = [value.strip() for value in values.drop_duplicates().head(_SAMPLE)]
    different = [value for value in different if value]
    fit = sum(pattern.fullmatch(value) is not None for value in different)
    return bool(different) and (fit > share * len(different) or fit == len(different))
