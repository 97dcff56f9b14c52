"""`/v1/images`: stored images, their thumbnails and their pictures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, PictureError
from holotype.index.pictures import content_hash, media_type, read_bytes
from holotype.index.records import Image
from holotype.index.settings import settings
from holotype.index.taxonomy import RANKS, lowest_rank, name_at

from . import answers
from .engine import TheEngine

router = APIRouter(prefix="/images", tags=["images"])

ImageId = Annotated[str, InPath(description="An id may hold slashes.")]

_DAY = 24 * 60 * 60
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp", "tiff")}}
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
    if _fresh(request, etag):
        return _picture(etag, status=304)
    data = await engine.read(_thumbnail, engine.collection, image)
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
    if _fresh(request, etag):
        return _picture(etag, status=304)
    data, kind = await engine.read(_original, engine.collection, image)
    return _picture(etag, data, kind)


@router.get(
    "/{image_id:path}",
    summary="A stored image's record",
    responses={200: {"model": answers.ImageRecord, "description": "The record"}},
)
async def record(image_id: ImageId, engine: TheEngine) -> JSONResponse:
    """Return what is known of an image: specimen, determination, lineage, details, metadata."""
    return JSONResponse(_record(await engine.read(engine.collection.image, image_id)))


def _record(image: Image) -> dict[str, Any]:
    rank = lowest_rank(image.lineage)
    return {
        "image_id": image.image_id,
        "specimen_id": image.specimen_id,
        "sha256": image.sha256,
        "width": image.width,
        "height": image.height,
        "split": image.split,
        "determination": {"rank": rank, "taxon": name_at(image.lineage, rank)} if rank else None,
        "lineage": {rank: name for rank, name in zip(RANKS, image.lineage, strict=True) if name},
        "details": {name: value for name, value in image.details.items() if value},
        "metadata": dict(image.metadata),
    }


def _thumbnail(collection: Collection, image: Image) -> bytes:
    try:
        return collection.thumbnail(image)
    except PictureError:
        raise _gone(image) from None


def _original(collection: Collection, image: Image) -> tuple[bytes, str]:
    """Return a picture's file and its media type."""
    try:
        data = read_bytes(collection.picture_path(image))
        if content_hash(data) == image.sha256:
            return data, media_type(data)
    except PictureError:
        pass
    raise _gone(image)


def _gone(image: Image) -> NotFoundError:
    return NotFoundError(
        f"The picture of image '{image.image_id}' is missing or has changed since it was "
        "ingested; put it back, or ingest it again"
    )


def _fresh(request: Request, etag: str) -> bool:
    return etag in request.headers.get("if-none-match", "")


def _picture(etag: str, data: bytes = b"", kind: str | None = None, status: int = 200) -> Response:
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={_DAY}"}
    return Response(data, status, headers, kind)
