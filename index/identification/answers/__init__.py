"""What an identification answers, and how it is put into words.

`answer` has the shapes, `reasons` the sentence of why, `wording` the lines for people, and
`percentages` the one way in which all of them write a probability.
"""

from .answer import (
    Answer,
    Determination,
    Judgement,
    PictureTaxon,
    SpacesUsed,
    Taxa,
    share_out,
)
from .disagreement import disagreement
from .percentages import percent, stated
from .reasons import explain
from .unnamed import Unnamed, like_unnamed
from .wording import Wording, in_words

__all__ = [
    "Answer",
    "Determination",
    "Judgement",
    "PictureTaxon",
    "SpacesUsed",
    "Taxa",
    "Unnamed",
    "Wording",
    "disagreement",
    "explain",
    "in_words",
    "like_unnamed",
    "percent",
    "share_out",
    "stated",
]
