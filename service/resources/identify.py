"""`POST /v1/identify`: what is this specimen?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.errors import UsageError
from holotype.index.identification import identify as core
from holotype.index.pictures.reading import content_hash
from holotype.index.search.search import each_pixels_vector, require_few_pictures

from ..engine import Engine, TheEngine
from ..questions import PICTURE_SCHEMA, Options, Question, described_body, read_question
from ..schemas import answers

router = APIRouter(tags=["identify"])


class Identify(Options):
    """Options of an identification."""

    risk: float = Field(
        0.05, description="Share of given answers that may be wrong: 0.05 asks for 95 %."
    )
    prior: float = Field(
        0.2, description="Share of specimens expected to be of species that the gallery lacks."
    )
    only: list[str] = Field(
        [],
        fail_fast=True,
        description="Compare with these only, such as family=Noctuidae; all must hold. Also !=, <, "
        "<=, >, >=, lists (one|another), ranges (10..20) and column= for no value; see "
        "docs/filters.md.",
    )


_BODY = described_body(
    Identify,
    "images",
    form={
        "type": "array",
        "items": PICTURE_SCHEMA,
        "description": "1 to 5 pictures of one specimen.",
    },
    example={"image_id": "Xestia_c-nigrum_0004", "only": ["family=Noctuidae"]},
)


@router.post(
    "/identify",
    summary="Identify one specimen",
    responses={200: {"model": answers.Answer, "description": "The answer and its evidence"}},
    openapi_extra=_BODY,
)
async def identify(request: Request, engine: TheEngine) -> JSONResponse:
    """Give the lowest rank that is sure enough, or "unknown", with the neighbours as evidence.

    Send one to five pictures of one specimen as form files `images`, or the `image_id` of a stored
    image. A picture that the collection holds is recognised by its content; images of its own
    specimen are then no evidence.
    """
    question = await read_question(request, engine, Identify, "images")
    if bool(question.pictures) == (question.options.image_id is not None):
        raise UsageError("Give either pictures, as form files 'images', or an image_id")
    if question.options.image_id is None:
        require_few_pictures(len(question.pictures))
    async with engine.asked():
        pixels = await engine.decoded(question.pictures, question.options.space)
        return await engine.query(_answer, engine, replace(question, pixels=pixels))


def _answer(engine: Engine, question: Question[Identify]) -> JSONResponse:
    collection, asked = engine.collection, question.options
    arguments: dict[str, Any] = asked.model_dump(include={"space", "risk", "prior", "only", "k"})
    if asked.image_id is None:
        contents = [content_hash(picture) for picture in question.pictures]
        vectors, own = each_pixels_vector(
            collection, engine.encoder(asked.space), question.pixels, contents, asked.space
        )
        (answer,) = core.identify_pictures(
            collection,
            [core.Pictures(question.names, vectors, contents)],
            names=[question.names[0] or "picture"],
            exclude_specimens=[own],
            **arguments,
        )
    else:
        answer = core.identify_stored(collection, asked.image_id, **arguments)
    return JSONResponse(answer.to_dict())
