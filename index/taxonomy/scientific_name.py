"""One reading of scientific names: what a text names, whatever it was written with.

The name of a species is its genus and its epithet. Authors, years, subgenera and what stands below
the species are left away. What makes it another taxon stays, in one spelling each: hybrids
(`Quercus × turneri`, `Quercus robur × petraea`), complexes (`Noctua janthina/janthe`, `Pieris napi
agg.`) and open nomenclature (`Xestia sp. 1`, `Xestia cf. baja`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from .epithets import SpeciesPart, is_tag, read_open_genus, read_species_part
from .missing import is_missing
from .ranks import TaxonNameError
from .spelling import latin, plain
from .words import (
    DOUBTS,
    FAMILY,
    GENUS_WORDS,
    HIGHER,
    NEW,
    NO_GENUS,
    SPECIES_WORDS,
    UNRANKED,
    is_noun,
    is_virus,
    names_nothing,
)

_GENUS = re.compile(r"(?![A-Za-z]$)[^\W\d_][\w-]*")
_ABBREVIATED = re.compile(r"([^\W\d_])[^\W\d_]?\.")
_NOTHOGENUS = re.compile(r"^(?:×\s*|[xX]\s+|x(?=[A-Z][a-z]))(?=[^\W\d_])")
_CROSS = re.compile(r"\s+[xX](?=\s+\S)|\s*×\s*")
_WRAPPED = re.compile(r"""^(?:"([^"]+)"|'([^']+)'|\(([^()]+)\)|\[([^\[\]]+)\]|\{([^{}]+)\})$""")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_GLUED = re.compile(
    r"\b(cfr?|aff|nr|gr|spp?|gen|nov|n(?=\.\s?(?:sp|gen)))\.(?=[\w\"'?(\[])", re.IGNORECASE
)
_SPECIES_NUMBER = re.compile(r"(?<![^\s/?.])((?i:spp?|spec))\.?(?=[A-Z]?\d)")  # `sp1`
_ASIDE = re.compile(r"\s-\s.*|\s*[;=|].*")  # a common name, a synonym
# A name behind a common one, or the other way round: `Red Admiral (Vanessa atalanta)`.
_TWO_NAMES = re.compile(r"([^()]+?)(?:\s*\(([^()]+)\)|\s+-\s+([^()]+))$")
_BINOMIAL = re.compile(r"[A-Z][a-z-]+ (?:[x×] )?[a-z-]{2,}(?: [a-z-]{3,})?")
# One of two species of a genus: `Noctua janthe or janthina`, `Noctua janthe, Noctua janthina`.
_EITHER = re.compile(
    r"^((([A-Z])[a-z-]+) [a-z-]{3,})(?:,? (?:or|oder|ou|vel) (?=[a-z-]{4,}$)"
    r"|(?:,| ?[|]|,? (?:&|and|et|und|or|oder|ou|vel)) (?=(?:\2|\3\.) ?[a-z-]{4,}$))"
)
_SLUG = re.compile(r"[A-Za-z][a-z]{2,}(?:-[a-z]{3,})+")  # as web addresses have it: apis-mellifera
_DOUBT = re.compile(r"\(\s*\?\s*\)|\?")
_CANDIDATE = re.compile(r"^(?:Candidatus|Ca\.)\s+(?=\w)", re.IGNORECASE)
_OR = re.compile(r",?\s+(?:or|oder|ou|vel)\s+(?=[\w\"'?])")
# Open nomenclature without its genus: `sp. 1`, `? sp.`, `nov. sp.`, `indet. 2`.
_SPECIES_ONLY = re.compile(
    r"(?:(?:\?|\b(?:cf|aff|n|nov|indet)\b)\.?\s*)*\b(?:(?:{})\b|(?<=indet. )\d)".format(
        "|".join(SPECIES_WORDS)
    ),
    re.IGNORECASE,
)
_UNPLACED = re.compile(r"incertae sedis (?=sp\b)", re.IGNORECASE)
_LETTER = re.compile(r"(?<=\s)([a-z]) ?- ?(?=[a-z])")
LONGEST = 500  # characters of a name, with its authors
_SHOWN = 60
_INFRASPECIFIC = frozenset("agg aggr complex group ssp subsp var forma f".split())


@dataclass(frozen=True)
class ScientificName:
    """What a text names.

    Attributes:
        genus: empty where it is not named, or where there are two.
        species: the name of the species, the genus first, or what is above a genus that is not
            known, as in `Noctuidae gen. sp. 1`; empty where it names none.
        qualifier: of open nomenclature, as Darwin Core's `identificationQualifier`.
        higher: (rank, name) of a taxon above the genus that it names instead.
    """

    genus: str = ""
    species: str = ""
    qualifier: str = ""
    higher: tuple[str, str] | None = None


