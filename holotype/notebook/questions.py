"""Asking a collection: what is this, and what is like it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from holotype.index.errors import HolotypeError, UsageError
from holotype.index.identification.identify import Options
from holotype.index.identification.many.outcomes import Given, Specimen, as_specimens
from holotype.index.identification.many.specimen_list import SpecimenList, specimens_of
from holotype.index.pictures.inputs import (
    Picture,
    as_pictures,
    is_picture,
    named_file,
    read_input,
)
from holotype.index.pictures.reading import thumbnail

from .backend import Backend, Query
from .conditions import Where, conditions
from .shown.answers import Asked, ShownAnswer, ShownAnswers
from .shown.hits import ShownHits

if TYPE_CHECKING:
    from holotype.index.arrays import Embeddings

_SIDE = 160  # px of the small picture of what was asked about


class Questions:
    """Questions to a collection."""

    _backend: Backend

    @overload
    def identify(  # type: ignore[overload-overlap]  # a path is text, which has letters
        self,
        pictures: Picture,
        *,
        same_specimen: bool = ...,
        risk: float = ...,
        prior: float = ...,
        only: Where = ...,
        k: int = ...,
        space: str | None = ...,
    ) -> ShownAnswer: ...
    @overload
    def identify(
        self,
        pictures: None = ...,
        *,
        image_id: str,
        risk: float = ...,
        prior: float = ...,
        only: Where = ...,
        k: int = ...,
        space: str | None = ...,
    ) -> ShownAnswer: ...
    @overload
    def identify(
        self,
        pictures: Iterable[Picture],
        *,
        same_specimen: Literal[True],
        risk: float = ...,
        prior: float = ...,
        only: Where = ...,
        k: int = ...,
        space: str | None = ...,
    ) -> ShownAnswer: ...
    @overload
    def identify(
        self,
        pictures: Iterable[Given],
        *,
        same_specimen: Literal[False] = ...,
        risk: float = ...,
        prior: float = ...,
        only: Where = ...,
        k: int = ...,
        space: str | None = ...,
    ) -> ShownAnswers: ...
    def identify(
        self,
        pictures: Picture | Iterable[Given] | None = None,
        *,
        image_id: str | None = None,
        same_specimen: bool = False,
        risk: float = 0.05,
        prior: float = 0.2,
        only: Where = None,
        k: int = 10,
        space: str | None = None,
    ) -> ShownAnswer | ShownAnswers:
        """Identify a specimen: the lowest rank that is sure enough, or "unknown".

        Args:
            pictures: one picture, as a path, the bytes of a file, a Pillow image, or an array,
                uint8 [h, w], [h, w, 3] or [h, w, 4]; or a list of these, an answer each.
            image_id: instead, a stored image.
            same_specimen: all pictures of the list show one specimen: give one answer.
            risk: share of given answers that may be wrong; 0.05 asks for 95 %.
            prior: share of specimens expected to be of species that the collection lacks.
            only: compare with these only, such as `{"family": "Noctuidae"}`.
            k: neighbours to show.
            space: by default the first.

        Raises:
            PictureError: the one picture cannot be used; of a list its answer has the `error`.
            UsageError: an argument is off.
        """
        options = _options(risk, prior, only, k, space)
        if (pictures is None) == (image_id is None):
            raise UsageError("Give either pictures, or the image_id of a stored image")
        if image_id is not None:
            told = self._backend.identify_stored(image_id, options)
            return self._answer(told, partial(self._backend.thumbnail, image_id))
        given: Any = pictures
        if is_picture(given):
            _refuse_folder(given)
            return self._one([given], options)
        if same_specimen:
            return self._one(as_pictures(given), options)
        return self._each([_specimen(one) for one in as_specimens(given)], options)

    def identify_all(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        risk: float = 0.05,
        prior: float = 0.2,
        only: Where = None,
        k: int = 10,
        space: str | None = None,
    ) -> ShownAnswers:
        """Identify what a folder, a table or a pattern names, one answer a specimen.

        Args:
            source: a folder of pictures, a CSV, TSV or Parquet file with a column `path` (rows of
                one `specimen_id` show one specimen), a pattern such as `trip/*.jpg`, or several.
            risk, prior, only, k, space: see `identify`.

        Raises:
            ManifestError: a folder without pictures, or a table that cannot be read.
            UsageError: nothing matches a pattern, or an argument is off.
        """
        options = _options(risk, prior, only, k, space)
        named = [source] if isinstance(source, str | Path) else list(source)
        listed = specimens_of(list(map(str, named)))
        return self._each(listed.specimens, options, listed)

    def search(
        self,
        picture: Picture | None = None,
        *,
        image_id: str | None = None,
        text: str | None = None,
        vector: Embeddings | Sequence[float] | None = None,
        where: Where = None,
        k: int = 10,
        space: str | None = None,
    ) -> ShownHits:
        """Find the stored images nearest to a picture, a stored image, a description or a vector.

        Args:
            picture: see `identify`.
            image_id: of a stored image; others of its specimen are left out.
            text: a description, where the space's encoder has a text tower.
            vector: float32 [dim], as the space's encoder makes it, before any projection.
            where: search among these only, such as `{"family": "Noctuidae"}`.
            k: how many to return, best first.
            space: by default the first.

        Raises:
            UsageError: it is asked in no way or in several, or an argument is off.
        """
        if picture is not None:
            as_pictures([picture])  # refuses what is none
        query = Query(picture, image_id, text, vector)
        told = self._backend.search(query, k, conditions(where), space)
        return ShownHits(told, self._backend.thumbnail)

    def thumbnail(self, image_id: str) -> bytes:
        """Return a small JPEG of a stored image."""
        return self._backend.thumbnail(image_id)

    def picture(self, image_id: str) -> bytes:
        """Return the file of a stored image, as it was added."""
        return self._backend.picture(image_id)

    def _one(self, pictures: list[Picture], options: Options) -> ShownAnswer:
        told = self._backend.identify(pictures, options)
        return self._answer(told, partial(_small, pictures[0]))

    def _each(
        self, specimens: list[Specimen], options: Options, listed: SpecimenList | None = None
    ) -> ShownAnswers:
        """Answer in order; what was listed and is no picture comes first."""
        passed_over = [] if listed is None else listed.passed_over
        entries = [entry for one in passed_over for entry in one.entries()]
        pictures = {named_file(one): one for each in specimens for one in each.pictures}
        entries += self._backend.identify_each(specimens, options)
        return ShownAnswers(
            [self._answer(told, partial(_small, pictures.get(told["path"]))) for told in entries]
        )

    def _answer(self, told: dict[str, object], asked: Asked) -> ShownAnswer:
        return ShownAnswer(told, self._backend.thumbnail, asked)


def _options(risk: float, prior: float, only: Where, k: int, space: str | None) -> Options:
    return {"risk": risk, "prior": prior, "only": conditions(only), "k": k, "space": space}


def _specimen(given: Given) -> Specimen:
    return given if isinstance(given, Specimen) else Specimen(as_pictures(given))


def _refuse_folder(picture: Picture) -> None:
    if isinstance(picture, str | Path) and Path(picture).is_dir():
        raise UsageError(f"{picture} is a folder; identify_all({str(picture)!r}) does it")


def _small(picture: Picture | None) -> bytes | None:
    """Return a small picture of what was asked about, where it can still be read."""
    try:
        return None if picture is None else thumbnail(read_input(picture, target=_SIDE)[0], _SIDE)
    except (HolotypeError, OSError):
        return None
