"""The sections of the report, in their order. To add one, write a function and list it here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..blocks import Section
from ..glossary import glossary
from .change_lists import changes
from .change_sections import gain
from .classifiers import classifiers
from .confusion import confusion
from .failures import failures
from .headline import headline, protocol
from .leak_notice import leak_notice
from .recall_tables import by_category, by_rank, unanswerable
from .spread import spread
from .subject import Subject
from .taxa_sections import genera, table


def terms(subject: Subject) -> Section:
    """What the terms of the report mean."""
    further = []
    if subject.comparison is not None:
        further.append("two_spaces")
    if subject.evaluation.classifiers is not None:
        further.append("classifiers")
    return glossary("retrieval", *further)


SECTIONS: Sequence[Callable[[Subject], Section | None]] = (
    leak_notice,
    headline,
    gain,
    changes,
    classifiers,
    protocol,
    by_rank,
    by_category,
    spread,
    confusion,
    failures,
    table,
    genera,
    unanswerable,
    terms,
)
