"""What an identification answers, and how it explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..search.search import Hit
from .changes import Changes

Taxa = list[tuple[str, float]]


@dataclass(frozen=True)
class Determination:
    """A taxon, the rank it has, and the probability in [0, 1] that it is right.

    Without a calibration nothing is known of that probability, and `confidence` is None.
    """

    rank: str
    taxon: str
    confidence: float | None
    qualifier: str = ""


@dataclass(frozen=True)
class Judgement:
    """What the neighbours of a specimen say.

    Attributes:
        ranks: the likeliest taxa of every rank and their probabilities, best first; without a
            calibration, the taxa with most of the neighbours' votes and their shares of these.
        novelty_p: how rare a specimen so far from its neighbours is, in (0, 1]; None without a
            calibration, and where nothing that is named may be compared with it.
        far: too far from everything for any name.
        known: the probability that the gallery holds its species; None without a calibration.
        species_set: the species among which the true one is with 95 % probability, if the gallery
            holds it; None without a calibration.
        calibration: `fitted`, `stale` (something has changed since) or `none` (none is kept).
        changes: what has changed since the calibration was fitted; None without one.
        decisive: the ranks that may decide, those at which the gallery offers a choice; None for
            all.
    """

    ranks: dict[str, Taxa]
    novelty_p: float | None
    far: bool
    known: float | None = None
    species_set: tuple[str, ...] | None = None
    calibration: str = "none"
    changes: Changes | None = None
    decisive: frozenset[str] | None = None

    def back_off(self, risk: float) -> Determination | None:
        """Return the likeliest taxon of the finest rank that is sure enough, or None."""
        if self.far:
            return None
        for rank in reversed(list(self.ranks)):
            taxon, p = self.ranks[rank][0]
            if p >= 1 - risk and (self.decisive is None or rank in self.decisive):
                confidence = None if self.calibration == "none" else p
                return Determination(rank, taxon, confidence, "sp." if rank == "genus" else "")
        return None

    @property
    def note(self) -> str:
        """What to bear in mind about the figures, and what to do; empty where they are fitted."""
        if self.calibration == "none":
            return (
                "Not calibrated: the figures are shares of the neighbours' votes, not "
                "probabilities that were checked; run 'holotype calibrate'."
            )
        if self.calibration == "stale":
            return (
                f"The calibration is stale: {self.changes} since it was fitted; run 'holotype "
                "calibrate' to renew it."
            )
        return ""


@dataclass(frozen=True)
class Answer:
    """What a specimen is, how sure that is, and the evidence.

    Attributes:
        image: what was asked about.
        determination: the lowest rank that reaches the confidence asked for; None for "unknown".
        neighbours: the nearest gallery images, none of the query's own specimen.
        judgement: probabilities at every rank, and how far the specimen is from the gallery.
        why: the reason, in one sentence.
    """

    image: str
    determination: Determination | None
    neighbours: list[Hit]
    judgement: Judgement
    why: str

    @property
    def unknown(self) -> bool:
        """Whether no taxon at any rank is sure enough."""
        return self.determination is None

    @property
    def novelty_p(self) -> float | None:
        """How rare a specimen so far from its neighbours is, in (0, 1]; None where not known."""
        return self.judgement.novelty_p

    @property
    def ranks(self) -> dict[str, Taxa]:
        """The likeliest taxa of every rank and their probabilities, best first."""
        return self.judgement.ranks

    @property
    def calibration(self) -> str:
        """`fitted`, `stale` or `none`: what the probabilities rest on; see `Judgement`."""
        return self.judgement.calibration

    @property
    def calibration_changes(self) -> Changes | None:
        """What has changed since the calibration was fitted; None without one."""
        return self.judgement.changes

    @property
    def calibration_note(self) -> str:
        """What to bear in mind about the figures, and what to do; empty where they are fitted."""
        return self.judgement.note

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values."""
        judged = self.judgement
        return {
            "image": self.image,
            "determination": vars(self.determination) if self.determination else None,
            "unknown": self.unknown,
            "ranks": {
                rank: [{"taxon": taxon, "p": p} for taxon, p in taxa]
                for rank, taxa in judged.ranks.items()
            },
            "neighbours": [hit.to_dict() for hit in self.neighbours],
            "novelty_p": judged.novelty_p,
            "p_known": judged.known,
            "species_set": None if judged.species_set is None else list(judged.species_set),
            "calibration": judged.calibration,
            "calibration_changes": None if judged.changes is None else judged.changes.to_dict(),
            "calibration_note": judged.note,
            "why": self.why,
        }


