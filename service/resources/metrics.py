"""`GET /metrics`: what the service counts of itself, for Prometheus."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request, Response

from ..engine import Engine, TheEngine
from ..guards.scopes import READS
from ..measurements import Measurements

router = APIRouter(tags=["health"])

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[READS],
)
async def metrics(request: Request, engine: TheEngine) -> Response:
    """Return requests by route and status, seconds, queue lengths, images by space, and jobs."""
    measurements: Measurements = request.app.state.measurements
    text = measurements.as_text(engine.queues(), await images_of(engine), jobs_of(engine))
    return Response(text, headers={"Content-Type": MEDIA_TYPE})


async def images_of(engine: Engine) -> dict[tuple[str, ...], int]:
    """Return how many images each space shows."""
    return await engine.read(_images, engine)


def jobs_of(engine: Engine) -> Counter[tuple[str, ...]]:
    """Return how many jobs of each kind and state are remembered."""
    return Counter((job.kind, job.state) for job in engine.jobs.all())


def _images(engine: Engine) -> dict[tuple[str, ...], int]:
    collection = engine.collection
    return {(space.name,): collection.count(space) for space in collection.spaces()}
