"""Interfaces that can be served: this machine's own, and those that others reach."""

from __future__ import annotations

import ipaddress

ARRIVING = 1024  # connections that the system keeps until they are taken; others try again in 1 s


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine, reachable from this machine only.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
