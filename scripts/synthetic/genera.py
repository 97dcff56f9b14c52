"""All genera, in the order in which collections take them."""

from .ammonites import AMMONITES
from .foraminifers import FORAMINIFERS
from .genus import Genus
from .snails import SNAILS

# One of each category in turn, so that a small collection has all three.
GENERA: tuple[Genus, ...] = tuple(
    genus for trio in zip(AMMONITES, SNAILS, FORAMINIFERS, strict=True) for genus in trio
)
