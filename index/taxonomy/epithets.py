"""What follows a genus: subgenus, doubt, epithet, the mark of a complex; authors and years go."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .words import AUTHORS, DOUBTS, NEW, NO_EPITHET, NUMERALS, SPECIES_WORDS, SUBGENERIC, is_noun

_EPITHET = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBERED = re.compile(r"(\d{1,2})-?([^\W\d_]{4,})")
_YEAR = re.compile(r"[(\[]?1[5-9]\d\d|[(\[]?20\d\d")
_SPECIES_NUMBER = re.compile(r"sp(?:p|ec)?\.?([A-Z]?\d\w*)")
_NO_TAG = frozenset(
    "juv juvenile larva larvae nymph pupa adult female male indet unknown unidentified undet "
    "undetermined".split()
)
_GROUP_WORDS = frozenset("agg aggr aggregate complex cplx group gr grp".split())
_GROUPS = (
    (re.compile(r"\bagg(?:r|regate)?\b\.?"), "agg."),
    (re.compile(r"\b(?:species )?(?:complex|cplx)\b\.?"), "complex"),
    (re.compile(r"\b(?:species )?(?:group|gr|grp)\b\.?"), "group"),
    (re.compile(r"(?<!\w)s\. ?l(?:at)?\.|\bs\.?l\.?(?=[)\]\s]|$)|\bsensu lato\b"), "s. l."),
    (re.compile(r"\b(?:hybrid|hybr)\b\.?"), "hybrid"),
)


@dataclass(frozen=True)
class SpeciesPart:
    """What follows the genus in a name.

    Attributes:
        epithet: empty where no species is meant; `sp.`, `sp. 1` and the like in open nomenclature.
        doubt: `cf.`, `aff.` or `nr.` before it.
        said: the doubt as it was written, `?` too.
        group: the mark of a complex, in one spelling.
    """

    epithet: str = ""
    doubt: str = ""
    said: str = ""
    group: str = ""


def read_species_part(words: list[str]) -> SpeciesPart:
    """Return what the words after a genus say.

    >>> read_species_part(["(Noctua)", "c-nigrum", "(Linnaeus,", "1758)"]).epithet
    'c-nigrum'
    >>> read_species_part(["sp.", "1"]).epithet
    'sp. 1'
    """
    group, words = _group_before(words)
    part = _after_marks(words)
    return replace(part, group=part.group or group) if part.epithet else part


def _after_marks(words: list[str]) -> SpeciesPart:
    """Read what stands behind subgenera, sections and marks of doubt."""
    said = ""
    while words:
        key = _key(words[0])
        if words[0][0] in "([" and not said:
            inside, words = _bracketed(words)
            if _key(inside) in DOUBTS:
                said = _said(inside)
            elif not words and inside.islower() and _EPITHET.fullmatch(inside):
                words = [inside]
                break
        elif key in DOUBTS:
            said, words = _said(words[0]), words[1:]
        elif key in SUBGENERIC:
            words = words[2:]
        else:
            break
    return _read(words, said) if words else SpeciesPart(said=said, doubt=DOUBTS.get(_key(said), ""))


def _key(word: str) -> str:
    return word.casefold().strip(".,;:()[]'\"")


def _said(word: str) -> str:
    key = _key(word)
    return key if key == "?" else DOUBTS[key]


def _bracketed(words: list[str]) -> tuple[str, list[str]]:
    """Return what stands in the brackets that the first word opens, and the words after them."""
    close = ")" if words[0][0] == "(" else "]"
    for place, word in enumerate(words):
        inside, found, after = word.partition(close)
        if found:
            content = " ".join([*words[:place], inside])[1:].strip()
            return content, [*([after] if after.strip(",.;:") else []), *words[place + 1 :]]
    return " ".join(words)[1:], []


def _read(words: list[str], said: str) -> SpeciesPart:
    first, rest = words[0], words[1:]
    key, doubt = _key(first), DOUBTS.get(said.rstrip("."), "")
    numbered = _SPECIES_NUMBER.fullmatch(first)
    if numbered:
        return SpeciesPart(f"sp. {numbered[1]}")
    if key in NEW and rest and _key(rest[0]) in SPECIES_WORDS:
        return _open(["nov.", *rest[1:]])
    if key == "spp" and not rest:
        return SpeciesPart()  # several species
    if key in SPECIES_WORDS:
        if rest and _key(rest[0]) in DOUBTS:
            return read_species_part(rest)
        return _open(rest)
    if len(key) == 1 and key != "x" and key.isalpha() and rest and _is_small(rest[0]):
        first, rest = f"{key}-{rest[0]}", rest[1:]
    epithet = _epithet(first, rest)
    if not epithet:
        return SpeciesPart(doubt=doubt, said=said)
    after = " ".join(rest)
    if not said:
        said = _doubt_after(rest)
        doubt = DOUBTS.get(said.rstrip("."), "")
    return SpeciesPart(epithet, doubt, said, _group(after))


def _group_before(words: list[str]) -> tuple[str, list[str]]:
    """Return the mark of a group in front of its species (`gr. fera`), and the words after it."""
    start = 1 if words and _key(words[0]) == "ex" else 0
    if len(words) == start or _key(words[start]) not in _GROUP_WORDS:
        return "", words
    return _group(_key(words[start])), words[start + 1 :]


def _is_small(word: str) -> bool:
    return word.islower() and _EPITHET.fullmatch(word) is not None and len(word) > 2


def _open(rest: list[str]) -> SpeciesPart:
    """Read what tells one unnamed species of a genus from another: `1`, `A`, `nov.`, `Alps`."""
    tags: list[str] = []
    for word in rest:
        bare = word.strip("\"'#,;:()[]")
        if not bare or _key(bare) in _NO_TAG:
            continue
        if _YEAR.match(bare):
            tags = tags[:1] if tags[:1] == ["nov."] else []
            break
        tags.append("nov." if _key(bare) in NEW else "" if _key(bare) in ("no", "nr") else bare)
    tags = [tag.upper() if len(tag) == 1 else tag for tag in tags if tag]
    return SpeciesPart(" ".join(["sp.", *tags]))


def _epithet(word: str, rest: list[str]) -> str:
    """Return the epithet that a word is; empty where it is an author, or anything else."""
    bare = word.strip("\"'()[],;:")
    if not bare or ".." in bare or "\u2026" in bare or _key(bare) in NO_EPITHET or is_noun(bare):
        return ""
    numbered = _NUMBERED.fullmatch(bare.casefold())
    if numbered:
        number, stem = int(numbered[1]), numbered[2]
        return NUMERALS[number] + stem if number in NUMERALS else f"{number}-{stem}"
    if any(char.isdigit() for char in bare):
        return "" if _YEAR.match(bare) else bare
    if _is_author(word, bare, rest):
        return ""
    small = bare.rstrip(".").replace("'", "").casefold()
    return small if _EPITHET.fullmatch(small) and small != "x" else ""


def _is_author(word: str, bare: str, rest: list[str]) -> bool:
    """Return whether the word after a genus is who named the genus, not an epithet."""
    if bare.casefold() in AUTHORS:
        return True
    if bare.islower():
        return False
    if not (bare[0].isupper() and bare[1:].islower()):
        return True  # `d'Orbigny`, `McLachlan`; what is all in capitals was made small before
    follows = _key(rest[0]) if rest else ""
    is_told = word.endswith((".", ",")) or word[0] in "'\""  # or the name of a cultivar
    return is_told or follows in ("&", "et", "and", "ex", "in") or bool(_YEAR.match(follows))


def _doubt_after(rest: list[str]) -> str:
    """Return a doubt that stands behind the epithet, and so is about it."""
    last = rest[-1] if rest else ""
    key = _key(last)
    return _said(last) if key in ("?", "cf", "aff") else ""


def _group(after: str) -> str:
    return next((group for found, group in _GROUPS if found.search(after)), "")
