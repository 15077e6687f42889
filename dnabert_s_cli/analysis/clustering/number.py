"""How many clusters k-means should make, from the vectors alone.

Rows that are each other's nearest -> their differences, which tell how members of one cluster scatter -> a space in
which they scatter alike in all directions -> communities of its graph of neighbours, as `bin` finds them -> how many of
these have members enough to be a cluster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..binning.assignment import HalfPairs
from ..binning.communities import find_communities
from ..binning.contig_space import contig_space
from ..binning.point_graph import neighbour_graph
from ..binning.whitening import fit_whitening
from ..neighbours import nearest_neighbours

SAMPLE_ROWS = 20_000
_LEAST_MEMBERS = 5  # rows of the sample in a community that counts
_NEIGHBOURS = 10  # in the graph: as many as the smallest cluster has members, by default
_ALIKE = 1e-6  # of all rows in every column: nothing to tell apart


def choose_n_clusters(unit: NDArray[np.float32], *, seed: int, threads: int = 0) -> int:
    """How many clusters there are, at least 1. (N, D) float32 unit rows.

    1 for fewer than three rows, and for rows that are all alike. At most `SAMPLE_ROWS` rows are looked at, so that time
    and memory stay bounded; what has fewer than five rows among these is no cluster. The number is the same for every
    number of threads.

    The greatest mean silhouette (Rousseeuw 1987) of rows whitened by their own covariance, which stood here before, is
    as good for 10 to 50 species or a little better, but with fewer that whitening magnifies noise: 30 clusters for 3
    species.
    """
    if len(unit) < 3 or np.ptp(unit, axis=0).max() < _ALIKE:
        return 1
    rng = np.random.default_rng(seed)
    sample = unit[np.sort(rng.permutation(len(unit))[:SAMPLE_ROWS])]
    ones = np.ones(len(sample), dtype=np.int64)
    whitened = fit_whitening(sample, ones, halves=_mutual_pairs(sample, threads=threads))(sample)
    graph = neighbour_graph(
        contig_space(whitened, ones, rng=rng).vectors, n_neighbours=_NEIGHBOURS, seed=seed, threads=threads
    )
    sizes = np.bincount(find_communities(graph))
    return max(int(np.count_nonzero(sizes >= _LEAST_MEMBERS)), 1)


def _mutual_pairs(unit: NDArray[np.float32], *, threads: int) -> HalfPairs:
    """Rows each of which is the other's nearest: two looks at one cluster, as the halves of a contig are in `bin`."""
    nearest = nearest_neighbours(unit, 1, threads=threads).indices[:, 0]
    rows = np.arange(len(unit))
    first = rows[(nearest[nearest] == rows) & (rows < nearest)]
    return HalfPairs(unit[first], unit[nearest[first]], np.ones(len(first), dtype=np.int64))