def read_name(text: str, genus: str = "", above: Sequence[str] = ()) -> ScientificName:
    """Return what a text names.

    Args:
        text: the name as somebody wrote it.
        genus: of its own column, which an epithet alone or an abbreviation is joined with.
        above: the names above the genus, of their own columns, the family last.

    Raises:
        TaxonNameError: it does not begin with a genus, or is too long to be a name.

    >>> read_name("Vanessa Atalanta (Linnaeus, 1758)").species
    'Vanessa atalanta'
    >>> read_name("Noctuidae sp.").higher
    ('family', 'Noctuidae')
    """
    if len(text) > LONGEST:
        raise TaxonNameError(
            f"'{text[:_SHOWN]}…' has {len(text)} characters; a name has at most {LONGEST}"
        )
    words = _CANDIDATE.sub("", _without_common(_unwrapped(plain(text))))
    words = _SPECIES_NUMBER.sub(r"\1. ", words)
    if is_missing(words):
        return ScientificName(genus)
    unplaced = None if genus else _of_unplaced(words, above)
    if unplaced:
        return unplaced
    is_open = _SPECIES_ONLY.match(words) is not None
    if (not genus) if is_open else names_nothing(words):
        return _of_unnamed(words, genus)
    if is_virus(words):
        return ScientificName(genus, words)
    if not genus and _SLUG.fullmatch(words):
        words = words.replace("-", " ")
    words = _EITHER.sub(r"\1/", words)
    if not SPECIES_WORDS.isdisjoint(words.casefold().replace(".", " ").split()):
        words = _OR.sub("/", words)
    words = _ASIDE.sub("", _LETTER.sub(r"\1-", words))
    words = _GLUED.sub(r"\1. ", latin(_without_capitals(words)))
    if not words.split():
        raise TaxonNameError(f"'{text}' is not a name")
    return _read(_with_genus(words, genus), genus)


def genus_of(species: str) -> str:
    """Return the genus of a binomial.

    >>> genus_of("Quercus × turneri")
    'Quercus'
    """
    return species.split(" ", 1)[0]


def same_genus(one: str, other: str) -> bool:
    """Return whether two names are of one genus; the cross of a hybrid genus is no part of it."""
    return one.lstrip("×").casefold() == other.lstrip("×").casefold()


def _unwrapped(words: str) -> str:
    while found := _WRAPPED.match(words):
        words = next(part for part in found.groups() if part).strip()
    return words


def _without_common(words: str) -> str:
    """Return the scientific name of two names that stand together, one of them a common name."""
    found = _TWO_NAMES.match(words)
    if not found:
        return words
    first, second = found[1], found[2] or found[3]
    if _BINOMIAL.fullmatch(second):
        is_synonym = _BINOMIAL.fullmatch(first) and not names_nothing(first)
        return words if is_synonym else second
    return first if _BINOMIAL.fullmatch(first) and is_noun(second.split()[-1]) else words


def _without_capitals(words: str) -> str:
    """Return a name of which genus and epithet, or all, are in capitals, in small letters."""
    if words.isupper():
        return words.lower()
    parts = words.split()
    for place, part in enumerate(parts[:3]):
        if len(part) < 2 or not part.isupper() or not part.replace("-", "").strip("()").isalpha():
            break
        parts[place] = part.lower()
    return " ".join(parts)


def _of_unnamed(words: str, genus: str) -> ScientificName:
    """Read what stands for no name: a taxon above the genus may be named in it."""
    for word in words.split():
        if higher := _higher(word.strip("()[].,;:")):
            return ScientificName(genus, higher=higher)
    return ScientificName(genus)


def _of_unplaced(words: str, above: Sequence[str]) -> ScientificName | None:
    """Read a species of which the genus is not known: `Noctuidae gen. sp. 1`.

    Returns:
        None where the text is no such name.
    """
    words = _DOUBT.sub(" ? ", _GLUED.sub(r"\1. ", words))
    if unplaced := _UNPLACED.match(words):
        part = read_species_part(words[unplaced.end() :].split())
        species, said = (f"Incertae sedis {text}" for text in (part.epithet, part.said))
        is_told = part.epithet.startswith("sp. ")
        return ScientificName("", species, said) if is_told else ScientificName()
    found = read_open_genus(words.split())
    if found is None:
        return None
    before, part = found
    name = " ".join(before).strip("\"'()[],;:")
    higher = _higher(name)
    known = {one.casefold(): one for one in above if one}
    family = above[-1] if above else ""
    parent = (higher[1] if higher else known.get(name.casefold())) if name else family
    if parent is None:
        return None
    if not parent or not part.epithet:
        return ScientificName(higher=higher)
    return ScientificName("", f"{parent} {part.epithet}", part.said, higher)


