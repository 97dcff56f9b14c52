"""A collection as tools of an assistant, over the Model Context Protocol; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from holotype.index.errors import HolotypeError, UsageError
from holotype.version import __version__

from .opened import OpenCollection

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_ABOUT = (
    "A collection of pictures of specimens. Identify a picture, look at the evidence, and say how "
    "sure the answer is; 'unknown' is an answer. Filters are written as family=Noctuidae."
)

Arguments = ParamSpec("Arguments")
Told = dict[str, Any]


class Tools:
    """What an assistant may ask."""

    def __init__(self, collection: OpenCollection) -> None:
        self._collection = collection

    def identify(self, path: str, risk: float = 0.05, only: list[str] | None = None) -> Told:
        """Identify the specimen in a picture, a file of this machine."""
        return self._collection.identify(path, risk=risk, only=only, k=5).to_dict()

    def search(
        self,
        path: str | None = None,
        image_id: str | None = None,
        text: str | None = None,
        where: list[str] | None = None,
        k: int = 10,
    ) -> Told:
        """Find the stored images nearest to a picture, a stored image or a description."""
        found = self._collection.search(path, image_id=image_id, text=text, where=where, k=k)
        return found.to_dict()

    def info(self) -> Told:
        """Count what the collection holds, and list its spaces."""
        return self._collection.info().to_dict()

    def images(self, where: list[str] | None = None, limit: int = 20) -> list[Told]:
        """List stored images that satisfy all conditions, with what is known of each."""
        return [image.to_dict() for image in self._collection.images(where).first(limit)]

    def specimen(self, specimen_id: str) -> Told:
        """Return a specimen with its name and images."""
        return self._collection.specimen(specimen_id).to_dict()

    def taxa_under(self, under: str | None = None) -> Told:
        """List the taxa right below one, written as family:Noctuidae; without it the top."""
        return self._collection.tree(under).to_dict()

    def taxon(self, rank: str, name: str) -> Told:
        """Return a taxon with its numbers, typical images and what it is confused with."""
        return self._collection.taxon(rank, name).to_dict()

    def review(self, queue: str = "mislabels", limit: int = 10) -> Told:
        """List what a curator should look at: mislabels, unnamed, duplicates, far or singletons."""
        return self._collection.review(queue, limit=limit).to_dict()

    def clusters(self) -> Told:
        """Return the candidate species of the last clustering."""
        return self._collection.clusters().to_dict()


def server_of(collection: OpenCollection) -> MCPServer[Any]:
    """Return a server whose tools ask a collection and change nothing in it.

    Raises:
        UsageError: the package `mcp` is missing.
    """
    try:
        from mcp.server.mcpserver import MCPServer
    except ModuleNotFoundError as error:
        raise UsageError(f"This needs {error.name}: pip install 'holotype[mcp]'") from error
    server: MCPServer[Any] = MCPServer("holotype", instructions=_ABOUT, version=__version__)
    tools = Tools(collection)
    for name in (name for name in vars(Tools) if not name.startswith("_")):
        server.tool()(_telling(getattr(tools, name)))
    return server


def _telling(tool: Callable[Arguments, Any]) -> Callable[Arguments, Any]:
    """Return a tool whose expected errors an assistant reads as the sentence that they are."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def told(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:
        try:
            return tool(*args, **kwargs)
        except HolotypeError as error:
            raise ToolError(str(error)) from error

    return told
