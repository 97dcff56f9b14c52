"""`holotype collection trust`: what a collection may use beyond its own data, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from holotype.index.visible import visible

from .console import CollectionArgument, JsonFlag, out, print_json


def trust(
    collection: CollectionArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what a collection asks for beyond its own data, and let it be used from now on.

    A store receives vectors, queries and HOLOTYPE_MILVUS_TOKEN; an encoder is fetched from a hub or
    read from a folder. What you made yourself needs no trust.
    """
    from holotype.index.upkeep.trust_requests import trust_requests

    asked = trust_requests(collection)
    address = asked.store.address if asked.store else ""
    lines = [f"Store {address!r}"] if address else []
    lines += [f"Encoder {name!r}" for name in asked.encoders]
    if lines and not yes:
        for line in lines:
            typer.echo(line, err=True)
        typer.confirm(visible(f"Let {collection} use this?"), abort=True, err=True)
    asked.allow()
    if as_json:
        print_json({"store": address, "encoders": asked.encoders})
        return
    for line in lines:
        out.print(f"{line} may be used.", highlight=False, soft_wrap=True)
    if not lines:
        out.print("It asks for nothing that is not allowed already.", highlight=False)