def _higher(word: str) -> tuple[str, str] | None:
    rank = "family" if FAMILY.fullmatch(word) else HIGHER.get(word.casefold())
    return (rank, word.capitalize()) if rank else None


def _with_genus(words: str, genus: str) -> str:
    """Return a name with its genus, where its column holds an epithet or an abbreviation."""
    if not genus:
        return words
    first, follows = [*words.split(), ""][:2]
    bare = _NOTHOGENUS.sub("", words).split()[0].strip("\"'()[],")
    if same_genus(bare, genus):
        return words
    is_mark = not first[0].isupper() and _is_mark(first, follows)  # of `Cornus`: `cf. mas`
    abbreviated = None if is_mark else _ABBREVIATED.fullmatch(first)
    if abbreviated and genus.lstrip("×")[:1].casefold() == abbreviated[1].casefold():
        return f"{genus} {words[len(first) :]}"
    return f"{genus} {words}" if _is_epithet_cell(words) and not _higher(first) else words


def _is_epithet_cell(words: str) -> bool:
    """Return whether a text is what a column of epithets holds: one, and what belongs to it."""
    first, *rest = words.split()
    key = first.casefold().rstrip(".")
    if not rest or _is_mark(first, rest[0]) or key[:1] in ("×", "?", "") or key == "x":
        return True
    follows = rest[0].casefold().rstrip(".")
    is_name = rest[0].isalpha() and rest[0].islower() and follows not in _INFRASPECIFIC
    return not first[0].isupper() and not is_name


def _is_mark(word: str, follows: str) -> bool:
    """Return whether a word stands before an epithet; `n.` does before a word for species only."""
    key = word.casefold().rstrip(".")
    if key in NEW:
        return _bare(follows) in SPECIES_WORDS | GENUS_WORDS
    return key in NO_GENUS or _bare(word) in DOUBTS


def _read(words: str, genus: str) -> ScientificName:
    crossed = _NOTHOGENUS.match(words)
    if crossed:
        words = words[crossed.end() :]
    found = _of_parts(words, genus)
    if not crossed or not found.genus or found.genus.startswith("×"):
        return found
    species = f"×{found.species}" if found.species else ""
    return replace(found, genus=f"×{found.genus}", species=species)


def _of_parts(words: str, genus: str) -> ScientificName:
    """Read one name, a hybrid or a complex."""
    parts = [part for part in _CROSS.split(words) if part.strip()]
    is_crossed = bool(parts) and _CROSS.search(words) is not None
    if is_crossed and " " not in _BRACKETS.sub(" ", parts[0]).strip():
        found = _of_one(" ".join(parts))
        species = found.species.replace(" ", " × ", 1)
        return replace(found, species=species)
    if is_crossed:
        return _of_several([*parts, "sp."] if len(parts) == 1 else parts, " × ")
    outside = _BRACKETS.sub(" ", words)
    parts = [part for part in outside.split("/") if part.strip()]
    if len(parts) < 2:
        return _of_one(words)
    if " " not in parts[0].strip():
        return ScientificName(genus)  # two genera
    return _of_several(parts, "/")


def _of_one(words: str) -> ScientificName:
    """Read a name that is no formula."""
    qualifier, rest = _doubt_before(_DOUBT.sub(" ? ", words).split())
    word, rest = (rest[0] if rest else ""), rest[1:]
    first = word.strip("\"'()[],:")
    if len(first) > 3:
        first = first.rstrip(".")
    if higher := _higher(first):
        return ScientificName(higher=higher)
    is_alone = bool(qualifier) and not rest and first.islower()
    is_mark = first.casefold().rstrip(".") in NO_GENUS
    if not _GENUS.fullmatch(first) or is_mark or is_alone:
        raise TaxonNameError(f"'{words}' does not begin with a genus")
    part = read_species_part(_without_repeated(first, rest))
    is_open = not part.epithet or part.epithet.startswith("sp.")
    if is_open and (is_noun(first) or UNRANKED.fullmatch(first)):
        return ScientificName()
    return _joined(first.capitalize(), part, qualifier)


