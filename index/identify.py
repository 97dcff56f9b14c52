"""One honest answer per specimen: the lowest rank that is sure enough, or "unknown"."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .collection import Collection
from .confidence import NEIGHBOURS, Votes, calibrate, count_votes
from .encoders import Embeddings, Encoder
from .errors import UsageError
from .gallery import Gallery
from .search import Hit, hits, picture_vector, unit_vector, without_specimens
from .settings import settings
from .taxonomy import RANKS
from .where import allowed_places

_NOVEL = 0.01  # p-value below which a specimen is unlike anything in the gallery
_SHOWN = 5  # taxa listed at every rank
_TINY = 1e-9


@dataclass(frozen=True)
class Determination:
    """A taxon, the rank it has, and the probability in [0, 1] that it is right."""

    rank: str
    taxon: str
    confidence: float
    qualifier: str = ""


@dataclass(frozen=True)
class Answer:
    """What a specimen is, how sure that is, and the evidence.

    Attributes:
        image: what was asked about.
        determination: the lowest rank that reaches the confidence asked for; None for "unknown".
        ranks: the likeliest taxa of every rank and their probabilities, best first.
        neighbours: the nearest gallery images, none of the query's own specimen.
        novelty_p: how rare a nearest neighbour this far is within the gallery, in (0, 1].
        why: the reason, in one sentence.
    """

    image: str
    determination: Determination | None
    ranks: dict[str, list[tuple[str, float]]]
    neighbours: list[Hit]
    novelty_p: float
    why: str

    @property
    def unknown(self) -> bool:
        """Whether no taxon at any rank is sure enough."""
        return self.determination is None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values."""
        return {
            "image": self.image,
            "determination": vars(self.determination) if self.determination else None,
            "unknown": self.unknown,
            "ranks": {
                rank: [{"taxon": taxon, "p": p} for taxon, p in taxa]
                for rank, taxa in self.ranks.items()
            },
            "neighbours": [hit.to_dict() for hit in self.neighbours],
            "novelty_p": self.novelty_p,
            "why": self.why,
        }


def identify(
    collection: Collection,
    encoder: Encoder,
    pictures: Sequence[Path | bytes],
    *,
    name: str = "",
    space: str | None = None,
    risk: float = 0.05,
    only: Sequence[str] = (),
    k: int = 10,
) -> Answer:
    """Identify one specimen from one or more pictures of it.

    A picture that is in the collection is recognised by its content; images of its specimen are
    then no evidence.

    Args:
        pictures: files or their bytes; all of one specimen.
        name: how the answer calls it; by default the first file's name.
        risk: share of given answers that may be wrong; 0.05 asks for 95 % confidence.
        only: conditions on the gallery, such as `family=Noctuidae`.
        k: neighbours to show.

    Raises:
        PictureError: a picture that cannot be used.
        MismatchError: the encoder is not the space's.
        UsageError: no pictures, too many, or an argument out of range.
    """
    vector, specimens = picture_vector(collection, encoder, pictures, space)
    return identify_vector(
        collection,
        vector,
        name=name or next((str(p) for p in pictures if isinstance(p, Path)), "picture"),
        exclude_specimens=specimens,
        space=space,
        risk=risk,
        only=only,
        k=k,
    )