def explain(
    determination: Determination | None, judged: Judgement, neighbours: list[Hit], risk: float
) -> str:
    """Explain an answer in one sentence."""
    best = neighbours[0]
    nearest = f"{best.image.lineage[-1] or best.image.image_id} at cosine {best.score:.2f}"
    if judged.far:
        return (
            f"Unlike anything in the gallery: the nearest is {nearest}, and only "
            f"{judged.novelty_p:.1%} of the gallery's own specimens lie that far from theirs."
        )
    if not judged.ranks:
        return f"None of the neighbours has a determination; the nearest is {nearest}."
    if judged.calibration == "none":
        return f"{_votes(determination, judged, risk)}; the nearest is {nearest}."
    finest = list(judged.ranks)[-1]
    taxon, p = judged.ranks[finest][0]
    if determination is None:
        doubt = ""
        if judged.known is not None and judged.known < 0.5:
            doubt = (
                f", and its species is probably not in the gallery ({percent(1 - judged.known)})"
            )
        return (
            f"No rank reaches {percent(1 - risk)}: {finest} {taxon} has {percent(p)}{doubt}; "
            f"the nearest is {nearest}."
        )
    if determination.rank == finest:
        return f"The neighbours agree on {taxon} ({percent(p)}); the nearest is {nearest}."
    sure = percent(judged.ranks[determination.rank][0][1])
    return (
        f"The neighbours agree on {determination.rank} {determination.taxon} ({sure}), but "
        f"{finest} {taxon} has only {percent(p)}; the nearest is {nearest}."
    )


def _votes(determination: Determination | None, judged: Judgement, risk: float) -> str:
    """Say how the neighbours voted."""
    finest = list(judged.ranks)[-1]
    taxon, share = judged.ranks[finest][0]
    if determination is None and not judged.decisive:
        return f"The gallery names nothing but {taxon}, so that its neighbours decide nothing"
    if determination is None:
        return (
            f"No rank has {percent(1 - risk)} of the neighbours' votes: {finest} {taxon} has "
            f"{percent(share)}"
        )
    votes = percent(judged.ranks[determination.rank][0][1])
    if determination.rank == finest:
        return f"{taxon} has {votes} of the neighbours' votes"
    return (
        f"{determination.rank.capitalize()} {determination.taxon} has {votes} of the neighbours' "
        f"votes, but {finest} {taxon} only {percent(share)}"
    )


def percent(p: float) -> str:
    """Return a probability for people; rounding never makes it certain.

    >>> percent(0.934), percent(0.997), percent(0.001)
    ('93 %', '> 99 %', '< 1 %')
    """
    if p > 0.99:
        return "> 99 %"
    return "< 1 %" if p < 0.01 else f"{p:.0%}".replace("%", " %")


def share_out(top: float, others: list[tuple[str, float]]) -> Taxa:
    """Return the taxa after the first with what the first leaves, in proportion to their weights.

    None gets more than the first has: what is left over is "something else".

    >>> share_out(0.4, [("a", 3.0), ("b", 1.0)])
    [('a', 0.4), ('b', 0.15)]
    """
    total = sum(weight for _, weight in others)
    left = (1 - top) / total if total > 0 else 0.0
    return [(name, float(min(top, left * weight))) for name, weight in others]