def _without_repeated(genus: str, words: list[str]) -> list[str]:
    """Return the words after a genus without the genus itself behind a doubt: `cf. X. baja`."""
    marks = list(takewhile(_is_mark_of_species, words))
    place = len(marks)
    is_doubted = place > 0 and _bare(words[place - 1]) in DOUBTS
    is_repeated = words[place : place + 1] in ([genus.capitalize()], [f"{genus[:1].upper()}."])
    return [*marks, *words[place + (is_doubted and is_repeated) :]]


def _is_mark_of_species(word: str) -> bool:
    return _bare(word) in DOUBTS or _bare(word) in SPECIES_WORDS


def _bare(word: str) -> str:
    return word.casefold().strip("()[].,")


def _doubt_before(words: list[str]) -> tuple[str, list[str]]:
    """Return the mark of doubt in front of a genus, and the words after it."""
    first = words[0].strip("()[]") if words else ""
    if first.casefold().rstrip(".") in DOUBTS or first == "?":
        return first if first == "?" else DOUBTS[first.casefold().rstrip(".")], words[1:]
    return "", words


def _joined(genus: str, part: SpeciesPart, before: str) -> ScientificName:
    if not part.epithet:
        return ScientificName(genus, qualifier=before or part.said)
    doubt = part.doubt or DOUBTS.get(before.rstrip("."), "")
    said = f"{part.said} {part.epithet}" if part.said not in ("", "?") else part.said
    told = part.epithet
    if part.epithet.startswith("sp."):
        doubt, said, told = "", part.said, part.said
    words = [genus, doubt, part.epithet, part.group]
    species = " ".join(word for word in words if word)
    if before:
        said = f"{before} {genus} {told}"
    return ScientificName(genus, species, said)


def _of_several(parts: list[str], joiner: str) -> ScientificName:
    """Read the names of a hybrid's parents, or of a complex."""
    first = _of_one(parts[0])
    if not first.species:
        return first
    names = [first]
    for part in parts[1:]:
        words = part.split()
        is_author = len(words) == 1 and words[0][0].isupper() and not _is_told_apart(first)
        if joiner == "/" and is_author:
            continue  # the second of two
        names.append(_of_one(_completed(words, first)))
    species = list(dict.fromkeys(name.species or f"{name.genus} sp." for name in names))
    is_open = any(f"{name.species} ".startswith(f"{name.genus} sp. ") for name in names)
    is_undecided = is_open and joiner == "/"
    doubt = " ?" if any(name.qualifier.endswith(" ?") for name in names) else ""
    if any(name.genus != first.genus for name in names):
        whole = joiner.join(species)
        return ScientificName("", whole, f"{whole}{doubt}" if is_undecided else "")
    rest = [name.removeprefix(f"{first.genus} ") for name in species[1:]]
    if _is_told_apart(first):
        rest = [_without_sp(name) for name in rest]
    whole = joiner.join([species[0], *rest])
    said = f"{whole.removeprefix(first.genus).strip()}{doubt}"
    alone = "" if first.qualifier.startswith("sp.") else first.qualifier  # of the first alone
    return ScientificName(first.genus, whole, said if is_undecided else alone)


def _is_told_apart(name: ScientificName) -> bool:
    return name.species.startswith(f"{name.genus} sp. ")


def _without_sp(name: str) -> str:
    """Return what tells one unnamed species from another, where one word does."""
    tag = name.removeprefix("sp. ")
    return tag if _stands_for_species(tag.split()) else name


def _stands_for_species(words: list[str]) -> bool:
    """Return whether words behind `sp. 1/` can only tell another unnamed species."""
    return is_tag(words[0]) or (len(words) == 1 and words[0][0].isupper())


def _completed(words: list[str], first_name: ScientificName) -> str:
    """Return a further name of a formula with its genus written out."""
    first, genus = words[0], first_name.genus
    if _is_told_apart(first_name) and _stands_for_species(words):
        return " ".join([genus, "sp.", *words])
    abbreviated = _ABBREVIATED.fullmatch(first)
    if abbreviated and genus[0].casefold() == abbreviated[1].casefold():
        return " ".join([genus, *words[1:]])
    if same_genus(first, genus) or (len(words) > 1 and first[0].isupper()):
        return " ".join(words)
    if len(words) > 1 and all(re.fullmatch("[a-z-]{3,}", word) for word in words[:2]):
        return " ".join(words)  # in a text of small letters only
    return " ".join([genus, first.lower(), *words[1:]])
