"""`/v1/images`: stored images, their thumbnails and their pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, PictureError
from holotype.index.files.regular import open_regular
from holotype.index.pictures.reading import file_limit, media_type
from holotype.index.search.listed import listed_images
from holotype.index.settings import settings
from holotype.index.storage.records import Image

from ...engine import Engine, TheEngine
from ...schemas import answers, records
from ..etags import is_fresh, tagged
from .actions import ActionRoute
from .paging import Cursor, Limit, row_of

router = APIRouter(prefix="/images", tags=["images"], route_class=ActionRoute)

ImageId = Annotated[str, InPath(description="An id may hold slashes.")]

_DAY = 24 * 60 * 60
_HEAD, _PIECE = 16, 256 << 10  # bytes
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp", "tiff")}}
}


@router.get(
    "",
    summary="The images of the collection",
    responses={200: {"model": records.Images, "description": "Some images, oldest first"}},
)
async def all_images(
    request: Request,
    engine: TheEngine,
    where: Annotated[
        list[str] | None,
        Query(
            description="A condition, as in a search; may be repeated. See docs/filters.md.",
            examples=[["family=Noctuidae", "split!=test"]],
        ),
    ] = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List images, those that no space holds too, with all that is known of each, in pages."""
    row = row_of(after)
    return tagged(request, await engine.read(_page, engine.collection, where or (), row, limit))


def _page(collection: Collection, where: Sequence[str], after: int, limit: int) -> dict[str, Any]:
    page = listed_images(collection, where, after=after, limit=limit)
    return {
        "images": [image.to_dict() for image in page.images],
        "total": page.total,
        "next": None if page.next is None else str(page.next),
    }


@router.get(
    "/{image_id:path}/thumbnail",
    summary="A small picture",
    response_class=Response,
    responses=_JPEG,
)
async def thumbnail(image_id: ImageId, request: Request, engine: TheEngine) -> Response:
    """Return a JPEG of an image, at most HOLOTYPE_THUMBNAIL_PIXELS on its long side."""
    image = await engine.read(engine.collection.image, image_id)
    etag = f'"{image.sha256[:32]}-{settings().thumbnail_pixels}"'
    if is_fresh(request, etag):
        return _picture(etag, status=304)
    data = await engine.read(engine.collection.kept_thumbnail, image)
    if data is None:
        data = await engine.show(_thumbnail, engine, image)
    return _picture(etag, data, "image/jpeg")


@router.get(
    "/{image_id:path}/picture",
    summary="The picture itself",
    response_class=Response,
    responses=_PICTURE,
)
async def picture(image_id: ImageId, request: Request, engine: TheEngine) -> Response:
    """Return the file that was ingested; one that has changed since is not served."""
    image = await engine.read(engine.collection.image, image_id)
    etag = f'"{image.sha256[:32]}"'
    if is_fresh(request, etag):
        return _picture(etag, status=304)
    file, kind, size = await engine.show(_original, engine.collection, image)
    headers = {**_headers(etag), "Content-Length": str(size)}
    return StreamingResponse(_pieces(file), headers=headers, media_type=kind)


@router.get(
    "/{image_id:path}",
    summary="A stored image's record",
    responses={200: {"model": answers.ImageRecord, "description": "The record"}},
)
async def record(image_id: ImageId, request: Request, engine: TheEngine) -> Response:
    """Return what is known of an image: specimen, determination, lineage, details, metadata.

    Its ETag, sent as If-Match with a PATCH, keeps that from writing over another's.
    """
    image = await engine.read(engine.collection.image, image_id)
    return tagged(request, image.to_dict())


def _thumbnail(engine: Engine, image: Image) -> bytes:
    decoders = engine.decoders
    try:
        return engine.collection.thumbnail(image, read=decoders.read_stored, most=decoders.most)
    except PictureError:
        raise _gone(image) from None


def _original(collection: Collection, image: Image) -> tuple[BinaryIO, str, int]:
    """Return a picture's file, opened and compared, its media type and its size in bytes."""
    try:
        file = open_regular(collection.picture_path(image), file_limit())
    except (PictureError, OSError, ValueError):
        raise _gone(image) from None
    try:
        kind = media_type(file.read(_HEAD))
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() == image.sha256:
            file.seek(0)
            return file, kind, size
    except (PictureError, OSError):
        pass
    file.close()
    raise _gone(image)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _gone(image: Image) -> NotFoundError:
    return NotFoundError(
        f"The picture of image '{image.image_id}' is missing or has changed since it was "
        "ingested, or it takes more than HOLOTYPE_DECODER_BYTES to make it small; put it back, "
        "ingest it again, or raise the limit"
    )


def _picture(etag: str, data: bytes = b"", kind: str | None = None, status: int = 200) -> Response:
    return Response(data, status, _headers(etag), kind)


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": f"private, max-age={_DAY}"}
