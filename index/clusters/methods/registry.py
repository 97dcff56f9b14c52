"""Methods by name."""

from __future__ import annotations

from .centres import kmeans
from .density import hdbscan
from .leiden import constant_potts, modularity
from .pool import Method, with_count
from .spectral import spectral
from .ward import ward

AUTO = "auto"  # the method that measures best on species left out (docs/clustering.md)
METHODS: dict[str, Method] = {
    AUTO: spectral,
    "spectral": spectral,
    "leiden": with_count(constant_potts),
    "modularity": with_count(modularity),
    "ward": with_count(ward),
    "hdbscan": with_count(hdbscan),
    "kmeans": with_count(kmeans),
}


def method_named(name: str) -> Method:
    """Return a method.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in METHODS:
        raise ValueError(f"There is no clustering method '{name}'; take {', '.join(METHODS)}")
    return METHODS[name]
