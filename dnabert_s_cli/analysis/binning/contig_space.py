"""Embedding and depth as one space in which the distance of two contigs says how likely they are of one genome.

Unit vectors, divided by how much cosines of one genome scatter; depths, transformed so that their noise is the same at
every depth, divided by how much they scatter between neighbours -> two sets of points in which neighbours are searched
(vectors alone, and with depth) -> the distance of the pairs found. exp(-distance) is what both together say: the
product of a kernel of each, every sample counting as one more measurement. The logarithm of such a product scatters
within one genome as the root of the number of samples; divided by about that, edges within a genome stay alike in
weight, and the graph does not fall apart where there are many samples.

The fewer read pairs a contig has, the less its depth says: each contig's depth has a variance of its own, what counting
its read pairs adds and what is common to all contigs. Measured on a real assembly at 1 to 2.5 x, transformed depths
of contigs of 1 to 1.5 kb scatter by 0.28 around their genome's, those of contigs of 30 kb by 0.05; counting pairs
predicts 0.29 and 0.05.

Depth is not to be trusted blindly. A stretch that a relative shares draws the relative's reads, in each sample as many
as there are; so a few contigs of a genome lie many standard deviations off. What one sample, and all of them, can add
to a distance is therefore bounded, and contigs with like vectors are compared even where depth would hide them from
each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..blocks import row_blocks
from ..neighbours import nearest_references

DEFAULT_SPREAD = 0.18  # of cosines within a genome, where no halves tell it
LEAST_SPREAD, MOST_SPREAD = 0.05, 0.5
MOST_OF_SAMPLE = 4.0  # what one sample can add to a distance; 3.5 joins twin species that one sample tells apart
MOST_OF_DEPTH = 12.0  # what all samples can; unbounded, more samples of rough depth are worse than fewer
_LEAST_DEPTH_SCALE = 0.05  # depths of simulated reads can agree to many digits; real ones never do
_DEFAULT_DEPTH_SCALE = 0.25
_PAIR_BP = 300  # bases of a read pair, which is counted as one
_LEAST_COMMON = 0.12  # least scatter that all contigs share: replication, GC, repeats; less in simulated reads
_BACKGROUND = 0.2  # depth that reads of relatives may bring
_ASKED = 4_000  # contigs whose nearest neighbour shows how depth scatters
_LEAST_ASKED = 20
_SEEN_DEPTH = 1.0  # in a sample where neither contig reaches this, a difference says nothing about noise
_BLOCK_ROWS = 128  # times N products at once
_SHARE = 0.3  # of neighbours, the nearest in depth; the others may be of two genomes
_HALVINGS = 20
_SHARE_OF_NORMAL = 0.3853  # |x| below which 0.3 of a standard normal lies


@dataclass(frozen=True, slots=True, eq=False)
class ContigSpace:
    """N contigs whose distances are known.

    Attributes:
        vectors: (N, D) float32 points; the squared distance of two is (1 - cosine) / spread.
        depths: (N, S) float32 points; the squared distance of two in one sample is half the squared difference in
            depth over the variance that differences of neighbours have.
        variances: (N, S) float32 of each contig's own depth, in the units of the points; 0.5 for one whose depth
            scatters as that of most.
        n_seen: samples that have reads at all.
    """

    vectors: NDArray[np.float32]
    depths: NDArray[np.float32]
    variances: NDArray[np.float32]
    n_seen: int

    @property
    def divisor(self) -> float:
        """What sums of distances are divided by: 1 without depth, sqrt(1 + S / 2) with S samples that have reads."""
        return math.sqrt(1 + self.n_seen / 2)

    def of(self, rows: NDArray[np.int64]) -> ContigSpace:
        """Some of the contigs, in the same space."""
        return ContigSpace(self.vectors[rows], self.depths[rows], self.variances[rows], self.n_seen)

    def search_spaces(self) -> tuple[NDArray[np.float32], ...]:
        """Points among which neighbours are to be searched: vectors alone, and with unbounded depth if there is any."""
        if not self.n_seen:
            return (self.vectors,)
        return self.vectors, np.concatenate([self.vectors, self.depths], axis=1)

    def distances(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        """Distance of B contigs from K others each, (B,), (B, K) -> (B, K).

        The sum of (1 - cosine) / spread and of what samples say, divided by sqrt(1 + S / 2), where S counts the samples
        with reads. A sample says d / (1 + d / `MOST_OF_SAMPLE`), where d is half the squared difference over the
        variances of both contigs; of their sum the same is taken with `MOST_OF_DEPTH`.
        Source: the bounded function is that of Geman and McClure (1985), as robust M-estimators use it.
        """
        apart = self.vectors[rows][:, None] - self.vectors[others]  # (B, K, D)
        total: NDArray[np.float32] = np.einsum("ijk,ijk->ij", apart, apart)
        if not self.n_seen:
            return total
        differences = (self.depths[rows][:, None] - self.depths[others]) ** 2  # (B, K, S)
        differences /= self.variances[rows][:, None] + self.variances[others]
        depth = _bounded(differences, MOST_OF_SAMPLE).sum(axis=2)
        bounded: NDArray[np.float32] = (total + _bounded(depth, MOST_OF_DEPTH)) / self.divisor
        return bounded


def contig_space(
    unit: NDArray[np.float32],
    lengths_bp: NDArray[np.int64],
    *,
    spread: float = DEFAULT_SPREAD,
    depth: NDArray[np.float32] | None = None,
    rng: np.random.Generator,
) -> ContigSpace:
    """The space of contigs with (N, D) unit rows and (N, S) mean depths.

    Args:
        spread: standard deviation of cosines within a genome (`whitening.similarity_spread`).
        rng: draws the contigs, by length, whose neighbours show how depth scatters.
    """
    spread = min(max(spread, LEAST_SPREAD), MOST_SPREAD)
    vectors = unit / np.float32(np.sqrt(2 * spread))
    if depth is None or depth.shape[1] == 0:
        nothing = np.empty((len(unit), 0), dtype=np.float32)
        return ContigSpace(vectors, nothing, nothing, 0)
    evened = even_noise(depth)
    counting = _PAIR_BP / (lengths_bp[:, None] * (1 + depth.astype(np.float64)))
    noise = _depth_noise(unit, depth, evened=evened, counting=counting, lengths_bp=lengths_bp, rng=rng)
    depths = (evened / (np.sqrt(2) * noise.scales)).astype(np.float32)
    variances = ((noise.common**2 + counting) / noise.scales**2).astype(np.float32)
    return ContigSpace(vectors, depths, variances, int(np.count_nonzero(depth.any(axis=0))))


def _bounded(values: NDArray[np.float32], most: float) -> NDArray[np.float32]:
    """As the values where these are small, and never above `most`."""
    bounded: NDArray[np.float32] = values / (1 + values / np.float32(most))
    return bounded


def even_noise(depth: NDArray[np.float32]) -> NDArray[np.float64]:
    """2 asinh(sqrt(d + b)): grows as a logarithm where depth is high, as a root where counting noise rules. Same shape.

    Depths far below b are as good as none: where a genome is absent, a few reads of relatives map to its contigs.
    Source: the variance-stabilising transform of a count whose standard deviation grows from the root of the mean
    to a fixed share of it (Anscombe 1948, section on the negative binomial); we add b.
    """
    return 2 * np.arcsinh(np.sqrt(np.maximum(depth.astype(np.float64), 0) + _BACKGROUND))


@dataclass(frozen=True, slots=True, eq=False)
class _Noise:
    """How depths scatter in S samples.

    Attributes:
        scales: (S,) standard deviation of the difference of two neighbours.
        common: (S,) standard deviation that each contig has in addition to that of counting.
    """

    scales: NDArray[np.float64]
    common: NDArray[np.float64]


def _depth_noise(
    unit: NDArray[np.float32],
    depth: NDArray[np.float32],
    *,
    evened: NDArray[np.float64],
    counting: NDArray[np.float64],
    lengths_bp: NDArray[np.int64],
    rng: np.random.Generator,
) -> _Noise:
    """How the depth of contigs of one genome scatters in each sample.

    Most nearest neighbours by embedding are of one genome. Of their differences the smallest 30 % are as good as free
    of pairs from two genomes, and where the smallest 30 % of normal deviates end, is known.

    Args:
        counting: (N, S) variance of each evened depth that counting its read pairs brings.
    """
    n_asked = min(len(unit), _ASKED)
    noise = _Noise(np.full(depth.shape[1], _DEFAULT_DEPTH_SCALE), np.full(depth.shape[1], _LEAST_COMMON))
    if len(unit) < 2:
        return noise
    asked = rng.choice(len(unit), n_asked, replace=False, p=lengths_bp / lengths_bp.sum())
    others = np.concatenate([_nearest_other(unit, asked[block]) for block in row_blocks(n_asked, _BLOCK_ROWS)])
    differences = np.abs(evened[asked] - evened[others])
    counted = counting[asked] + counting[others]
    is_seen = np.maximum(depth[asked], depth[others]) >= _SEEN_DEPTH
    for sample in range(depth.shape[1]):
        seen = is_seen[:, sample]
        if np.count_nonzero(seen) >= _LEAST_ASKED:
            own = differences[seen, sample]
            noise.scales[sample] = max(float(np.quantile(own, _SHARE)) / _SHARE_OF_NORMAL, _LEAST_DEPTH_SCALE)
            noise.common[sample] = max(_common_noise(own, counted[seen, sample]), _LEAST_COMMON)
    return noise


def _common_noise(differences: NDArray[np.float64], counted: NDArray[np.float64]) -> float:
    """Standard deviation that each contig of a pair adds to that of counting; 0 if counting explains all."""
    low, high = 0.0, float(differences.max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        deviates = differences / np.sqrt(2 * middle**2 + counted)
        low, high = (middle, high) if np.quantile(deviates, _SHARE) > _SHARE_OF_NORMAL else (low, middle)
    return low


def _nearest_other(unit: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row most like each of these, but itself."""
    with threadpool_limits(limits=1):
        found = nearest_references(unit[rows], unit, n_neighbours=2).indices
    return np.where(found[:, 0] == rows, found[:, 1], found[:, 0])
