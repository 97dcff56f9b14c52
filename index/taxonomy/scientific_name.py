"""One reading of scientific names: what a text names, whatever it was written with.

The name of a species is its genus and its epithet. Authors, years, subgenera and what stands below
the species are left away. What makes it another taxon stays, in one spelling each: hybrids
(`Quercus × turneri`, `Quercus robur × petraea`), complexes (`Noctua janthina/janthe`, `Pieris napi
agg.`) and open nomenclature (`Xestia sp. 1`, `Xestia cf. baja`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .epithets import SpeciesPart, read_species_part
from .missing import is_missing
from .ranks import TaxonNameError
from .spelling import latin, plain
from .words import DOUBTS, FAMILY, HIGHER, SPECIES_WORDS, UNRANKED, is_noun, is_virus, names_nothing

_GENUS = re.compile(r"(?![A-Za-z]$)[^\W\d_][\w-]*")
_ABBREVIATED = re.compile(r"([^\W\d_])[^\W\d_]?\.")
_NOTHOGENUS = re.compile(r"^(?:×\s*|[xX]\s+|x(?=[A-Z][a-z]))(?=[^\W\d_])")
_CROSS = re.compile(r"\s+[xX](?=\s+\S)|\s*×\s*")
_WRAPPED = re.compile(r"""^(?:"([^"]+)"|'([^']+)'|\(([^()]+)\)|\[([^\[\]]+)\]|\{([^{}]+)\})$""")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_GLUED = re.compile(r"\b(cfr?|aff|nr|gr|spp?|n(?=\.\s?sp))\.(?=[^\s.])", re.IGNORECASE)
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
_SPECIES_ONLY = re.compile(r"(?:sp|spp|spec|species|morphospecies)\b", re.IGNORECASE)
_LETTER = re.compile(r"(?<=\s)([a-z]) ?- ?(?=[a-z])")
LONGEST = 500  # characters of a name, with its authors
_SHOWN = 60
_INFRASPECIFIC = frozenset("agg aggr complex group ssp subsp var forma f".split())


@dataclass(frozen=True)
class ScientificName:
    """What a text names.

    Attributes:
        genus: empty where it is not named, or where there are two.
        species: the name of the species, the genus first; empty where it names none.
        qualifier: of open nomenclature, as Darwin Core's `identificationQualifier`.
        higher: (rank, name) of a taxon above the genus that it names instead.
    """

    genus: str = ""
    species: str = ""
    qualifier: str = ""
    higher: tuple[str, str] | None = None


def read_name(text: str, genus: str = "") -> ScientificName:
    """Return what a text names.

    Args:
        text: the name as somebody wrote it.
        genus: of its own column, which an epithet alone or an abbreviation is joined with.

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
    if is_missing(words):
        return ScientificName(genus)
    is_open = _SPECIES_ONLY.match(words) is not None
    if (not genus) if is_open else names_nothing(words):
        return _of_unnamed(words, genus)
    if is_virus(words):
        return ScientificName(genus, words)
    if not genus and _SLUG.fullmatch(words):
        words = words.replace("-", " ")
    words = _EITHER.sub(r"\1/", words)
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


def _higher(word: str) -> tuple[str, str] | None:
    rank = "family" if FAMILY.fullmatch(word) else HIGHER.get(word.casefold())
    return (rank, word.capitalize()) if rank else None


def _with_genus(words: str, genus: str) -> str:
    """Return a name with its genus, where its column holds an epithet or an abbreviation."""
    if not genus:
        return words
    first = words.split()[0]
    bare = _NOTHOGENUS.sub("", words).split()[0].strip("\"'()[],")
    if same_genus(bare, genus):
        return words
    abbreviated = _ABBREVIATED.fullmatch(first)
    if abbreviated and genus.lstrip("×")[:1].casefold() == abbreviated[1].casefold():
        return f"{genus} {words[len(first) :]}"
    return f"{genus} {words}" if _is_epithet_cell(words) and not _higher(first) else words


def _is_epithet_cell(words: str) -> bool:
    """Return whether a text is what a column of epithets holds: one, and what belongs to it."""
    first, *rest = words.split()
    key = first.casefold().rstrip(".")
    if not rest or key in DOUBTS or key in SPECIES_WORDS or key[:1] in ("×", "?", "") or key == "x":
        return True
    follows = rest[0].casefold().rstrip(".")
    is_name = rest[0].isalpha() and rest[0].islower() and follows not in _INFRASPECIFIC
    return not first[0].isupper() and not is_name


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
    is_mark = first.casefold() in SPECIES_WORDS or first.casefold() in DOUBTS
    if not _GENUS.fullmatch(first) or is_mark or is_alone:
        raise TaxonNameError(f"'{words}' does not begin with a genus")
    part = read_species_part(rest)
    is_open = not part.epithet or part.epithet.startswith("sp.")
    if is_open and (is_noun(first) or UNRANKED.fullmatch(first)):
        return ScientificName()
    return _joined(first.capitalize(), part, qualifier)


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
    if part.epithet.startswith("sp."):
        doubt, said = "", said or part.epithet
    words = [genus, doubt, part.epithet, part.group]
    species = " ".join(word for word in words if word)
    if before:
        said = f"{before} {genus} {part.epithet}"
    return ScientificName(genus, species, said)


def _of_several(parts: list[str], joiner: str) -> ScientificName:
    """Read the names of a hybrid's parents, or of a complex."""
    first = _of_one(parts[0])
    if not first.species:
        return first
    names = [first]
    for part in parts[1:]:
        words = part.split()
        if joiner == "/" and len(words) == 1 and words[0][0].isupper():
            continue  # the second of two authors
        names.append(_of_one(_completed(words, first.genus)))
    species = list(dict.fromkeys(name.species or f"{name.genus} sp." for name in names))
    if any(name.genus != first.genus for name in names):
        return ScientificName("", joiner.join(species))
    rest = [name.removeprefix(f"{first.genus} ") for name in species[1:]]
    said = "" if first.qualifier.startswith("sp.") else first.qualifier  # of the first alone
    return ScientificName(first.genus, joiner.join([species[0], *rest]), said)


def _completed(words: list[str], genus: str) -> str:
    """Return a further name of a formula with its genus written out."""
    first = words[0]
    abbreviated = _ABBREVIATED.fullmatch(first)
    if abbreviated and genus[0].casefold() == abbreviated[1].casefold():
        return " ".join([genus, *words[1:]])
    if same_genus(first, genus) or (len(words) > 1 and first[0].isupper()):
        return " ".join(words)
    if len(words) > 1 and all(re.fullmatch("[a-z-]{3,}", word) for word in words[:2]):
        return " ".join(words)  # in a text of small letters only
    return " ".join([genus, first.lower(), *words[1:]])
