"""Captions of pictures, made of what is known of their specimens: every one is a true sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Flags, Floats
from holotype.index.errors import UsageError
from holotype.index.taxonomy import RANKS

COMMON_COLUMNS = ("vernacular_name", "vernacularName", "common_name")
TEMPLATES = (
    "a photo of {species}, {a_kind} of the family {family}",
    "a photo of {species}, {a_kind}",
    "a photo of {species}",
    "{species}",
    "{family} {species}",
    "a photo of {common}, {a_kind}",
    "a photo of {common} ({species})",
    "{common}",
    "a photo of {a_kind} of the genus {genus}",
    "a photo of {genus}, family {family}",
    "{genus}",
    "a photo of {a_kind} of the family {family}",
    "a photo of {family}",
    "{family}",
    "a photo of {a_kind} of the order {order}",
    "{order}",
    "{class}",
    "a photo of {a_kind}",
    "{kind}",
)
_KINDS = ("kind", "a_kind")  # of the category, in running text
_FIELDS = (*RANKS, "common", *_KINDS)


def field_names(template: str) -> list[str]:
    """Return what a template names.

    Raises:
        UsageError: it names nothing, or something that captions do not know.

    >>> field_names("a photo of {species}, {a_kind}")
    ['species', 'a_kind']
    """
    try:
        found = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise UsageError(f"Template '{template}' cannot be read ({error})") from error
    wrong = next((name for name in found if name not in _FIELDS), None)
    if wrong is not None or not found:
        said = f"names '{wrong}'" if found else "names nothing"
        raise UsageError(f"Template '{template}' {said}; write one or more of {_listed()}")
    return found


def _listed() -> str:
    return ", ".join("{" + name + "}" for name in _FIELDS)


@dataclass(frozen=True, eq=False)
class Taxa:
    """What n pictures show.

    Attributes:
        ranks: the ranks that some of them are named at, coarse to fine.
        labels: int64 [n, ranks], the taxon at each rank, -1 where it is not known.
        names: the names of each rank's taxa.
        common: n common names, empty where none is given; None where no picture has one.
    """

    ranks: tuple[str, ...]
    labels: Codes
    names: Sequence[Sequence[str]]
    common: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, rows: Codes) -> Taxa:
        """Return those of some pictures."""
        common = None if self.common is None else [self.common[row] for row in rows]
        return Taxa(self.ranks, self.labels[rows], self.names, common)


def common_names(metadata: Sequence[Mapping[str, str]]) -> list[str] | None:
    """Return the common name of every picture by its own columns; None where there is none.

    >>> common_names([{"common_name": "dingy footman"}, {}])
    ['dingy footman', '']
    """
    found = [next((own[c] for c in COMMON_COLUMNS if own.get(c)), "") for own in metadata]
    return found if any(found) else None


@dataclass(frozen=True)
class Caption:
    """A sentence, and the taxon that it is about.

    Attributes:
        rank: place of its rank in `Taxa.ranks`.
        taxon: code at that rank.
    """

    text: str
    rank: int
    taxon: int


@dataclass(frozen=True, eq=False)
class Batch:
    """The captions of a batch of n pictures, each once.

    Attributes:
        texts: m sentences.
        truth: bool [n, m], whether a sentence is true of a picture: it may be of several.
        known: bool [n, m], whether that can be told: not where the picture has no name at the
            rank that the sentence is about.
    """

    texts: list[str]
    truth: Flags
    known: Flags


class Captions:
    """Draws captions: the same for the same seed, epoch and picture.

    Args:
        taxa: of the pictures.
        templates: sentences with fields; one is used where all that it names is known.
        shares: how often a caption is about each rank, of the ranks that a picture is named at.
        seed: of the draws.

    Raises:
        UsageError: a template or a rank is not known, or no picture gets a caption.
    """

    def __init__(
        self,
        taxa: Taxa,
        *,
        templates: Sequence[str] = TEMPLATES,
        shares: Mapping[str, float],
        seed: int = 0,
    ) -> None:
        self.taxa, self._seed = taxa, seed
        self._templates = [(template, field_names(template)) for template in templates]
        self._shares = _checked(shares)
        self._drawn: tuple[int, Floats] = (-1, np.empty((0, 2)))
        telling = [
            rank for rank in range(len(taxa.ranks)) if len(np.unique(taxa.labels[:, rank])) > 1
        ]
        common = taxa.common or [""] * len(taxa)
        kinds: dict[tuple[Any, ...], int] = {}
        self._kind = np.array(
            [
                kinds.setdefault((*row, own), len(kinds))
                for row, own in zip(taxa.labels.tolist(), common, strict=True)
            ],
            np.int64,
        )
        self._choices = [self._choice(kind[:-1], kind[-1], telling) for kind in kinds]
        self.usable: Flags = np.array([bool(c) for c in self._choices], bool)[self._kind]
        if not self.usable.any():
            raise UsageError(
                "No picture gets a caption that tells it from others; captions need two taxa of "
                f"a rank among {', '.join(self._shares)}"
            )

    def _choice(
        self, labels: tuple[int, ...], common: str, telling: list[int]
    ) -> list[tuple[float, list[Caption]]]:
        """Return the captions of a lineage by rank, each rank with its share of all."""
        names = {
            rank: self.taxa.names[place][code]
            for place, (rank, code) in enumerate(zip(self.taxa.ranks, labels, strict=True))
            if code >= 0
        }
        made: dict[int, list[Caption]] = {}
        for template, fields in self._templates:
            place = self._about(fields, labels)
            facts = {**_kind(names.get("category", "")), **names, "common": common}
            if place in telling and all(facts.get(field) for field in fields):
                text = template.format_map(facts)
                made.setdefault(place, []).append(Caption(text, place, labels[place]))
        shares = {place: self._shares.get(self.taxa.ranks[place], 0.0) for place in made}
        total = sum(shares.values())
        return [(share / total, made[place]) for place, share in shares.items() if share]

    def _about(self, fields: Sequence[str], labels: tuple[int, ...]) -> int:
        """Return the place of the finest rank that a template names, -1 where that is not known."""
        places = [place for place, code in enumerate(labels) if code >= 0]
        if "common" in fields:
            return max(places, default=-1)
        ranks = [field for field in fields if field not in _KINDS] or ["category"]
        named = [place for place, rank in enumerate(self.taxa.ranks) if rank in ranks]
        return max(named, default=-1) if set(named) <= set(places) else -1

    def drawn(self, rows: Codes, epoch: int) -> list[Caption]:
        """Return one caption for each of some pictures, which must be `usable`."""
        if self._drawn[0] != epoch:
            # Row i of the draws is the same whatever comes after it.
            rng = np.random.default_rng([self._seed, epoch])
            self._drawn = (epoch, rng.random((len(self.taxa), 2)))
        return [
            _picked(self._choices[kind], *draw)
            for kind, draw in zip(self._kind[rows], self._drawn[1][rows], strict=True)
        ]

    def batch(self, rows: Codes, epoch: int) -> Batch:
        """Return the captions of a batch, and of which of its pictures each is true."""
        texts = {caption.text: caption for caption in self.drawn(rows, epoch)}
        ranks = np.array([caption.rank for caption in texts.values()], np.int64)
        wanted = np.array([caption.taxon for caption in texts.values()], np.int64)
        found: NDArray[np.int64] = self.taxa.labels[rows][:, ranks]
        return Batch(list(texts), found == wanted, found >= 0)

    @property
    def finest(self) -> int:
        """The finest rank that any caption is about, as a place in `Taxa.ranks`."""
        return max(one.rank for choice in self._choices for _, group in choice for one in group)

    def about(self, place: int) -> dict[int, list[str]]:
        """Return all captions about each taxon of a rank, by its code."""
        found: dict[int, dict[str, None]] = {}
        for choice in self._choices:
            for caption in (one for _, captions in choice for one in captions):
                if caption.rank == place:
                    found.setdefault(caption.taxon, {})[caption.text] = None
        return {taxon: list(texts) for taxon, texts in sorted(found.items())}


def _picked(choice: list[tuple[float, list[Caption]]], rank: float, template: float) -> Caption:
    captions = choice[-1][1]
    for share, of_rank in choice:
        if rank < share:
            captions = of_rank
            break
        rank -= share
    return captions[int(template * len(captions))]


def _kind(category: str) -> dict[str, str]:
    """Return a category as a word of running text.

    >>> _kind("Insect")
    {'kind': 'insect', 'a_kind': 'an insect'}
    """
    kind = category.lower()
    article = "an" if kind[:1] in ("a", "e", "i", "o", "u") else "a"
    return {"kind": kind, "a_kind": f"{article} {kind}" if kind else "a specimen"}


def _checked(shares: Mapping[str, float]) -> dict[str, float]:
    wrong = next((rank for rank in shares if rank not in RANKS), None)
    if wrong is not None:
        raise UsageError(f"'{wrong}' is no rank; captions are about {', '.join(RANKS)}")
    low = next((f"{rank} {share}" for rank, share in shares.items() if not share >= 0), None)
    if low or not sum(shares.values()) > 0:
        raise UsageError(f"The shares of ranks are {dict(shares)}; each is at least 0, one above")
    return dict(shares)
