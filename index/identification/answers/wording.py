"""An answer as a terminal, a table or a contact sheet shows it: every door says it alike."""

from __future__ import annotations

from dataclasses import dataclass

from .answer import Answer
from .percentages import percent

FIGURES = {"none": " of the votes, not calibrated", "stale": " by a stale calibration"}


@dataclass(frozen=True)
class Wording:
    """An answer in words.

    Attributes:
        name: the taxon with its qualifier, such as "Xestia sp."; "unknown" without.
        rank: its rank; empty without.
        sure: how sure that is and what the figure rests on, such as "94.6 %"; empty without.
        why: the reason, in one sentence.
        novelty: how unlike anything known, with the figure; empty where that is not known.
        notes: what else to bear in mind about this specimen, a sentence each.
        about_figures: what to bear in mind about the figures of all answers alike, a sentence each.
    """

    name: str
    rank: str
    sure: str
    why: str
    novelty: str
    notes: tuple[str, ...]
    about_figures: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The determination in one line, such as "Xestia sp., genus, 94.6 %", or "unknown"."""
        return ", ".join(part for part in (self.name, self.rank, self.sure) if part)


def in_words(answer: Answer) -> Wording:
    """Put an answer into words."""
    found, spaces = answer.determination, answer.spaces
    basis = [answer.basis] if spaces.neighbours != spaces.determination else []
    return Wording(
        name=f"{found.taxon} {found.qualifier}".strip() if found else "unknown",
        rank=found.rank if found else "",
        sure=answer.figure(found.rank) + FIGURES.get(answer.calibration, "") if found else "",
        why=answer.why,
        novelty=_novelty(answer),
        notes=answer.notes,
        about_figures=tuple(filter(None, (answer.calibration_note, *basis))),
    )


def _novelty(answer: Answer) -> str:
    if answer.novelty is None:
        return ""
    nearer = percent(answer.novelty, counted=True)
    return (
        f"How unlike anything known: {answer.judgement.novelty_in_words} ({nearer} of known "
        "specimens lie nearer to theirs)"
    )
