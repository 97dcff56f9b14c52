"""Holotype: pictures of specimens in, honest identifications out.

    import holotype

    moths = holotype.open("moths")
    moths.identify("unknown.jpg")

Names are loaded when they are first used, so that importing the package is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holotype.version import __version__

if TYPE_CHECKING:
    from holotype.eval.retrieval.evaluate import Evaluation, evaluate
    from holotype.index.clusters.cluster import cluster
    from holotype.index.clusters.decide import Decider
    from holotype.index.collection import Collection
    from holotype.index.encoders import Encoder, accelerated, load_encoder
    from holotype.index.errors import HolotypeError
    from holotype.index.export.parquet import export_parquet
    from holotype.index.identification.identify import Answer, Determination, identify
    from holotype.index.identification.many.batches import identify_each
    from holotype.index.identification.many.outcomes import Outcome, Specimen
    from holotype.index.ingest.pictures import IngestReport, ingest
    from holotype.index.ingest.vectors import load_vectors
    from holotype.index.manifests.manifest import Manifest
    from holotype.index.manifests.problems import Problem
    from holotype.index.morphospace.morphospace import Morphospace, morphospace
    from holotype.index.search.search import Hit, picture_vector, search
    from holotype.notebook.client import Client
    from holotype.notebook.opened import OpenCollection
    from holotype.notebook.opening import open

_HOMES = {
    "Answer": "index.identification.identify",
    "Client": "notebook.client",
    "Collection": "index.collection",
    "Decider": "index.clusters.decide",
    "Determination": "index.identification.identify",
    "Encoder": "index.encoders",
    "Evaluation": "eval.retrieval.evaluate",
    "Hit": "index.search.search",
    "HolotypeError": "index.errors",
    "IngestReport": "index.ingest.pictures",
    "Manifest": "index.manifests.manifest",
    "Morphospace": "index.morphospace.morphospace",
    "OpenCollection": "notebook.opened",
    "Outcome": "index.identification.many.outcomes",
    "Problem": "index.manifests.problems",
    "Specimen": "index.identification.many.outcomes",
    "accelerated": "index.encoders",
    "cluster": "index.clusters.cluster",
    "evaluate": "eval.retrieval.evaluate",
    "export_parquet": "index.export.parquet",
    "identify": "index.identification.identify",
    "identify_each": "index.identification.many.batches",
    "ingest": "index.ingest.pictures",
    "load_encoder": "index.encoders",
    "load_vectors": "index.ingest.vectors",
    "morphospace": "index.morphospace.morphospace",
    "open": "notebook.opening",
    "picture_vector": "index.search.search",
    "search": "index.search.search",
}

__all__ = [
    "Answer",
    "Client",
    "Collection",
    "Decider",
    "Determination",
    "Encoder",
    "Evaluation",
    "Hit",
    "HolotypeError",
    "IngestReport",
    "Manifest",
    "Morphospace",
    "OpenCollection",
    "Outcome",
    "Problem",
    "Specimen",
    "__version__",
    "accelerated",
    "cluster",
    "evaluate",
    "export_parquet",
    "identify",
    "identify_each",
    "ingest",
    "load_encoder",
    "load_vectors",
    "morphospace",
    "open",
    "picture_vector",
    "search",
]


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'holotype' has no attribute '{name}'")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
