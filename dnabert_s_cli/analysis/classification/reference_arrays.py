"""References as small plain arrays by name, for a file, and back.

Unit vectors -> whole numbers of 8 bits. K-mers, ascending -> their steps, byte by byte, so that a file compresses them.
Taxa -> 16 bits. What comes back has cosines that differ by less than 0.005, and the same k-mers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..neighbours import l2_normalize
from .protein_kmers import KmerSample
from .references import NO_TAXON, References, taxon_sizes

_MOST_8 = 127
_NONE_16 = np.iinfo(np.uint16).max

Arrays = Mapping[str, NDArray[np.generic]]


def reference_arrays(references: References) -> dict[str, NDArray[np.generic]]:
    """All numbers of references but for their tree, which is in the taxa; `references_of_arrays` reads them."""
    centres = references.centres
    scales = np.abs(centres).max(axis=1, keepdims=True) / _MOST_8
    steps = np.diff(references.kmers, prepend=np.uint32(0)).astype("<u4")
    return {
        "mean": references.mean.astype(np.float32),
        "centres": np.rint(centres / np.maximum(scales, np.finfo(np.float32).tiny)).astype(np.int8),
        "clade_taxa": _narrow(references.clade_taxa),
        "kmer_steps": np.ascontiguousarray(steps.view(np.uint8).reshape(-1, 4).T),
        "kmer_taxa": _narrow(references.kmer_taxa),
        "sample": np.array([references.sample.length, references.sample.one_in], np.int64),
    }


def references_of_arrays(arrays: Arrays, ancestors: NDArray[np.int64]) -> References:
    """The references that `reference_arrays` took apart.

    Args:
        ancestors: (R, M) int64 of the tree.

    Raises:
        ValueError: an array is missing or does not fit the others.
    """
    try:
        steps = np.ascontiguousarray(np.asarray(arrays["kmer_steps"], np.uint8).T).view("<u4")[:, 0]
        centres = l2_normalize(np.asarray(arrays["centres"], np.float32))
        clade_taxa, kmer_taxa = _wide(arrays["clade_taxa"]), _wide(arrays["kmer_taxa"])
        mean = np.asarray(arrays["mean"], np.float32)
        length, one_in = np.asarray(arrays["sample"], np.int64).tolist()
    except KeyError as error:
        raise ValueError(f"lacks the array {error.args[0]}") from error
    except (IndexError, TypeError) as error:
        raise ValueError("an array has the wrong shape") from error
    fits = centres.shape == (len(clade_taxa), len(mean)) and len(steps) == len(kmer_taxa)
    most = max(clade_taxa.max(initial=NO_TAXON), kmer_taxa.max(initial=NO_TAXON))
    if not fits or most >= ancestors.shape[1] or length < 1 or one_in < 1:
        raise ValueError("arrays do not fit together")
    kmers = np.cumsum(steps, dtype=np.uint32)
    sizes = taxon_sizes(kmer_taxa, ancestors)
    return References(ancestors, mean, centres, clade_taxa, kmers, kmer_taxa, sizes, KmerSample(length, one_in))


def _narrow(taxa: NDArray[np.int64]) -> NDArray[np.uint16]:
    return np.where(taxa == NO_TAXON, _NONE_16, taxa).astype(np.uint16)


def _wide(taxa: NDArray[np.generic]) -> NDArray[np.int64]:
    wide = np.asarray(taxa, np.int64)
    return np.where(wide == _NONE_16, NO_TAXON, wide)
