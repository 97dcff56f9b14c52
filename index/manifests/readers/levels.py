"""What the folders above a picture say of it: their levels are ranks, splits or specimens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...errors import ManifestError, UsageError
from ...storage.records import DETAILS
from ...taxonomy import RANKS
from ...ways import option
from ..problems import some

IGNORED = "-"
LEVELS = (*RANKS, "split", "specimen_id", *DETAILS)

_SPLITS = frozenset(
    "train training val valid validation dev eval evaluation test testing holdout".split()
)
_BINOMIAL = re.compile(r"[^\W\d_a-z][\w-]+[ _]+(?:[x×][ _]+)?[^\W\d_A-Z][\w.-]+.*")
_EPITHET = re.compile(r"[^\W\d_A-Z][^\W\d_A-Z-]+")
_WORD = re.compile(r"[^\W\d_a-z][^\W\d_]+")
# As the competitions of iNaturalist name their folders: a number, kingdom to genus, and epithet.
_INATURALIST = re.compile(r"\d+((?:_[^\W\d_]+){6})_([^\W\d_][\w-]*)")
_ENDINGS = {
    "kingdom": re.compile("animalia|plantae|fungi|chromista|protozoa", re.IGNORECASE),
    "phylum": re.compile("arthropoda|chordata|mollusca|tracheophyta|.+(phyta|mycota)", re.I),
    "class": re.compile(
        "insecta|arachnida|aves|mammalia|reptilia|amphibia|gastropoda|bivalvia|.+(opsida|pterygii)",
        re.IGNORECASE,
    ),
    "order": re.compile(".+(ptera|formes|ales|odonata)|odonata|araneae|carnivora|rodentia", re.I),
    "family": re.compile(".+(idae|aceae)", re.IGNORECASE),
}

Folders = tuple[str, ...]


def labels_of(pictures: Sequence[str], levels: Sequence[str], root: str) -> list[dict[str, str]]:
    """Return what the folders above every picture say.

    Args:
        pictures: their paths, relative to the folder that was named.
        levels: what the levels of folders are, from the top, of `LEVELS` and `IGNORED`; empty where
            the user does not say. Then one level is the species, two are category (or family,
            by its ending) and species, and a level of `train`, `val` and `test` is the split.
        root: what messages call the folder.

    Raises:
        ManifestError: the levels are not said, and cannot be told.
        UsageError: a level is none of those that there are.
    """
    folders = [tuple(picture.split("/")[:-1]) for picture in pictures]
    if levels:
        _require_known(levels)
        return _as_said(folders, levels)
    different = list(dict.fromkeys(folders))
    split = _split_level(different, root)
    named = {one: _without(one, split) for one in different}
    _require_clear({names: one for one, names in named.items()}, split, root)
    labels = {one: _label(one, names, split) for one, names in named.items()}
    return [labels[one] for one in folders]


def _label(folders: Folders, names: Folders, split: int | None) -> dict[str, str]:
    found = dict.fromkeys(("split", *RANKS), "")
    if split is not None and len(folders) > split:
        found["split"] = folders[split].lower()
    if not names:
        return found
    if len(names) > 1:
        is_family = _ENDINGS["family"].fullmatch(names[0])
        found["family" if is_family else "category"] = names[0]
    found["species"] = names[-1]
    if listed := _INATURALIST.fullmatch(names[-1]):
        ranks = dict(zip(RANKS[1:7], listed[1].split("_")[1:], strict=True))
        found |= {**ranks, "species": f"{ranks['genus']} {listed[2]}"}
    return found


def _without(folders: Folders, level: int | None) -> Folders:
    if level is None:
        return folders
    return folders[:level] + folders[level + 1 :]


def _at(folders: Iterable[Folders], level: int) -> list[str]:
    return list(dict.fromkeys(names[level] for names in folders if len(names) > level))


def _split_level(folders: list[Folders], root: str) -> int | None:
    """Return the level whose folders are the parts of a split, if there is one.

    Raises:
        ManifestError: some folders of a level are, and others are not.
    """
    for level in range(max(map(len, folders), default=0)):
        names = _at(folders, level)
        parts = [name for name in names if name.lower() in _SPLITS]
        if len(parts) == len(names):
            return level
        if len(parts) > 1 or "train" in map(str.lower, parts):
            others = [name for name in names if name not in parts]
            raise ManifestError(
                f"{root} holds {some(sorted(parts))}, which look like the parts of a split, beside "
                f"{some(sorted(others))}; say what the levels of folders are, such as "
                f"{option('levels', 'split,species')} or {option('levels', 'category,species')}, "
                "or name one of the parts"
            )
    return None


def _require_clear(shapes: dict[Folders, Folders], split: int | None, root: str) -> None:
    """Ask what the levels are where that cannot be told from their number and their names."""
    deepest = max(shapes, key=len, default=())
    if len(deepest) < 2:
        return
    two = [names for names in shapes if len(names) == 2]
    if len(deepest) == 2 and not _is_doubtful(_at(two, 0), _at(two, 1)):
        return
    example = shapes[deepest]
    at = range(len(example))
    places = [one for one in shapes.values() if len(one) == len(example)]
    guessed = [
        "split" if level == split else _guess(_at(places, level), level, example) for level in at
    ]
    raise ManifestError(
        f"Pictures in {root} lie {len(example)} levels of folders deep, such as in "
        f"{'/'.join(example)}; say what the levels are, such as "
        f"{option('levels', ','.join(guessed))} (of {', '.join(LEVELS[:10])}; {IGNORED} for "
        "one that says nothing)"
    )


def _is_doubtful(upper: list[str], lower: list[str]) -> bool:
    """Return whether two levels do not look like categories and species."""
    if _share(_BINOMIAL, lower) > 0.5:
        return _share(_BINOMIAL, upper) > 0.5
    if _share(_BINOMIAL, upper) > 0.5:
        return True  # specimens, views or dates below the species
    if sum(any(c.isdigit() for c in name) for name in lower) * 2 > len(lower):
        return not all(map(_INATURALIST.fullmatch, lower))
    return _share(_EPITHET, lower) == 1 and _share(_WORD, upper) == 1  # genus and epithet


def _share(pattern: re.Pattern[str], names: list[str]) -> float:
    return sum(pattern.fullmatch(name) is not None for name in names) / max(1, len(names))


def _guess(names: list[str], level: int, example: Folders) -> str:
    """Return what a level probably is."""
    if _share(_BINOMIAL, names) > 0.5:
        return "species"
    for rank, pattern in _ENDINGS.items():
        if _share(pattern, names) > 0.5:
            return rank
    if _share(_EPITHET, names) > 0.5 and level and _WORD.fullmatch(example[level - 1]):
        return "species"
    if any(map(_BINOMIAL.fullmatch, example[:level])):
        return "specimen_id"
    if _WORD.fullmatch(names[0]) and _EPITHET.fullmatch((*example, "")[level + 1]):
        return "genus"
    if any(c.isdigit() for c in names[0]):
        return "specimen_id"
    return "category" if level == 0 else IGNORED


def _require_known(levels: Sequence[str]) -> None:
    for level in levels:
        if level not in (*LEVELS, IGNORED):
            raise UsageError(
                f"{option('levels')} '{level}' is none of {', '.join(LEVELS)}, or {IGNORED} for "
                "a level that says nothing"
            )
        if level != IGNORED and list(levels).count(level) > 1:
            raise UsageError(
                f"{option('levels')} names '{level}' twice; each level is another thing"
            )


def _as_said(folders: list[Folders], levels: Sequence[str]) -> list[dict[str, str]]:
    """Return what the levels say; of specimens under one number, the whole path is the name."""
    found = []
    specimen = levels.index("specimen_id") if "specimen_id" in levels else None
    whole = specimen is not None and _comes_again(folders, specimen)
    for names in folders:
        label = {level: name for level, name in zip(levels, names, strict=False) if level != "-"}
        if specimen is not None and whole and len(names) > specimen:
            label["specimen_id"] = "/".join(names[: specimen + 1])
        found.append(dict.fromkeys(levels, "") | label)
    return found


def _comes_again(folders: Iterable[Folders], level: int) -> bool:
    """Return whether folders of a level have one name under different folders."""
    places = {names[: level + 1] for names in folders if len(names) > level}
    return len({place[-1] for place in places}) < len(places)
