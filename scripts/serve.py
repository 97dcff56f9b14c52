"""`holotype serve`: the query API and the pages of a collection, or of those of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="COLLECTION",
            help="The collection's folder, or a folder of several collections.",
            show_default=False,
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Interface; others than this machine need HOLOTYPE_API_KEYS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8000,
    root_path: Annotated[
        str,
        typer.Option(help="Prefix below which a proxy serves it and which the proxy takes away."),
    ] = "",
) -> None:
    """Serve the pages and the API under /v1 until Ctrl-C; several collections each below /NAME/."""
    from holotype.service.server import serve as run

    run(folder, host=host, port=port, root_path=root_path)
