"""What a person gave as a name and what is read of it: nothing of it may be lost unsaid."""

from __future__ import annotations

import re

from .ranks import RANKS, SPECIES, Lineage, lowest_name

_WORD = re.compile(r"×?[^\W\d_]+(?:-[^\W\d_]+)*")


def left_unread(written: str, lineage: Lineage) -> str | None:
    """Return the sentence on a name of which only a higher taxon is read, None where all is.

    >>> left_unread("Xestia C-NIGRUM", ("", "", "", "", "", "", "Xestia", ""))[:34]
    "Of 'Xestia C-NIGRUM' only Xestia i"
    """
    taxon = lowest_name(lineage)
    if lineage[SPECIES] or written.casefold() == taxon.casefold():
        return None
    return (
        f"Of '{written}' only {taxon} is read; write '{taxon}' if that is meant, or a species as "
        "in 'Xestia baja', with a small letter"
    )


def no_higher_name(rank: str, name: str) -> str | None:
    """Return the sentence on what is no name of a rank above the species, None where it is one.

    A category is the user's own word.

    >>> no_higher_name("family", "Noctuidae") is None
    True
    """
    if _WORD.fullmatch(name) or (rank == RANKS[0] and name):
        return None
    return f"'{name}' is not read as the name of a {rank}; write one word, such as {rank}=Xestia"
