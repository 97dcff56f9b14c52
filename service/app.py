"""The application: one collection, or several of a folder, with API and pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from holotype.index.database.own_folder import is_collection
from holotype.version import __version__

from .description import DescribedApp
from .engine import Engine
from .guards.connections import Departures
from .guards.headers import OwnLocations, SecurityHeaders
from .guards.hosts import HostGuard
from .guards.keys import KeyGuard, Keys
from .guards.limits import NO_MEMORY, AnswerLimit, BodyLimit
from .guards.origins import OwnPagesOnly
from .guards.scopes import READS
from .guards.turns import Shares
from .guards.watch import Watch
from .guards.words import InWords
from .measurements import Measurements
from .pages import collections as collections_page
from .pages import docs, routes
from .pages.rendering import FOLDER_NAVIGATION, NAVIGATION
from .problems import Problem, add_handlers
from .resources import calibration, collections, health, identify, metrics, search
from .resources.records import routes as records
from .resources.unknown import clusterings, clusters, decisions, morphospace, queues
from .resources.work import evaluations, jobs
from .served.folder import Folder
from .served.listing import require_served
from .served.shared import Shared
from .settings import ServiceSettings, service_settings
from .switch import Switch

_DESCRIPTION = """What is this specimen? Ask with pictures, get the nearest specimens and one honest
answer. Every error is `application/problem+json` (RFC 9457) whose `detail` is one sentence."""


def create_app(
    folder: Path, *, keys: Keys | None = None, loopback: bool = True, root_path: str = ""
) -> FastAPI:
    """Make the application that serves a collection, or the collections of a folder.

    Encoders and galleries are loaded while it answers already: pages come at once, questions wait
    for what they need, and `readyz` says when all is there. `app.state.loading` ends then.

    Args:
        folder: a collection, or a folder of several: each is then served below its name.
        keys: the API keys to ask for; None asks for none.
        loopback: answer only requests whose Host header is this machine's own name.
        root_path: the prefix below which a proxy serves it, such as `/museum`.

    Raises:
        NotFoundError: the folder is not a collection, and holds none.
        CorruptError: the database of the collection is damaged.
    """
    require_served(folder)
    limits = service_settings()
    share = limits.max_share if keys is not None and len(keys.digests) > 1 else 1
    app = _one(folder, limits, share) if is_collection(folder) else _several(folder, limits, share)
    app.state.limits = limits
    app.state.root_path = root_path
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
    app.add_middleware(Watch, measurements=app.state.measurements)
    app.add_middleware(InWords)
    return app


def _one(folder: Path, limits: ServiceSettings, share: float) -> FastAPI:
    """Return the application of a collection, which has the service for itself."""
    app, shared = _described(_lifespan_of_one), Shared(limits, share)
    app.state.shared = shared
    app.state.served = Switch(folder, app.state, partial(Engine, shared=shared))
    app.state.measurements = Measurements()
    app.state.navigation = NAVIGATION
    app.include_router(health.router)
    app.include_router(health.readiness)
    app.include_router(metrics.router)
    _add_collection(app)
    return app


def _several(folder: Path, limits: ServiceSettings, share: float) -> FastAPI:
    """Return the application of several collections, with the one that answers for each in it."""
    app, each = _described(_lifespan_of_several), _described()
    each.state.navigation = NAVIGATION
    _add_collection(each)
    app.state.each = each
    app.state.served = Folder(folder, Shared(limits, share))
    app.state.measurements = Measurements(several=True)
    app.state.navigation = FOLDER_NAVIGATION
    for module in (health, collections, docs, collections_page):
        app.include_router(module.router)
    app.include_router(health.versions)
    app.mount("/static", StaticFiles(packages=[("holotype.service", "static")]), name="static")
    app.mount("/{collection}", Below(app.state.served, each))
    return app


class Below:
    """Answers what is asked below the name of a collection."""

    def __init__(self, folder: Folder, app: ASGIApp) -> None:
        self.app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse a name that no collection has.

        Raises:
            NotFoundError: none has it.
        """
        scope["served"] = self._folder.place(scope["path_params"].pop("collection"))
        await self.app(scope, receive, send)


def _described(lifespan: Lifespan[Any] | None = None) -> DescribedApp:
    app = DescribedApp(
        title="Holotype",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # see `pages.docs`
        responses={"default": {"model": Problem, "description": "What is wrong, in one sentence"}},
    )
    add_handlers(app)
    return app


def _add_collection(app: FastAPI) -> None:
    """Add the pages and the API of a collection."""
    v1 = APIRouter(prefix="/v1")
    looked_at = (identify, search, records, morphospace)
    worked = (calibration, queues, jobs, evaluations, clusterings, clusters, decisions)
    for module in (*looked_at, *worked):
        v1.include_router(module.router, dependencies=[READS])
    app.include_router(v1)
    app.include_router(health.versions)
    app.include_router(routes.router)
    app.mount("/static", StaticFiles(packages=[("holotype.service", "static")]), name="static")
    app.add_middleware(OwnLocations)


@asynccontextmanager
async def _lifespan_of_one(app: FastAPI) -> AsyncIterator[None]:
    app.state.loading = asyncio.create_task(_load(app))
    yield
    app.state.served.close()
    app.state.shared.close()


async def _load(app: FastAPI) -> None:
    await app.state.served.engine().start()
    await asyncio.to_thread(app.openapi)  # made once, while nobody waits


@asynccontextmanager
async def _lifespan_of_several(app: FastAPI) -> AsyncIterator[None]:
    folder: Folder = app.state.served
    app.state.loading = asyncio.create_task(_load_all(app, folder))
    following = asyncio.create_task(folder.follow())
    yield
    app.state.loading.cancel()
    following.cancel()
    folder.close()
    folder.shared.close()


async def _load_all(app: FastAPI, folder: Folder) -> None:
    await folder.look()
    for one in (app, app.state.each):
        await asyncio.to_thread(one.openapi)  # made once, while nobody waits
