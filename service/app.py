"""The application: one collection, served under /v1, with its pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from holotype.version import __version__

from .description import DescribedApp
from .engine import Engine
from .guards.connections import Departures
from .guards.headers import SecurityHeaders
from .guards.hosts import HostGuard
from .guards.keys import KeyGuard, Keys
from .guards.limits import NO_MEMORY, AnswerLimit, BodyLimit
from .guards.origins import OwnPagesOnly
from .guards.scopes import READS
from .guards.turns import Shares
from .guards.watch import Watch
from .measurements import Measurements
from .pages import routes
from .problems import Problem, add_handlers
from .resources import calibration, health, identify, metrics, search
from .resources.records import routes as records
from .resources.unknown import clusters, decisions, morphospace, queues
from .resources.work import evaluations, jobs
from .settings import service_settings
from .switch import Switch

_DESCRIPTION = """What is this specimen? Ask with pictures, get the nearest specimens and one honest
answer. Every error is `application/problem+json` (RFC 9457) whose `detail` is one sentence."""


def create_app(folder: Path, *, keys: Keys | None = None, loopback: bool = True) -> FastAPI:
    """Make the application that serves a collection.

    Encoders and galleries are loaded while it answers already: pages come at once, questions wait
    for what they need, and `readyz` says when all is there. `app.state.loading` ends then.

    Args:
        keys: the API keys to ask for; None asks for none.
        loopback: answer only requests whose Host header is this machine's own name.

    Raises:
        NotFoundError: the folder is not a collection.
        CorruptError: its database is damaged.
    """
    limits = service_settings()
    share = limits.max_share if keys is not None and len(keys.digests) > 1 else 1
    app = DescribedApp(
        title="Holotype",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": Problem, "description": "What is wrong, in one sentence"}},
    )
    app.state.switch = Switch(folder, app.state, partial(Engine, limits=limits, share=share))
    app.state.limits = limits
    add_handlers(app)
    _add_routes(app)
    # Who sends and who reads is counted apart.
    memory = partial(Shares, limits.max_held_bytes, share, NO_MEMORY)
    # The last one added is the first to see a request.
    app.add_middleware(BodyLimit, limits=limits, memory=memory())
    app.add_middleware(AnswerLimit, memory=memory())
    if keys is not None:
        app.add_middleware(KeyGuard, keys=keys)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(HostGuard, loopback=loopback)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Departures)
    app.state.measurements = Measurements()
    app.add_middleware(Watch, measurements=app.state.measurements)
    return app


def _add_routes(app: FastAPI) -> None:
    v1 = APIRouter(prefix="/v1")
    looked_at = (identify, search, records, morphospace)
    worked = (calibration, queues, jobs, evaluations, clusters, decisions)
    for module in (*looked_at, *worked):
        v1.include_router(module.router, dependencies=[READS])
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(routes.router)
    app.mount("/static", StaticFiles(packages=[("holotype.service", "static")]), name="static")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.loading = asyncio.create_task(_load(app))
    yield
    app.state.switch.close()


async def _load(app: FastAPI) -> None:
    await app.state.switch.engine().start()
    await asyncio.to_thread(app.openapi)  # made once, while nobody waits
