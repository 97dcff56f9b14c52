"""Questions to a collection on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from holotype.index.identification.identify import Options, identify, identify_stored
from holotype.index.identification.many.batches import identify_each
from holotype.index.identification.many.outcomes import Specimen
from holotype.index.pictures.inputs import Picture
from holotype.index.search.query import found_by, query_of

from ..backend import Query, Told
from ..progress import progress
from .held import Held


class LocalQuestions(Held):
    """Questions; see `Backend`."""

    def identify(self, pictures: Sequence[Picture], options: Options) -> Told:
        """Identify one specimen."""
        encoder = self.encoder(options.get("space"))
        return identify(self.collection, encoder, pictures, **options).to_dict()

    def identify_stored(self, image_id: str, options: Options) -> Told:
        """Identify the specimen of a stored image."""
        return identify_stored(self.collection, image_id, **options).to_dict()

    def identify_each(self, specimens: Sequence[Specimen], options: Options) -> Iterator[Told]:
        """Identify many, and yield an entry for each answer and each refused picture."""
        if not specimens:
            return
        encoder = self.encoder(options.get("space"))
        outcomes = identify_each(self.collection, encoder, specimens, **options)
        with progress("Identifying") as update:
            for done, outcome in enumerate(outcomes, 1):
                update(done, len(specimens))
                yield from outcome.entries()

    def search(self, query: Query, k: int, where: Sequence[str], space: str | None) -> Told:
        """Return the nearest images."""
        asked = query_of(self.collection, partial(self.encoder, space), **vars(query), space=space)
        return found_by(self.collection, asked, k=k, where=where, space=space)

    def thumbnail(self, image_id: str) -> bytes:
        """Return a small JPEG of a stored image."""
        return self.collection.thumbnail(self.collection.image(image_id))

    def picture(self, image_id: str) -> bytes:
        """Return the file of a stored image."""
        return self.collection.picture(self.collection.image(image_id))
