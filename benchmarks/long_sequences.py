"""What long sequences cost and what windows do to their embeddings.

Cost: the 117M-parameter encoder (random weights, queries and keys spread as in embed_cpu.py) over one sequence of 1 kb
to 1 Mb in windows of the default size, and over one of 100 kb in windows of 2 kb up to the whole, by one thread; tokens
a second of its processor time. What windows do: contigs of 20 kb and more with known genomes, embedded whole and as the
mean of their pieces; cosine between the two, and K-means ARI of either. That is measured with a k-mer model, which sees
a whole contig at once by itself. Prints one JSON object as the last line.

    python benchmarks/long_sequences.py [--contigs contigs.fa.gz --gold gold.biobox.tsv.gz] [--model kmer-s]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

import numpy as np
import torch
from embed_cpu import FULL_SIZE, spread_scores
from machine import machine_facts
from sklearn.cluster import KMeans

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.scores.metrics import clustering_scores
from dnabert_s_cli.encoders.devices import keep_freed_memory
from dnabert_s_cli.encoders.dnabert.decay_attention import DecayEncoder
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, init_weights
from dnabert_s_cli.encoders.dnabert.packed_linear import pack_linear_layers
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.encoders.windows import window_spans
from dnabert_s_cli.io.bins.reading import read_binning
from dnabert_s_cli.io.sequences.reading import read_sequences

_BP_PER_TOKEN = 5
_LENGTHS_BP = (1_000, 5_000, 20_000, 100_000, 1_000_000)
_WINDOWS_BP = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)  # of 100 kb
_PIECES_BP = (2_000, 5_000, 10_000, 20_000)
_SEEDS = range(5)


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contigs")
    parser.add_argument("--gold", help="contig to genome, as `evaluate bins` takes it")
    parser.add_argument("--model", default="kmer-s")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    result: dict[str, object] = {"benchmark": "long_sequences", **costs()}
    if arguments.contigs:
        result["pieces"] = pieces(arguments.contigs, arguments.gold, model=arguments.model)
    print(json.dumps({**result, **machine_facts()}))


def costs() -> dict[str, object]:
    """Tokens a second of processor time, by length in windows of the default size, and of 100 kb by window."""
    model = DnabertTransformer(FULL_SIZE).eval()
    init_weights(model, torch.Generator().manual_seed(0))
    spread_scores(model)
    slopes = model.slopes
    model.to(torch.bfloat16)
    model.slopes = slopes
    pack_linear_layers(model)
    encoder = DecayEncoder(model)
    by_length = {length: rate(encoder, length, window_bp=defaults.WINDOW_BP) for length in _LENGTHS_BP}
    by_window = {window: rate(encoder, 100_000, window_bp=window) for window in _WINDOWS_BP}
    for name, rates in (("length", by_length), ("window", by_window)):
        print(
            "\n".join(f"{name} {size_bp:9,d} bp: {found:6.0f} tokens/s" for size_bp, found in rates.items()), flush=True
        )
    return {"tokens_per_cpu_s_by_length": by_length, "tokens_per_cpu_s_of_100_kb_by_window": by_window}


def rate(encoder: DecayEncoder, length_bp: int, *, window_bp: int) -> int:
    """Tokens a second of this thread's processor time, after a first window that warms up."""
    generator = np.random.default_rng(0)
    spans = list(window_spans(length_bp, window_bp=window_bp, overlap_bp=0))
    windows = [generator.integers(5, 4096, (end - start) // _BP_PER_TOKEN) for start, end in spans]
    encoder.mean_vectors(windows[:1])
    started = time.thread_time()
    for window in windows:
        encoder.mean_vectors([window])
    return round(sum(map(len, windows)) / (time.thread_time() - started))


def pieces(contigs: str, gold: str, *, model: str) -> dict[str, dict[str, float]]:
    """Cosine to the whole, and ARI, of contigs as means of pieces; 0: whole."""
    genome_of = read_binning(gold)
    records = [record for record in read_sequences([contigs]) if len(record.sequence) >= max(_PIECES_BP)]
    truth = [genome_of[record.id] for record in records]
    sequences = [record.sequence for record in records]
    encoder = load_encoder(model)
    whole = unit(encoder.embed(sequences))
    found = {"0": {"ari": ari(whole, truth)}}
    for piece_bp in _PIECES_BP:
        spans = [list(window_spans(len(one), window_bp=piece_bp, overlap_bp=0)) for one in sequences]
        vectors = encoder.embed(
            [one[start:end] for one, cuts in zip(sequences, spans, strict=True) for start, end in cuts]
        )
        owners = np.repeat(np.arange(len(sequences)), [len(cuts) for cuts in spans])
        lengths = np.array([end - start for cuts in spans for start, end in cuts])
        sums = np.zeros_like(whole)
        np.add.at(sums, owners, vectors * lengths[:, None])
        means = unit(sums)
        cosines = (means * whole).sum(1)
        found[str(piece_bp)] = {
            "median_cosine": round(float(np.median(cosines)), 4),
            "least_cosine": round(float(cosines.min()), 4),
            "ari": ari(means, truth),
        }
    print(f"{len(records)} contigs, pieces:", json.dumps(found), flush=True)
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    rows: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows


def ari(vectors: np.ndarray, truth: Sequence[str]) -> float:
    """Mean adjusted Rand index of K-means with the true number of clusters, over five seeds."""
    n_clusters = len(set(truth))
    labels = [KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(vectors) for seed in _SEEDS]
    return round(float(np.mean([clustering_scores(truth, one).ari for one in labels])), 4)


if __name__ == "__main__":
    main()
