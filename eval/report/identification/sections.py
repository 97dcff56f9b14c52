"""The sections of a report on answers, in their order; to add one, list it here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..blocks import Section
from ..glossary import glossary
from .confusion import confusion
from .failures import failures, over_commitments
from .given import given
from .headline import headline, protocol
from .leaks import leak_notice
from .novelty import novelty
from .reliability import reliability
from .sets import sets
from .species import species
from .subject import AnswerSubject
from .threshold import threshold


def terms(_: AnswerSubject) -> Section:
    """What the terms of the report mean."""
    return glossary("identification")


ANSWER_SECTIONS: Sequence[Callable[[AnswerSubject], Section | None]] = (
    leak_notice,
    headline,
    protocol,
    given,
    threshold,
    reliability,
    novelty,
    sets,
    failures,
    over_commitments,
    confusion,
    species,
    terms,
)
