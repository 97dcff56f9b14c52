"""What an identification answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...gallery.fitted import Seen
from ...search.search import Hit
from ...ways import way
from ..changes import Changes
from .percentages import percent
from .unnamed import Unnamed

Taxa = list[tuple[str, float]]

_UNUSUAL = 0.95  # novelty from which a specimen lies unusually far
_VOTES = "none"
_UNSEEN = Seen(None, space=False, calibration=False)


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
        few_conditions: says that the calibration met few places or days; else empty.
        new_ranks: says at which ranks the calibration cannot answer; else empty.
    """

    ranks: dict[str, Taxa]
    novelty_p: float | None
    far: bool
    known: float | None = None
    species_set: tuple[str, ...] | None = None
    calibration: str = _VOTES
    changes: Changes | None = None
    decisive: frozenset[str] | None = None
    few_conditions: str = ""
    new_ranks: str = ""

    def back_off(self, risk: float) -> Determination | None:
        """Return the likeliest taxon of the finest rank that is sure enough, or None."""
        if self.far:
            return None
        for rank in reversed(list(self.ranks)):
            taxon, p = self.ranks[rank][0]
            if p >= 1 - risk and self.tells(rank):
                confidence = None if self.calibration == _VOTES else p
                return Determination(rank, taxon, confidence, "sp." if rank == "genus" else "")
        return None

    def tells(self, rank: str) -> bool:
        """Whether the gallery offers a choice at a rank, so that a name there says something."""
        return self.decisive is None or rank in self.decisive

    def figure(self, p: float, risk: float) -> str:
        """Return a probability, or a share of votes, in per cent, told from what was asked for."""
        return percent(p, 1 - risk, counted=self.calibration == _VOTES)

    @property
    def novelty(self) -> float | None:
        """How unlike anything known it is, in [0, 1), near 1 for what is unlike everything.

        It is the share of specimens of known species that lie nearer to theirs; None where
        `novelty_p` is.
        """
        return None if self.novelty_p is None else 1 - self.novelty_p

    @property
    def novelty_in_words(self) -> str:
        """The same for people: no more than usual, more than usual, entirely; empty for None."""
        if self.novelty is None:
            return ""
        if self.far:
            return "entirely"
        return "more than usual" if self.novelty >= _UNUSUAL else "no more than usual"

    @property
    def other_conditions(self) -> str:
        """Say that it is as far as what is taken under other conditions; empty where it is not."""
        if self.novelty is None or self.novelty < _UNUSUAL:
            return ""
        if self.far:
            return (
                "So far lies what is new, and also what was taken under other conditions, another "
                "camera, light or place, than the calibration was fitted on."
            )
        return (
            "It lies further from the gallery than 95 % of the specimens that the calibration was "
            "fitted on: if it was taken under other conditions, another camera, light or place, "
            "its figures are less sure than they say."
        )

    @property
    def note(self) -> str:
        """What to bear in mind about the figures, and what to do; empty where they are fitted."""
        if self.calibration == _VOTES:
            return (
                "Not calibrated: the figures are shares of the neighbours' votes, not "
                f"probabilities that were checked; run {way('calibrate')}."
            )
        if self.calibration == "stale":
            return (
                f"The calibration is stale: {self.changes} since it was fitted; run "
                f"{way('calibrate')} to renew it."
            )
        return ""


@dataclass(frozen=True)
class SpacesUsed:
    """What the parts of an answer come from.

    Attributes:
        neighbours: the space that the neighbours were searched in.
        determination: the space whose calibration gives the probabilities, or without one the
            space whose neighbours vote.
    """

    neighbours: str = ""
    determination: str = ""


@dataclass(frozen=True)
class PictureTaxon:
    """What one of several pictures of a specimen would be called by itself.

    Attributes:
        picture: its name.
        far: it is unlike anything known.
        rank: the finest at which one taxon is likelier than all others together; empty without
            one, and where it is far.
        taxon: that one.
        p: how probable, or without a calibration its share of the votes.
        lineage: the taxa of the ranks down to that, coarse to fine.
    """

    picture: str
    far: bool
    rank: str
    taxon: str
    p: float
    lineage: dict[str, str]

    @classmethod
    def of(cls, picture: str, judged: Judgement) -> PictureTaxon:
        """Return what a picture was judged to be."""
        likely = [(rank, *taxa[0]) for rank, taxa in judged.ranks.items() if taxa[0][1] > 0.5]
        lineage = {rank: taxon for rank, taxon, _ in likely}
        if judged.far or not lineage:
            return cls(picture, judged.far, "", "", 0.0, {})
        return cls(picture, False, *likely[-1], lineage)


