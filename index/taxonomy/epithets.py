"""What follows a genus: subgenus, doubt, epithet, the mark of a complex; authors and years go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile

from .words import (
    AUTHORS,
    DOUBTS,
    GENUS_WORDS,
    NEW,
    NO_EPITHET,
    NUMERALS,
    SPECIES_WORDS,
    SUBGENERIC,
    is_noun,
)

_EPITHET = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBERED = re.compile(r"(\d{1,2})-?([^\W\d_]{4,})")
_YEAR = re.compile(r"[(\[]?1[5-9]\d\d|[(\[]?20\d\d")
_TAG = re.compile(r"[^\W\d_]|.*\d.*")
_UNTOLD = frozenset("indet unknown unidentified undet undetermined".split())
_NO_TAG = _UNTOLD | frozenset("juv juvenile larva larvae nymph pupa adult female male".split())
_AND = frozenset(("et", "and", "&"))
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
        doubt: `cf.`, `aff.` or `nr.` before it; in open nomenclature it is no part of the taxon.
        said: the doubt as it was written, `?` too; in open nomenclature together with the epithet,
            as `cf. sp. 1` and `sp. 1 ?`.
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
    follows = _key(rest[0]) if rest else ""
    if follows in SPECIES_WORDS and key in NEW:
        return _open(["nov.", *rest[1:]], said)
    if follows in SPECIES_WORDS and key in _NO_TAG:
        return _read(rest, said)
    if key in _UNTOLD and rest and is_tag(rest[0]):
        return _open(rest, said)
    if key in SPECIES_WORDS:
        named = _read_likened(_unbracketed(rest))
        is_tag_alone = _TAG.fullmatch(named.epithet) and not named.epithet.startswith("sp. ")
        if named.epithet and not is_tag_alone:
            return named  # `sp. cf. baja`
        part = _open(rest, said)
        is_several = key == "spp" and part.epithet == "sp."
        return SpeciesPart(said=said or _doubt_after(rest)) if is_several else part
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


def _unbracketed(words: Sequence[str]) -> list[str]:
    """Return words of which those that begin with a doubt stand in no brackets: `(cf. baja)`."""
    if not words or words[0][0] not in "([":
        return list(words)
    inside, after = _bracketed(list(words))
    first, *rest = inside.split() or [""]
    return [first, *rest, *after] if rest and _key(first) in DOUBTS else list(words)


def _read_likened(words: list[str]) -> SpeciesPart:
    """Read the species that an unnamed one is likened to; one of another genus says nothing."""
    told = _after_doubts(words)
    is_likened = len(told) < len(words) and not _is_of_another_genus(told)
    return read_species_part(words) if is_likened else SpeciesPart()


def _is_of_another_genus(words: list[str]) -> bool:
    is_genus = len(words) > 1 and words[0][0].isupper() and _key(words[0]).isalpha()
    return is_genus and _is_small(_bare(words[1]))


def _after_doubts(words: Sequence[str]) -> list[str]:
    return list(dropwhile(lambda word: _key(word) in DOUBTS, words))


def _group_before(words: list[str]) -> tuple[str, list[str]]:
    """Return the mark of a group in front of its species (`gr. fera`), and the words after it."""
    start = 1 if words and _key(words[0]) == "ex" else 0
    if len(words) == start or _key(words[start]) not in _GROUP_WORDS:
        return "", words
    return _group(_key(words[start])), words[start + 1 :]


def _is_small(word: str) -> bool:
    return word.islower() and _EPITHET.fullmatch(word) is not None and len(word) > 2


def read_open_genus(words: Sequence[str]) -> tuple[list[str], SpeciesPart] | None:
    """Return what stands before an unnamed genus, and what tells its species from others.

    Returns:
        None where no such genus is meant; the part says nothing where no species is told apart.

    >>> read_open_genus(["Noctuidae", "gen.", "et", "sp.", "nov."])[1].epithet
    'gen. nov. sp. nov.'
    """
    keys = [_key(word) for word in words]
    at = next((place for place, key in enumerate(keys) if key in GENUS_WORDS), len(words))
    to = next(
        (place for place in range(at, len(words)) if keys[place] in SPECIES_WORDS), len(words)
    )
    between, after = words[at + 1 : to], words[to + 1 :]
    inside = [word for word in between if _key(word) not in _NO_TAG | _AND | set(DOUBTS)]
    if at == len(words) or not all(
        _TAG.fullmatch(_bare(word)) or _key(word) in NEW for word in inside
    ):
        return None
    name = [word for word in words[:at] if _key(word) not in NEW | set(DOUBTS)]
    new = sum(key in NEW for key in keys[:to])
    genus = [tag for tag in _tags(inside) if tag != "nov."]
    part = _open(after, next((_said(word) for word in words[:to] if _key(word) in DOUBTS), ""))
    is_new = part.epithet.startswith("sp. nov.")
    is_both = any(_key(word) in _AND for word in between) and (new or is_new)
    if new or is_both:
        genus.insert(0, "nov.")
    ours = part.epithet
    if (new > 1 or is_both) and not is_new:
        ours = part.epithet.replace("sp.", "sp. nov.", 1)
    if to == len(words) or (ours == "sp." and not genus):
        return name, SpeciesPart()
    epithet = " ".join(["gen.", *genus, ours])
    return name, SpeciesPart(epithet, said=part.said.replace(part.epithet, epithet))


def _open(rest: Sequence[str], said: str = "") -> SpeciesPart:
    """Read what tells one unnamed species of a genus from another: `1`, `A`, `nov.`, `Alps`.

    Args:
        said: a doubt before it.
    """
    rest = _unbracketed(rest)
    doubts = [said, *(_said(word) for word in rest if _key(word) == "?")]
    rest = [word for word in rest if _key(word) not in {"?", *_NO_TAG}]
    while rest and _key(rest[-1]) in DOUBTS:
        doubts.append(_said(rest[-1]))
        rest = rest[:-1]
    told = _after_doubts(rest)
    before_them = rest[: len(rest) - len(told)]
    if before_them and (not is_tag(told[0]) or _is_of_another_genus(told)):
        told = []  # `cf. Noctua fimbriata` names another species
    if not told or [_key(word) for word in before_them] != ["nr"]:  # `nr. 1` is a number
        doubts.extend(_said(word) for word in before_them)
        rest = told
    epithet = " ".join(["sp.", *_tags(rest)])
    before = dict.fromkeys(doubt for doubt in doubts if doubt not in ("", "?"))
    after = ["?"] if "?" in doubts else []
    return SpeciesPart(epithet, said=" ".join([*before, epithet, *after]))


def _tags(words: Sequence[str]) -> list[str]:
    """Return the words that tell an unnamed species; of those before a year, authors go."""
    told = [word for word in words if _bare(word) and _key(word) not in _NO_TAG]
    before = list(takewhile(lambda word: not _YEAR.match(_bare(word)), told))
    if len(before) < len(told):
        before = list(takewhile(is_tag, before))
    tags = ["nov." if _key(word) in NEW else _bare(word) for word in before]
    tags = [tag for tag in tags if _key(tag) not in ("no", "nr")]
    return [tag.upper() if len(tag) == 1 else tag for tag in tags]


def _bare(word: str) -> str:
    return word.strip("\"'#,;:()[]/")


def is_tag(word: str) -> bool:
    """Return whether a word can be no author: `1`, `A`, `B12`, `nov.` or in quotes.

    >>> is_tag("2a"), is_tag("A"), is_tag("A."), is_tag("Smith")
    (True, True, False, False)
    """
    is_quoted = word.startswith(("'", '"')) or word.endswith(("'", '"'))
    is_number = _key(word) in ("no", "nr") or _TAG.fullmatch(_bare(word)) is not None
    return is_quoted or is_number or _key(word) in NEW


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
