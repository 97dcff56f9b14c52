"""What has changed in a space since a calibration was fitted on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..database.connection import Database
from ..gallery.gallery import Gallery

# By sequence number, so that only what is new is looked at: the `+` keeps SQLite from choosing the
# index over the whole space.
_ADDED = "SELECT count(*) FROM embeddings WHERE +space_id = ? AND seq > ? AND seq <= ?"

# A machine's determination never counts, and those of added images are counted with the images.
_DETERMINED = """
SELECT count(DISTINCT specimen_id) FROM determinations AS d
WHERE determination_id > ? AND determination_id <= ? AND origin <> 'machine' AND EXISTS (
    SELECT 1 FROM images AS i JOIN embeddings AS e ON e.row = i.row
    WHERE i.specimen_id = d.specimen_id AND e.space_id = ? AND e.seq <= ?
)
"""


@dataclass(frozen=True)
class Fitted:
    """The state of a space that a calibration was fitted on.

    Attributes:
        last_seq: the last sequence number that was given out in the space.
        count: its embeddings.
        labelled: the last determination.
    """

    last_seq: int
    count: int
    labelled: int


@dataclass(frozen=True)
class Changes:
    """What has changed since then; a picture that took the place of another is in both.

    Attributes:
        images_added: images that are new in the space.
        images_removed: images that are gone from it.
        specimens_determined: specimens of the others with a determination or an undo since.
    """

    images_added: int = 0
    images_removed: int = 0
    specimens_determined: int = 0

    def __bool__(self) -> bool:
        return bool(self.images_added or self.images_removed or self.specimens_determined)

    def __str__(self) -> str:
        """Return the changes in words, such as "2 images were added, 1 specimen determined"."""
        counts = (
            (self.images_added, "image", "added"),
            (self.images_removed, "image", "removed"),
            (self.specimens_determined, "specimen", "determined anew"),
        )
        said = [
            f"{count:,} {noun}{'' if count == 1 else 's'} {'was' if count == 1 else 'were'} {verb}"
            for count, noun, verb in counts
            if count
        ]
        return ", ".join(said) or "nothing changed"

    def to_dict(self) -> dict[str, int]:
        """Return the counts as JSON-ready values."""
        return asdict(self)


def changes_since(database: Database, gallery: Gallery, fitted: Fitted) -> Changes:
    """Count what has changed between a state of a space and that of a gallery."""
    state, space_id = gallery.state, gallery.space.source_id
    if (state.last_seq, state.count, gallery.labelled) == (
        fitted.last_seq,
        fitted.count,
        fitted.labelled,
    ):
        return Changes()
    added = database.read(_ADDED, (space_id, fitted.last_seq, state.last_seq))[0][0]
    determined = database.read(
        _DETERMINED, (fitted.labelled, gallery.labelled, space_id, fitted.last_seq)
    )[0][0]
    # Numbers are never given out twice, so whatever is missing from the sum has left.
    removed = max(fitted.count + added - state.count, 0)
    return Changes(added, removed, determined)