@dataclass(frozen=True)
class Answer:
    """What a specimen is, how sure that is, and the evidence.

    Attributes:
        image: what was asked about.
        determination: the lowest rank that reaches the confidence asked for; None for "unknown".
        neighbours: the nearest gallery images, none of the query's own specimen.
        judgement: probabilities at every rank, and how far the specimen is from the gallery.
        why: the reason, in one sentence.
        risk: the share of given answers that may be wrong, as it was asked for.
        spaces: what neighbours and probabilities come from.
        unnamed: specimens that nobody has named and that it is like; None without.
        pictures: of several of the specimen, what each would be called by itself.
        notes: what else to bear in mind about this answer, a sentence each.
        seen: whether encoder, space and calibration were fitted on the specimen.
    """

    image: str
    determination: Determination | None
    neighbours: list[Hit]
    judgement: Judgement
    why: str
    risk: float = 0.05
    spaces: SpacesUsed = SpacesUsed()
    unnamed: Unnamed | None = None
    pictures: tuple[PictureTaxon, ...] = ()
    notes: tuple[str, ...] = ()
    seen: Seen = _UNSEEN

    @property
    def unknown(self) -> bool:
        """Whether no taxon at any rank is sure enough."""
        return self.determination is None

    @property
    def novelty_p(self) -> float | None:
        """How rare a specimen so far from its neighbours is, in (0, 1]; see `novelty`."""
        return self.judgement.novelty_p

    @property
    def novelty(self) -> float | None:
        """How unlike anything known it is, in [0, 1), near 1 for what is unlike everything."""
        return self.judgement.novelty

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

    @property
    def basis(self) -> str:
        """What the determination rests on and what the neighbours come from, in one sentence."""
        spaces = self.spaces
        if self.calibration == _VOTES:
            votes = "The determination rests on the votes of neighbours"
            return f"{votes} in space '{spaces.neighbours}'."
        rests = f"The determination rests on the calibration of space '{spaces.determination}'"
        if spaces.neighbours == spaces.determination:
            return f"{rests}, and the neighbours shown are of that space."
        return (
            f"{rests}; the neighbours shown are of space '{spaces.neighbours}', which changes no "
            "probability."
        )

    def figure(self, rank: str) -> str:
        """Return how sure the likeliest taxon of a rank is, in per cent."""
        return self.judgement.figure(self.ranks[rank][0][1], self.risk)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON-ready values."""
        judged = self.judgement
        return {
            "image": self.image,
            "determination": vars(self.determination) if self.determination else None,
            "unknown": self.unknown,
            "ranks": {
                rank: [self._taxon(taxon, p) for taxon, p in taxa]
                for rank, taxa in judged.ranks.items()
            },
            "neighbours": [hit.to_dict() for hit in self.neighbours],
            "novelty": judged.novelty,
            "novelty_in_words": judged.novelty_in_words,
            "novelty_p": judged.novelty_p,
            "p_known": judged.known,
            "species_set": None if judged.species_set is None else list(judged.species_set),
            "unnamed": None if self.unnamed is None else self.unnamed.to_dict(),
            "pictures": [self._picture(each) for each in self.pictures],
            "spaces": vars(self.spaces),
            "basis": self.basis,
            "calibration": judged.calibration,
            "calibration_changes": None if judged.changes is None else judged.changes.to_dict(),
            "calibration_note": judged.note,
            "why": self.why,
            "notes": list(self.notes),
            "fitted_on": self.seen.to_dict(),
        }

    def _taxon(self, taxon: str, p: float) -> dict[str, Any]:
        return {"taxon": taxon, "p": p, "percent": self.judgement.figure(p, self.risk)}

    def _picture(self, seen: PictureTaxon) -> dict[str, Any]:
        named = {"picture": seen.picture, "far": seen.far, "rank": seen.rank or None}
        if not seen.rank:
            return {**named, "taxon": None, "p": None, "percent": None}
        return {**named, **self._taxon(seen.taxon, seen.p)}


def share_out(top: float, others: list[tuple[str, float]]) -> Taxa:
    """Return the taxa after the first with what the first leaves, in proportion to their weights.

    None gets more than the first has: what is left over is "something else".

    >>> share_out(0.4, [("a", 3.0), ("b", 1.0)])
    [('a', 0.4), ('b', 0.15)]
    """
    total = sum(weight for _, weight in others)
    left = (1 - top) / total if total > 0 else 0.0
    return [(name, float(min(top, left * weight))) for name, weight in others]
