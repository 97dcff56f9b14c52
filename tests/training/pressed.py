"""Ctrl-C at a place of the code."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any


def pressed(call: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """A call with Ctrl-C before or after its work."""

    def press(*args: Any, **named: Any) -> Any:
        if after:
            call(*args, **named)
        signal.raise_signal(signal.SIGINT)

    return press
