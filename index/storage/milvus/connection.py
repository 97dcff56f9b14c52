"""Connections to a Milvus, and what goes wrong with them in one sentence."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from ...errors import HolotypeError, LockedError, StoreError
from ...settings import settings
from .address import LITE, check_token

_opened: Counter[str] = Counter()  # how many of this process use a Milvus Lite
_opening = threading.Lock()

# pymilvus asks every 10 seconds whether the server is there; a server with the defaults of gRPC, as
# a Milvus Lite is, hangs up on who asks more than every 5 minutes.
_PING_MS = 330_000


def connected(address: str) -> Any:
    """Return a `pymilvus.MilvusClient`; `release` its address when it is closed.

    Raises:
        LockedError: another process uses a Milvus Lite.
        StoreError: `pymilvus` is not installed, or nothing answers.
    """
    try:
        from grpc import RpcError
        from pymilvus import MilvusClient, MilvusException
    except ImportError as error:
        raise StoreError(
            f"The vectors lie in {address}, and pymilvus is not installed; run "
            "pip install 'holotype[milvus]'"
        ) from error
    for name in ("pymilvus", "milvus_lite"):  # what they log is in the error too
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    token = settings().milvus_token
    if token:
        check_token(address, in_clear=settings().milvus_token_in_clear)
    if address.endswith(LITE):
        _prepare_lite(address)
    with _opening:
        try:
            milvus = MilvusClient(
                uri=address,
                token=token,
                timeout=settings().milvus_timeout,
                grpc_options={"grpc.keepalive_time_ms": _PING_MS},
            )
        except (MilvusException, RpcError) as error:
            raise as_ours(address, error) from error
        _opened[address] += 1
    return milvus


def _prepare_lite(address: str) -> None:
    try:
        import milvus_lite  # noqa: F401
    except ImportError as error:
        raise StoreError(
            f"The vectors lie in {address}, and Milvus Lite is not installed; run "
            "pip install --no-deps milvus-lite (docs/milvus.md says why)"
        ) from error
    Path(address).parent.mkdir(parents=True, exist_ok=True)


def release(address: str) -> None:
    """Let go of an address; the last of a process to use a Milvus Lite ends it."""
    with _opening:
        _opened[address] -= 1
        if address.endswith(LITE) and not _opened[address]:
            from milvus_lite import server_manager_instance

            server_manager_instance.release_server(address)


def as_ours(address: str, error: Exception) -> HolotypeError:
    """Return what a Milvus or the way to it says, as an error of this package."""
    said = " ".join(str(getattr(error, "message", "") or error).split())
    if said == "Open local milvus failed":
        return LockedError(
            f"{address} cannot be opened; Milvus Lite serves one process at a time, so wait until "
            "the other is done, or run a Milvus server"
        )
    return StoreError(
        f"The vector store at {address} does not answer as it should ({said}); see that it runs "
        "and can be reached, then repeat"
    )
