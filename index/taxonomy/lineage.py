"""From the cells of a row to the lineage that they state."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .missing import is_missing
from .ranks import GENUS, RANKS, Lineage, TaxonNameError, lowest_rank
from .scientific_name import LONGEST, ScientificName, genus_of, read_name, same_genus
from .spelling import clean_name, plain
from .words import is_unnamed_genus, names_nothing

# Columns of the users' own, as Darwin Core calls them.
VERBATIM = "verbatimIdentification"
QUALIFIER = "identificationQualifier"
# As they are spelled where reading a name adds them, by their spelling in small letters.
ADDED_COLUMNS = {column.lower(): column for column in (QUALIFIER, VERBATIM)}

_AUTHORED = re.compile(r"([^\W\d_]+),?\s+(?:\(|.*\b1[5-9]\d\d\b|.*\b20\d\d\b|[A-Z][\w]*\.)")
_HYPHENATED = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_IN_GENUS = re.compile(r"(?i:sp)(?:[.\s\d]|$)|[?a-z]")  # an epithet, or what stands for one
_DOUBTED = re.compile(r"^(?:(?:cf\b|aff\b|\?)\.?\s*)+(?=\w)")


@dataclass(frozen=True)
class Identification:
    """What a row says of its specimen's name.

    Attributes:
        lineage: one name a rank of `RANKS`, empty where it is not known.
        qualifier: `cf. baja` and the like, as Darwin Core's `identificationQualifier`.
        verbatim: the name as it was written, where it is kept otherwise; Darwin Core's
            `verbatimIdentification`.
        note: what its owner should know; None where the name was read as it stands.
    """

    lineage: Lineage
    qualifier: str = ""
    verbatim: str = ""
    note: str | None = None


def read_lineage(row: Mapping[str, str]) -> Identification:
    """Return what the cells of a row state, by their ranks.

    The genus is taken from the binomial where its own column is empty. A `species` that holds only
    an epithet is joined with the genus column, as Darwin Core's `specificEpithet` is written. What
    names no species is kept at the rank that it names.

    Raises:
        TaxonNameError: a name that has no genus, or another one than the genus column.

    >>> read_lineage({"species": "Xestia cf. baja", "family": "Noctuidae"}).qualifier
    'cf. baja'
    """
    names = [_higher_name(rank, row.get(rank, "")) for rank in RANKS[:GENUS]]
    genus = _genus(row.get("genus", ""))
    species = row.get("species", "").strip()
    if is_unnamed_genus(row.get("genus", "")) and _IN_GENUS.match(species):
        species = f"{row['genus'].strip()} {species}"
    if is_missing(species):
        lineage = (*names, genus, "")
        return Identification(lineage, verbatim=_verbatim(row.get("genus", ""), genus))
    found = _named(species, genus, names)
    if found.higher:
        place = RANKS.index(found.higher[0])
        names[place] = names[place] or found.higher[1]
    lineage = (*names, found.genus or ("" if found.species else genus), found.species)
    note = None if found.species else _note(species, lineage)
    return Identification(lineage, found.qualifier, _verbatim(species, *lineage[GENUS:]), note)


def parse_lineage(row: Mapping[str, str]) -> tuple[Lineage, str | None]:
    """Return the lineage that a row of a manifest states, and a note where it was mended.

    Raises:
        TaxonNameError: see `read_lineage`.

    >>> parse_lineage({"species": "Xestia baja", "family": "Noctuidae"})[0][-3:]
    ('Noctuidae', 'Xestia', 'Xestia baja')
    """
    found = read_lineage(row)
    return found.lineage, found.note


def spellings(rank: str, value: str) -> tuple[str, ...]:
    """Return how a name that somebody asks for may be stored, casefolded, the likeliest first.

    It is read as a manifest's names are; collections from before may hold it as it is written.

    >>> spellings("species", "Vanessa_atalanta (L.)")
    ('vanessa atalanta', 'vanessa_atalanta (l.)', 'vanessa atalanta (l.)')
    """
    try:
        read = _asked(rank, value)
    except TaxonNameError:
        read = ""
    said = (read, value.strip(), clean_name(value))
    return tuple(dict.fromkeys(name.casefold() for name in said if name))


def _asked(rank: str, value: str) -> str:
    if rank == "species":
        return read_name(value).species
    return _genus(value) if rank == "genus" else _higher_name(rank, value)


def _named(species: str, genus: str, above: Sequence[str]) -> ScientificName:
    try:
        found = read_name(species, genus, above)
    except TaxonNameError as error:
        raise TaxonNameError(_refusal(species, error)) from error
    if genus and found.genus and not same_genus(found.genus, genus):
        raise TaxonNameError(
            f"species '{species}' is not in genus '{genus}'; correct one of the two columns"
        )
    return found


def _refusal(species: str, error: TaxonNameError) -> str:
    if len(species) > LONGEST:
        return f"species {error}"
    if " " not in clean_name(species):
        return f"species '{species}' is not a name; write 'Genus epithet', or leave it empty"
    return f"species '{species}' does not begin with a genus; write 'Genus epithet'"


def _note(species: str, lineage: Lineage) -> str:
    rank = lowest_rank(lineage)
    reason = "names no species" if " " in clean_name(species) else "is one word"
    if rank is None:
        return f"species '{species}' names no taxon, so the picture is kept without a name"
    return (
        f"species '{species}' {reason}, so it is kept as {rank} {lineage[RANKS.index(rank)]} only"
    )


def _genus(cell: str) -> str:
    """Return the name in the genus column, without author, subgenus and marks."""
    if is_missing(cell) or (len(cell) <= LONGEST and names_nothing(plain(cell))):
        return ""
    if is_unnamed_genus(cell):
        return ""
    if _HYPHENATED.fullmatch(clean_name(cell)):  # no species whose words are joined by a hyphen
        return clean_name(cell).capitalize()
    try:
        found = read_name(cell)
    except TaxonNameError:
        return clean_name(cell)
    is_open = found.species in ("", f"{found.genus} sp.") and not found.higher
    return (found.genus if is_open else "") or clean_name(cell)


def _higher_name(rank: str, cell: str) -> str:
    """Return a name above the genus, in one case, without its author.

    A `category` is the user's own word and stays as it is written.
    """
    if len(cell) > LONGEST:
        return clean_name(cell)
    words = plain(cell)
    if is_missing(words) or (rank != "category" and names_nothing(words)):
        return ""
    if rank == "category":
        return words
    words = _DOUBTED.sub("", words)
    if words.endswith(("?", "?)")):
        words = words.rstrip(" (?)")
    authored = _AUTHORED.match(words)
    if authored:
        words = authored[1]
    is_one_case = words.islower() or words.isupper()
    return words.capitalize() if is_one_case and " " not in words else words


def _verbatim(cell: str, *kept: str) -> str:
    """Return what was written, where it says more than what is kept of it."""
    written = clean_name(cell)
    if is_missing(cell) or written in kept:
        return ""
    species = kept[-1] if len(kept) > 1 else ""
    is_epithet = species == f"{genus_of(species)} {written}"
    return "" if is_epithet else cell.strip()
