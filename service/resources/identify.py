"""`POST /v1/identify`: what is this specimen?"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from holotype.index.encoders import Embeddings
from holotype.index.errors import UsageError
from holotype.index.identification import identify as core
from holotype.index.pictures.reading import content_hash
from holotype.index.search.search import require_few_pictures, stored_specimens
from holotype.index.storage.records import Image
from holotype.index.ways import spoken

from ..engine import Engine, TheEngine
from ..questions import PICTURE_SCHEMA, Options, described_body, read_question
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
    options = question.options
    said = options.model_dump_json(exclude={"image_id"})
    alike = ("identify", spoken(), options.image_id is None, said)
    async with engine.asked():
        if options.image_id is not None:
            own = partial(core.stored_image, engine.collection, options.image_id, **_said(options))
            return await engine.query_together(alike, own, partial(_of_stored, engine, options))
        pixels = await engine.decoded(question.pictures, options.space)
        vectors = await engine.encoded(pixels, options.space)
        shown = _Shown(question.names, vectors, question.pictures)
        work = partial(_of_pictures, engine, options)
        return await engine.query_together(alike, lambda: shown, work)


class _Shown(NamedTuple):
    """The pictures of one specimen: their names, embeddings float32 [m, dim], and files."""

    names: list[str]
    vectors: Embeddings
    files: list[bytes]


def _of_stored(engine: Engine, asked: Identify, images: list[Image]) -> list[JSONResponse]:
    """Answer questions about stored images that are asked in one way."""
    answers = core.identify_each_stored(engine.collection, images, **_said(asked))
    return [JSONResponse(answer.to_dict()) for answer in answers]


def _of_pictures(engine: Engine, asked: Identify, each: list[_Shown]) -> list[JSONResponse]:
    """Answer questions about uploaded pictures that are asked in one way."""
    contents = [[content_hash(file) for file in one.files] for one in each]
    found = core.identify_pictures(
        engine.collection,
        [
            core.Pictures(one.names, one.vectors, hashes)
            for one, hashes in zip(each, contents, strict=True)
        ],
        names=[one.names[0] or "picture" for one in each],
        exclude_specimens=stored_specimens(engine.collection, contents),
        **_said(asked),
    )
    return [JSONResponse(answer.to_dict()) for answer in found]


def _said(asked: Identify) -> core.Options:
    return core.Options(
        space=asked.space, risk=asked.risk, prior=asked.prior, only=asked.only, k=asked.k
    )