def identify_vector(
    collection: Collection,
    vector: Embeddings,
    *,
    name: str,
    exclude_specimens: Set[str] = frozenset(),
    space: str | None = None,
    risk: float = 0.05,
    only: Sequence[str] = (),
    k: int = 10,
) -> Answer:
    """Identify one specimen from its embedding, float32 [dim]; see `identify`."""
    if not 0 < risk < 1:
        raise UsageError(f"risk is {risk}; it must lie between 0 and 1, for example 0.05")
    if not 1 <= k <= settings().max_k:
        raise UsageError(f"k is {k}; it must be 1 to {settings().max_k} (HOLOTYPE_MAX_K)")
    gallery = collection.gallery(space)
    allowed = without_specimens(
        collection, gallery, allowed_places(collection, gallery, only), exclude_specimens
    )
    unit = unit_vector(vector, gallery)
    scores, places = gallery.index.search(unit[None], max(k, NEIGHBOURS), allowed)
    shown = hits(collection, gallery, places[0, :k].tolist(), scores[0, :k])
    if not shown:
        return Answer(name, None, {}, [], 1.0, "Nothing in the gallery may be compared with it.")
    nearest, near_scores = places[0, :NEIGHBOURS], scores[0, :NEIGHBOURS]
    votes = count_votes(gallery, near_scores, nearest)
    calibration = calibrate(gallery)
    sure = {
        rank: calibration.confidence(rank, found.shares[0], near_scores)
        for rank, found in votes.items()
    }
    ranks = _probabilities(gallery, votes, _consistent(gallery, votes, sure))
    novelty = calibration.novelty(float(near_scores[0]))
    determination = None if novelty < _NOVEL else _back_off(ranks, 1 - risk)
    why = _why(determination, ranks, novelty, shown, risk)
    return Answer(name, determination, ranks, shown, novelty, why)


def _consistent(
    gallery: Gallery, votes: dict[str, Votes], sure: dict[str, float]
) -> dict[str, float]:
    """Make a taxon at least as probable as the one below it that it contains."""
    raised: dict[str, float] = {}
    finer: str | None = None
    for rank in reversed(list(votes)):
        raised[rank] = sure[rank]
        if finer is not None:
            inside = gallery.labels(finer).lineages[votes[finer].taxa[0]]
            top = gallery.labels(rank).names[votes[rank].taxa[0]]
            if inside[RANKS.index(rank)] == top:
                raised[rank] = max(sure[rank], raised[finer])
        finer = rank
    return raised


def _probabilities(
    gallery: Gallery, votes: dict[str, Votes], sure: dict[str, float]
) -> dict[str, list[tuple[str, float]]]:
    """Return taxa and probabilities of every rank, coarse to fine.

    The strongest taxon has its calibrated probability. The others share the rest by their votes,
    none of them more than the strongest has: what is left over is "something else".
    """
    found = {}
    for rank, counted in votes.items():
        names = [gallery.labels(rank).names[code] for code in counted.taxa[:_SHOWN]]
        top, left = sure[rank], (1 - sure[rank]) / max(1 - counted.shares[0], _TINY)
        others = [min(top, left * share) for share in counted.shares[1:_SHOWN]]
        found[rank] = list(zip(names, [top, *others], strict=True))
    return found


def _back_off(ranks: dict[str, list[tuple[str, float]]], confidence: float) -> Determination | None:
    """Return the strongest taxon of the finest rank that reaches a confidence."""
    for rank in reversed(list(ranks)):
        taxon, p = ranks[rank][0]
        if p >= confidence:
            return Determination(rank, taxon, p, "sp." if rank == "genus" else "")
    return None


def _why(
    determination: Determination | None,
    ranks: dict[str, list[tuple[str, float]]],
    novelty: float,
    shown: list[Hit],
    risk: float,
) -> str:
    """Explain the answer in one sentence."""
    best = shown[0]
    nearest = f"{best.image.lineage[-1] or best.image.image_id} at cosine {best.score:.2f}"
    if novelty < _NOVEL:
        return (
            f"Unlike anything in the gallery: the nearest is {nearest}, and only "
            f"{novelty:.1%} of the gallery's own specimens lie that far from their nearest."
        )
    if not ranks:
        return f"None of the neighbours has a determination; the nearest is {nearest}."
    finest, (taxon, p) = next((rank, ranks[rank][0]) for rank in reversed(list(ranks)))
    if determination is None:
        return (
            f"No rank reaches {1 - risk:.0%}: {finest} {taxon} has {p:.0%}; the nearest is "
            f"{nearest}."
        )
    if determination.rank == finest:
        return f"The neighbours agree on {taxon} ({p:.0%}); the nearest is {nearest}."
    return (
        f"The neighbours agree on {determination.rank} {determination.taxon} "
        f"({determination.confidence:.0%}), but {finest} {taxon} has only {p:.0%}; the nearest is "
        f"{nearest}."
    )
