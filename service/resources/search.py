"""`POST /v1/search`: which specimens look most like this?"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.encoders import Embeddings
from holotype.index.errors import UsageError
from holotype.index.pictures.reading import content_hash
from holotype.index.runtime import worker_count
from holotype.index.search import search as core
from holotype.index.ways import spoken

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
    said = asked.model_dump_json(exclude={"image_id", "text", "vector"})
    async with engine.asked():
        vector = await _sent(engine, question)
        own, work = partial(_asked, engine, question, vector), partial(_hits, engine, asked)
        # Comparing takes the time, and runs beside Python: on every core.
        key = "search", spoken(), said
        return await engine.query_together(key, own, work, threads=worker_count())


class _Asked(NamedTuple):
    """A vector, float32 [dim], the specimens that it is of, and the hashes of their pictures."""

    vector: Embeddings
    specimens: set[str]
    contents: list[str]


async def _sent(engine: Engine, question: Question[Search]) -> Embeddings | None:
    """Return the vector that is asked with; None where a stored image has it."""
    asked = question.options
    if question.pictures:
        pixels = await engine.decoded(question.pictures, asked.space)
        shown: Embeddings = (await engine.encoded(pixels, asked.space)).mean(axis=0)
        return shown
    if asked.text is not None:
        await engine.encoder_soon(asked.space)
        return await engine.query(_described, engine, asked.text, asked.space)
    if asked.vector is not None:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and refused
            return np.array(asked.vector, np.float32)
    return None


def _described(engine: Engine, text: str, space: str | None) -> Embeddings:
    return core.text_vector(engine.collection, engine.encoder(space), text, space)


def _asked(engine: Engine, question: Question[Search], vector: Embeddings | None) -> _Asked:
    """Return what is searched for, where it can be."""
    collection, asked = engine.collection, question.options
    contents = [content_hash(picture) for picture in question.pictures]
    (specimens,) = core.stored_specimens(collection, [contents])
    if vector is None:
        image = collection.image(asked.image_id or "")
        specimens.add(image.specimen_id)
        contents.append(image.sha256)
        vector = core.stored_vector(collection, image, asked.space)
    core.require_vector(collection, vector, k=asked.k, space=asked.space)
    return _Asked(vector, specimens, contents)


def _hits(engine: Engine, asked: Search, each: list[_Asked]) -> list[JSONResponse]:
    """Answer questions that are asked in one way."""
    collection = engine.collection
    vectors, own, contents = zip(*each, strict=True)
    found = core.search_each(
        collection, vectors, own, k=asked.k, space=asked.space, where=asked.where
    )
    space = collection.space(asked.space)
    answers = []
    for hits, specimens, seen in zip(found, own, contents, strict=True):
        told = core.seen_in_space(collection, asked.space, seen, specimens).told()
        answers.append({"space": space.name, "hits": [hit.to_dict() for hit in hits], **told})
    return [JSONResponse(answer) for answer in answers]
