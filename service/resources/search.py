"""`POST /v1/search`: which specimens look most like this?"""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.encoders import Embeddings
from holotype.index.errors import UsageError
from holotype.index.pictures.reading import content_hash
from holotype.index.search import search as core

from ..engine import Engine, TheEngine
from ..questions import PICTURE_SCHEMA, Options, Question, described_body, read_question
from ..schemas import answers

router = APIRouter(tags=["search"])


class Search(Options):
    """Options of a search."""

    text: str | None = Field(
        None, description="A description, where the space's encoder has a text tower."
    )
    vector: list[float] | None = Field(
        None,
        fail_fast=True,
        description="An embedding by the space's own encoder, before any projection.",
    )
    where: list[str] = Field(
        [],
        fail_fast=True,
        description="Search among these only, such as category=Moth; all must hold. Also !=, <, "
        "<=, >, >=, lists (one|another), ranges (10..20) and column= for no value; see "
        "docs/filters.md.",
    )


_BODY = described_body(
    Search,
    "image",
    form=PICTURE_SCHEMA,
    example={"image_id": "Xestia_c-nigrum_0004", "k": 5, "where": ["category=Moth"]},
)


@router.post(
    "/search",
    summary="Find the nearest specimens",
    responses={200: {"model": answers.Hits, "description": "The hits, best first"}},
    openapi_extra=_BODY,
)
async def search(request: Request, engine: TheEngine) -> JSONResponse:
    """Return the k gallery images nearest to a query, best first.

    Ask by exactly one of a picture (form file `image`), `image_id`, `text` and `vector`. Images of
    the query's own specimen, where it is stored, are left out.
    """
    question = await read_question(request, engine, Search, "image")
    asked = question.options
    ways = [*question.pictures, asked.image_id, asked.text, asked.vector]
    if sum(way is not None for way in ways) != 1:
        raise UsageError(
            "Give exactly one of a picture (form file 'image'), image_id, text, vector"
        )
    async with engine.asked():
        shown = None
        if question.pictures:
            pixels = await engine.decoded(question.pictures, asked.space)
            shown = (await engine.encoded(pixels, asked.space)).mean(axis=0)
        elif asked.text is not None:
            await engine.encoder_soon(asked.space)
        return await engine.query(_hits, engine, question, shown)


def _hits(engine: Engine, question: Question[Search], shown: Embeddings | None) -> JSONResponse:
    asked = question.options
    vector, own, contents = _vector(engine, question, shown)
    hits = core.search(
        engine.collection,
        vector,
        k=asked.k,
        space=asked.space,
        where=asked.where,
        exclude_specimens=own,
    )
    space = engine.collection.space(asked.space)
    seen = core.seen_in_space(engine.collection, asked.space, contents, own)
    found = {"space": space.name, "hits": [hit.to_dict() for hit in hits]}
    return JSONResponse(found | seen.told())


def _vector(
    engine: Engine, question: Question[Search], shown: Embeddings | None
) -> tuple[Embeddings, Set[str], Sequence[str]]:
    """Return the query's embedding, its own specimens where they are stored, and its content.

    Args:
        shown: the embedding of the picture that was sent; None without one.
    """
    collection, asked = engine.collection, question.options
    if asked.vector is not None:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and refused
            return np.array(asked.vector, np.float32), set(), ()
    if asked.image_id is not None:
        image = collection.image(asked.image_id)
        own = {image.specimen_id}
        return core.stored_vector(collection, image, asked.space), own, [image.sha256]
    if shown is None:
        encoder = engine.encoder(asked.space)
        return core.text_vector(collection, encoder, asked.text or "", asked.space), set(), ()
    contents = [content_hash(picture) for picture in question.pictures]
    return shown, core.stored_specimens(collection, [contents])[0], contents
