"""The step of `bin` in which contigs become clusters: vectors, depth and markers to labels.

Vectors, with both halves of some contigs and with depth -> points -> graph of neighbours -> communities, or those
within the bins of another tool -> communities that markers call contaminated, divided. Or, by the methods of the
paper's protocol, vectors alone -> k-medoid or HDBSCAN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ... import defaults
from ...analysis.binning.assignment import HalfPairs, choose_min_similarity, prepare_features
from ...analysis.binning.communities import SparseGraph, find_communities, find_communities_within, graph_within
from ...analysis.binning.contig_space import DEFAULT_SPREAD, ContigSpace, contig_space
from ...analysis.binning.islands import join_unmarked
from ...analysis.binning.label_evidence import weigh_edges
from ...analysis.binning.marker_refinement import divide_contaminated
from ...analysis.binning.point_graph import compared_graph, graph_size
from ...analysis.binning.recruitment import recruit
from ...analysis.binning.whitening import fit_whitening, similarity_spread
from ...analysis.markers.search import MarkerHits
from ...analysis.neighbours import l2_normalize
from ..cluster.methods import KMEDOID, ClusterOptions, cluster_vectors
from ..memory import available_bytes, require_memory
from ..progress import Progress

LOUVAIN = "louvain"


@dataclass(frozen=True, slots=True, eq=False)
class TaxonLabels:
    """What another tool calls N contigs: (N,) int64 number of the genus, -1 for none; (N,) float64 how sure it is."""

    labels: np.ndarray
    confidences: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What is known of N contigs.

    Args:
        embeddings: (N, D) float32.
        lengths_bp: (N,) int64.
        halves: both halves of some contigs, embedded; None where there is no encoder.
        depth: (N, S) float32 mean depths; None where there are none.
        hits: single-copy genes; None where they are not asked for.
        given: (N,) int64 bins of another tool, -1 for none; None to start from nothing.
        taxa: labels of another tool; None for none.
    """

    embeddings: np.ndarray
    lengths_bp: np.ndarray
    halves: HalfPairs | None = None
    depth: np.ndarray | None = None
    hits: MarkerHits | None = None
    given: np.ndarray | None = None
    taxa: TaxonLabels | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clustered:
    """Cluster of each contig, (N,) int64, negative for none; unit vectors in the geometry used; options as used."""

    labels: np.ndarray
    unit: np.ndarray
    options: ClusterOptions


def cluster_contigs(evidence: Evidence, options: ClusterOptions, *, min_bin_bp: int, progress: Progress) -> Clustered:
    """Clusters of contigs by the method of `options`.

    Raises:
        DnabertSError: memory will not do.
    """
    if options.method == LOUVAIN:
        return _by_communities(evidence, options, min_bin_bp=min_bin_bp, progress=progress)
    generator = np.random.default_rng(options.seed)
    features = prepare_features(evidence.embeddings, evidence.lengths_bp, halves=evidence.halves, rng=generator)
    if options.method == KMEDOID and options.min_similarity is None:
        chosen = choose_min_similarity(features, evidence.lengths_bp, rng=generator)
        options = replace(options, min_similarity=chosen)
    progress.start(f"clustering {len(features.unit):,} contigs by {options.method}", None, unit="contigs")
    return Clustered(cluster_vectors(features.unit, options), features.unit, options)


def _by_communities(evidence: Evidence, options: ClusterOptions, *, min_bin_bp: int, progress: Progress) -> Clustered:
    """Communities of the neighbour graph over embedding and depth."""
    generator = np.random.default_rng(options.seed)
    unit, spread = unit_vectors(evidence)
    space = contig_space(unit, evidence.lengths_bp, spread=spread, depth=evidence.depth, rng=generator)
    spaces = space.search_spaces()
    size = graph_size(len(unit), spaces[-1].shape[1], n_neighbours=options.n_neighbours)
    require_memory(size.n_bytes, available_bytes(), what=f"the graph of {len(unit):,} contigs")
    kind = "exact" if size.is_exact else "approximate"
    progress.start(f"{kind} neighbours of {len(unit):,} contigs", len(spaces) * len(unit), unit="contigs")
    graph = compared_graph(
        spaces,
        space.distances,
        n_neighbours=options.n_neighbours,
        seed=options.seed,
        threads=options.threads,
        on_progress=progress.advance,
    )
    if evidence.taxa is not None:
        graph = weigh_edges(graph, evidence.taxa.labels, confidences=evidence.taxa.confidences)
    progress.start(f"communities of {len(unit):,} contigs", None, unit="contigs")
    is_short = evidence.lengths_bp < defaults.CORE_CONTIG_BP
    if evidence.given is not None or not is_short.any() or is_short.all():
        return Clustered(_labels(graph, evidence, space=space, min_bin_bp=min_bin_bp), unit, options)
    long_ones = np.flatnonzero(~is_short)
    inner = _of_contigs(evidence, ~is_short)
    labels = np.full(len(unit), -1, dtype=np.int64)
    own_graph, own_space = graph_within(graph, long_ones), space.of(long_ones)
    labels[long_ones] = _labels(own_graph, inner, space=own_space, min_bin_bp=min_bin_bp)
    labels = recruit(graph, labels, waiting=is_short)
    labels[~evidence.embeddings.any(axis=1)] = -1
    return Clustered(labels, unit, options)


def _labels(graph: SparseGraph, evidence: Evidence, *, space: ContigSpace, min_bin_bp: int) -> np.ndarray:
    """Communities, corrected by markers; (N,) int64, -1 for contigs of none."""
    labels = find_communities(graph) if evidence.given is None else find_communities_within(graph, evidence.given)
    labels[~evidence.embeddings.any(axis=1)] = -1  # nothing but unknown bases is of no genome
    if evidence.hits is None:
        return labels
    labels = divide_contaminated(
        graph,
        labels,
        hits=evidence.hits,
        lengths_bp=evidence.lengths_bp,
        min_bin_bp=min_bin_bp,
        space=space,
    )
    if evidence.given is not None:
        return labels
    return join_unmarked(graph, labels, hits=evidence.hits, lengths_bp=evidence.lengths_bp, space=space)


def _of_contigs(evidence: Evidence, kept: np.ndarray) -> Evidence:
    """What communities are made from, of some contigs. `kept`: (N,) bool."""
    hits = None if evidence.hits is None else evidence.hits.of_contigs(kept)
    return Evidence(evidence.embeddings[kept], evidence.lengths_bp[kept], hits=hits)


def unit_vectors(evidence: Evidence) -> tuple[np.ndarray, float]:
    """Unit vectors in the sample's own geometry where halves show it, and how much cosines of one genome scatter."""
    geometry, spread = sample_geometry(evidence.embeddings, evidence.lengths_bp, halves=evidence.halves)
    return geometry(evidence.embeddings), spread


def sample_geometry(
    embeddings: np.ndarray, lengths_bp: np.ndarray, *, halves: HalfPairs | None
) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    """The map from embeddings to unit vectors, and how much their cosines scatter within one genome."""
    if halves is None or len(halves.lengths_bp) < defaults.LEAST_HALF_PAIRS:
        return l2_normalize, DEFAULT_SPREAD
    whitening = fit_whitening(embeddings, lengths_bp, halves=halves)
    return whitening, similarity_spread(halves, whitening)
