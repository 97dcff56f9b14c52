"""Invented names in correct Latin: the epithet agrees with the gender of the genus."""

from __future__ import annotations

from typing import Literal

Gender = Literal["m", "f", "n"]

# A prime number of them, so that walking through them never pairs one with a genus twice.
EPITHETS = (
    "fictus ignotus mirandus placidus subtilis insolitus jucundus umbratilis imaginarius "
    "modestus nebulosus vagabundus dubius amabilis lucidus serenus curiosus hilaris mutabilis "
    "festivus tenuis nobilis tranquillus improbabilis somniferus perplexus memorabilis "
    "taciturnus notabilis inopinatus venerabilis"
).split()

_ENDINGS = {"us": {"m": "us", "f": "a", "n": "um"}, "is": {"m": "is", "f": "is", "n": "e"}}


def decline(epithet: str, gender: Gender) -> str:
    """Return an adjective, given in the masculine, in the gender of its genus.

    >>> decline("fictus", "f"), decline("subtilis", "n")
    ('ficta', 'subtile')
    """
    return epithet[:-2] + _ENDINGS[epithet[-2:]][gender]
