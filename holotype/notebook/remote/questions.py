"""Questions to a collection that is served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from holotype.index.errors import PictureError, UsageError
from holotype.index.identification.identify import Options
from holotype.index.identification.many.outcomes import Specimen
from holotype.index.pictures.inputs import Picture, named_file
from holotype.index.search.search import one_vector, require_few_pictures

from ..backend import Query, Told
from ..progress import progress
from .held import Served
from .http import Files, path_of
from .pictures import upload_of

_NAMELESS = "The picture"  # what a service calls a picture whose path it does not know


class RemoteQuestions(Served):
    """Questions; see `Backend`."""

    def identify(self, pictures: Sequence[Picture], options: Options) -> Told:
        """Identify one specimen."""
        require_few_pictures(len(pictures))
        files: Files = [
            ("images", upload_of(picture, number)) for number, picture in enumerate(pictures, 1)
        ]
        name = next(filter(None, map(named_file, pictures)), "picture")
        try:
            told: Told = self._service.form("POST", path_of("identify"), files, {**options})
        except PictureError as error:
            raise PictureError(_with_name(str(error), pictures)) from None
        return {**told, "image": name}

    def identify_stored(self, image_id: str, options: Options) -> Told:
        """Identify the specimen of a stored image."""
        told: Told = self._service.post(path_of("identify"), {**options, "image_id": image_id})
        return told

    def identify_each(self, specimens: Sequence[Specimen], options: Options) -> Iterator[Told]:
        """Identify many, and yield an entry for each answer and each refused picture."""
        with progress("Identifying") as update:
            for done, specimen in enumerate(specimens, 1):
                yield from self._entries(specimen, options)
                update(done, len(specimens))

    def _entries(self, specimen: Specimen, options: Options) -> Iterator[Told]:
        """Yield the answer of a specimen, and its refused pictures."""
        own, pictures = specimen.specimen_id or None, specimen.pictures
        used, refused = list(pictures), dict[str, str]()
        try:
            told = self.identify(used, options)
        except PictureError:
            used, refused = self._usable(pictures, options)
            told = self.identify(used, options) if used else {}
        except UsageError as error:
            if len(pictures) <= 1:
                raise
            used, refused, told = [], {_path(one): str(error) for one in pictures}, {}
        if told:
            paths = [_path(picture) for picture in used]
            yield {"path": paths[0], "specimen_id": own, "paths": paths, **told}
        for path, reason in refused.items():
            yield {"path": path, "specimen_id": own, "error": reason}

    def _usable(
        self, pictures: Sequence[Picture], options: Options
    ) -> tuple[list[Picture], dict[str, str]]:
        """Return the pictures that can be used, asked one by one, and why the others cannot."""
        used, refused = list[Picture](), dict[str, str]()
        for picture in pictures:
            try:
                self.identify([picture], options)
                used.append(picture)
            except PictureError as error:
                refused[_path(picture)] = str(error)
        return used, refused

    def search(self, query: Query, k: int, where: Sequence[str], space: str | None) -> Told:
        """Return the nearest images."""
        ways = vars(query)
        if sum(way is not None for way in ways.values()) != 1:
            raise UsageError("Give exactly one of a picture, an image_id, a text and a vector")
        asked: dict[str, Any] = {"k": k, "where": list(where), "space": space}
        told: Told
        if query.picture is None:
            vector = None if query.vector is None else one_vector(query.vector)
            if vector is not None and not np.isfinite(vector).all():
                raise UsageError("The vector is zero or holds NaN or infinity; send finite numbers")
            asked |= {"image_id": query.image_id, "text": query.text}
            asked["vector"] = None if vector is None else vector.tolist()
            given = {name: value for name, value in asked.items() if value is not None}
            told = self._service.post(path_of("search"), given)
            return told
        try:
            file = upload_of(query.picture, 1)
            told = self._service.form("POST", path_of("search"), [("image", file)], asked)
        except PictureError as error:
            raise PictureError(_with_name(str(error), [query.picture])) from None
        return told

    def thumbnail(self, image_id: str) -> bytes:
        """Return a small JPEG of a stored image."""
        return self._service.bytes(path_of("images", image_id, "thumbnail"))

    def picture(self, image_id: str) -> bytes:
        """Return the file of a stored image."""
        return self._service.bytes(path_of("images", image_id, "picture"))


def _path(picture: Picture) -> str:
    return named_file(picture) or "picture"


def _with_name(sentence: str, pictures: Sequence[Picture]) -> str:
    """Return what a service says of a picture with its path, where one was sent."""
    if len(pictures) == 1 and named_file(pictures[0]) and sentence.startswith(_NAMELESS):
        return named_file(pictures[0]) + sentence.removeprefix(_NAMELESS)
    return sentence
