"""`holotype mcp`: a collection as tools of an assistant."""

from __future__ import annotations

from typing import Annotated

import typer


def mcp(
    collection: Annotated[
        str,
        typer.Argument(help="The collection's folder, or where it is served.", show_default=False),
    ],
) -> None:
    """Let an assistant ask a collection, over the Model Context Protocol on stdin and stdout.

    It may ask and change nothing. A served collection asks for the key in HOLOTYPE_KEY.
    """
    import os

    import holotype
    from holotype.notebook.assistant import server_of

    served = collection.startswith(("http://", "https://"))
    key = os.environ.get("HOLOTYPE_KEY", "")
    with holotype.Client(collection, key) if served else holotype.open(collection) as opened:
        server_of(opened).run("stdio")
