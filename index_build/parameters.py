"""How hard a search tries: efSearch, nprobe and k_factor, as FAISS wants them for one search."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import faiss

AT = 100
"""The list length that parameters are tuned at, and recall is measured at."""


@dataclass(frozen=True)
class Parameters:
    """What was tuned for lists of AT; longer lists are searched harder in proportion. What a kind lacks is 0."""

    efSearch: int = 0
    "Breadth of the search in a graph (HNSW)."
    nprobe: int = 0
    "Lists visited (IVF)."
    k_factor: int = 0
    "Times k vectors that are compared again in the refinement."


def layers(index: faiss.Index) -> list[Any]:
    """Return the index and what lies inside, outermost first: refinement, transform, then the one that searches."""
    found = [faiss.downcast_index(index)]
    while isinstance(found[-1], faiss.IndexRefine | faiss.IndexPreTransform):
        outer = found[-1]
        inner = outer.base_index if isinstance(outer, faiss.IndexRefine) else outer.index
        found.append(faiss.downcast_index(inner))
    return found


def search_parameters(index: faiss.Index, tuned: Parameters, k: int) -> Any:  # noqa: ANN401
    """Return the FAISS search parameters of a search for k; None where there is nothing to set."""
    *outside, inner = layers(index)
    depth = k * max(1, tuned.k_factor)
    harder = max(1.0, k / AT)
    found = None
    if isinstance(inner, faiss.IndexHNSW):
        # All of them can be asked of a graph as well; what it does not reach is then row -1.
        found = faiss.SearchParametersHNSW(efSearch=max(ceil(tuned.efSearch * harder), depth))  # type: ignore[attr-defined]
    elif isinstance(inner, faiss.IndexIVF):
        # So long a list wants the vectors of all lists; else the last places would stay empty.
        lists = inner.nlist if 4 * depth >= inner.ntotal else min(inner.nlist, ceil(max(1, tuned.nprobe) * harder))
        found = faiss.SearchParametersIVF(nprobe=lists)  # type: ignore[call-arg]
        if isinstance(faiss.downcast_index(inner.quantizer), faiss.IndexHNSW):
            breadth = faiss.SearchParametersHNSW(efSearch=max(64, 2 * lists))  # type: ignore[attr-defined]
            found = faiss.SearchParametersIVF(nprobe=lists, quantizer_params=breadth)  # type: ignore[call-arg]
    for outer in reversed(outside):
        if isinstance(outer, faiss.IndexRefine):
            found = faiss.IndexRefineSearchParameters(  # type: ignore[call-arg]
                k_factor=max(1, tuned.k_factor), base_index_params=found
            )
        elif found is not None:
            found = faiss.SearchParametersPreTransform(index_params=found)  # type: ignore[call-arg]
    return found
