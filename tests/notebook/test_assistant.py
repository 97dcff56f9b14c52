"""What an assistant is told of a collection."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import holotype
from tests.conftest import Cli

pytest.importorskip("mcp", reason="no mcp; pip install 'holotype[mcp]'")


def called(folder: Path, name: str, **arguments: Any) -> tuple[Any, bool]:
    """Call a tool as a client of the protocol does; return its text and whether it is an error."""
    from mcp.client import Client

    from holotype.notebook.assistant import server_of

    async def call() -> tuple[Any, bool]:
        with holotype.open(folder) as opened:
            async with Client(server_of(opened)) as client:
                found = await client.call_tool(name, arguments)
                text = "".join(part.text for part in found.content if part.type == "text")
                return text, bool(found.is_error)

    return asyncio.run(call())


def test_it_asks_what_python_asks(folder: Path, source: Path) -> None:
    picture = str(source.parent / "1-0.png")
    text, failed = called(folder, "identify", path=picture, only=["category=Moth"])
    assert not failed
    with holotype.open(folder) as opened:
        expected = opened.identify(picture, only={"category": "Moth"}, k=5).to_dict()
    assert json.loads(text)["determination"] == json.loads(json.dumps(expected["determination"]))


def test_an_error_is_told_in_its_sentence(folder: Path) -> None:
    text, failed = called(folder, "search", image_id="gone.png")
    assert failed
    assert "has no image 'gone.png'" in text


ASKED = {"identify", "search", "info", "images", "specimen", "taxa_under", "taxon", "review"}


@pytest.mark.slow
def test_a_program_asks_the_command_over_its_standard_input(folder: Path) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    words = ["-c", "from holotype.scripts.main import main; main()", "mcp", str(folder)]
    command = StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))

    async def session() -> tuple[set[str], Any]:
        async with stdio_client(command) as (read, write), ClientSession(read, write) as asking:
            await asking.initialize()
            tools = await asking.list_tools()
            found = await asking.call_tool("info", {})
            text = "".join(part.text for part in found.content if part.type == "text")
            return {tool.name for tool in tools.tools}, json.loads(text)

    names, told = asyncio.run(session())
    assert names == ASKED | {"clusters"}
    with holotype.open(folder) as opened:
        assert told["images"] == opened.info()["images"]


def test_the_command_refuses_what_is_no_collection(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("mcp", tmp_path / "nowhere")
    assert code == 2
    assert "not a collection" in err
