"""`holotype serve`: the query API and the pages of a collection."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import CollectionArgument


def serve(
    collection: CollectionArgument,
    host: Annotated[
        str, typer.Option(help="Interface; others than this machine need HOLOTYPE_API_KEYS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8000,
) -> None:
    """Serve the identify page and the API under /v1 until Ctrl-C."""
    from holotype.service.server import serve as run

    run(collection, host=host, port=port)
