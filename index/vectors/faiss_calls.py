"""FAISS as this package uses it: kernels and threads chosen, calls without its Python wrappers.

Its `torch_utils`, once imported anywhere, replaces `Index.search` by one that refuses parameters.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np

from ..arrays import Answer, Bytes, Embeddings, Ids
from ..runtime import prepare

prepare()  # before any numeric library does heavy work

Index: TypeAlias = Any  # FAISS says nothing of its types
Parameters: TypeAlias = Any
Selector: TypeAlias = Any

_BATCH = 32  # queries of a call from which on several threads are faster


@cache
def faiss() -> Any:
    """Return the library, imported when it is first needed: that takes a tenth of a second."""
    import faiss

    return faiss


@cache
def _threads() -> int:
    """Return how many threads FAISS would use of itself."""
    return int(faiss().omp_get_max_threads())


def use_threads(queries: int) -> None:
    """Give FAISS one thread for a few queries, which run beside others, and all for a batch.

    OpenMP's threads wait busily: inside a small search they cost more than they bring.
    """
    threads = _threads()  # before the number is changed
    faiss().omp_set_num_threads(threads if queries >= _BATCH else 1)


def let_blas_multiply(dim: int) -> None:
    """Let batches be matrix products from 5 queries on.

    Below this many products FAISS reads the whole matrix anew for each query of a batch.
    """
    faiss().cvar.distance_compute_blas_threshold = 4 * dim


def new_index(dim: int, recipe: str) -> Index:
    """Return an empty index for inner products; the recipe is one of `index_factory`."""
    return faiss().index_factory(dim, recipe, faiss().METRIC_INNER_PRODUCT)


def parameters(kind: str, **values: Any) -> Parameters:
    """Return the parameters of a search in a kind of index: "", "IVF" or "HNSW"."""
    return getattr(faiss(), f"SearchParameters{kind}")(**values)


def refined(probes: int, factor: int, selector: Selector | None) -> Parameters:
    """Return the parameters of a search in lists of codes with rows behind them.

    Args:
        probes: lists to look through.
        factor: rows that are compared for each that is wanted.
    """
    lists = parameters("IVF", nprobe=probes, sel=selector)
    return faiss().IndexRefineSearchParameters(k_factor=factor, base_index_params=lists)


def codes_of(index: Index) -> Index:
    """Return the lists of codes of an index that has rows behind them."""
    return faiss().downcast_index(index.base_index)


def bitmap_selector(bits: Bytes) -> Selector:
    """Return the rows whose bits are set, the lowest bit of a byte first, as FAISS takes them."""
    return faiss().IDSelectorBitmap(bits)


def search(index: Index, queries: Embeddings, k: int, parameters: Parameters | None) -> Answer:
    """Search a FAISS index; -1 where it finds fewer than k."""
    answer = empty_answer(len(queries), k)
    index.search_c(len(queries), _at(queries), k, *map(_at, answer), parameters)
    return answer


def search_lists(
    index: Index,
    queries: Embeddings,
    k: int,
    lists: Answer,
    parameters: Parameters,
) -> Answer:
    """Search the first `parameters.nprobe` of the lists nearest to each query, [q, lists]."""
    answer = empty_answer(len(queries), k)
    scores, ids = (np.ascontiguousarray(part[:, : parameters.nprobe]) for part in lists)
    places = map(_at, (ids, scores, *answer))
    index.search_preassigned_c(len(queries), _at(queries), k, *places, False, parameters)
    return answer


def scan(rows: Embeddings, queries: Embeddings, k: int, selector: Selector | None = None) -> Answer:
    """Return the k best of contiguous rows by comparing every one, or every selected one."""
    let_blas_multiply(rows.shape[1])
    answer = empty_answer(len(queries), k)
    sizes = (rows.shape[1], len(queries), len(rows), k)
    faiss().knn_inner_product(_at(queries), _at(rows), *sizes, *map(_at, answer), selector)
    return answer


def score(rows: Embeddings, queries: Embeddings, ids: Ids) -> Embeddings:
    """Return the product of every query with its own rows.

    Args:
        rows: float32 [n, dim].
        queries: float32 [q, dim].
        ids: int64 [q, m]; -1 scores -inf.
    """
    ids = np.ascontiguousarray(ids)
    scores = np.empty(ids.shape, np.float32)
    places = map(_at, (scores, queries, rows, ids))
    faiss().fvec_inner_products_by_idx(*places, rows.shape[1], len(queries), ids.shape[1])
    return scores


def reconstructed(index: Index, places: Ids) -> Embeddings:
    """Return rows as an index has kept them, float32 [m, dim]."""
    rows = np.empty((len(places), index.d), np.float32)
    if len(places):
        index.reconstruct_batch_c(len(places), _at(np.ascontiguousarray(places)), _at(rows))
    return rows


def train(index: Index, vectors: Embeddings, whole: Index | None = None) -> None:
    """Find the centroids of an inverted file with every thread, its codes with one.

    Threads wait for each other in the small k-means of the codes: ten times the processor time.

    Args:
        whole: the index that the inverted file is part of; None where it is alone.
    """
    threads = _threads()
    faiss().omp_set_num_threads(threads)
    index.train_q1(len(vectors), _at(vectors), False, index.metric_type)
    faiss().omp_set_num_threads(1)
    (whole or index).train(vectors)
    faiss().omp_set_num_threads(threads)


def replace_quantizer(index: Index, quantizer: Index) -> None:
    """Let another index over the same centroids find the nearest lists."""
    quantizer.this.disown()  # the index frees it
    old, index.quantizer = index.quantizer, quantizer
    old.this.acquire()


def to_bytes(index: Index) -> Bytes:
    """Return a FAISS index in FAISS's own format, uint8 [size]."""
    data: Bytes = faiss().serialize_index(index)
    return data


def from_bytes(data: Bytes) -> Index:
    """Return the FAISS index of verified bytes; it may go on using them, so keep them."""
    return faiss().read_index(faiss().ZeroCopyIOReader(_at(data), data.size))


def unchanging(vectors: Embeddings) -> Embeddings:
    """Return contiguous rows that nobody changes: themselves if read-only, else a copy."""
    if vectors.flags.writeable:
        return np.array(vectors, np.float32, order="C")
    return np.ascontiguousarray(vectors, np.float32)


def empty_answer(queries: int, k: int) -> Answer:
    """Return room for the scores and ids of k hits of every query."""
    return np.empty((queries, k), np.float32), np.empty((queries, k), np.int64)


def _at(values: object) -> Any:
    """Return a pointer to a contiguous array, which may be mapped read-only from a file."""
    return faiss().swig_ptr(np.asarray(values))
