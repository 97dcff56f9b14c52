"""Who decides: whoever is logged in, unless it is said."""

from __future__ import annotations

import getpass

from .backend import Signed


def signed(by: str, why: str) -> Signed:
    """Return who decides and why; without a name, whoever is logged in."""
    return Signed(by or getpass.getuser(), why)
