"""Learn vectors of k-mers from genomes by the word2vec objective, as a file for `--model dna2vec:FILE`.

Genomes, both strands -> how often two k-mers stand near each other, none overlapping -> skip-gram with negative
sampling (Mikolov et al. 2013) -> word2vec's text format, which dna2vec (Ng 2017, arXiv 1701.06279) uses, too. There are
so few k-mers that all pairs fit into one matrix: each step takes the expectation over all of them rather than a sample
(Levy and Goldberg 2014), so the file depends on the seed and nothing else.

    python examples/train_dna2vec.py GENOMES... -o words.w2v [--k 4] [--dim 100] [--context 10]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from dnabert_s_cli.encoders.kmer.counts import kmer_names, reverse_complement_index
from dnabert_s_cli.io.files import atomic_path
from dnabert_s_cli.io.sequences.reading import read_sequences

CHUNK_BP = 1 << 24
NEGATIVES = 5  # word2vec's default for small corpora
NOISE_POWER = 0.75  # word2vec's
LEARNING_RATE = 0.05
_CODES = np.full(256, -1, dtype=np.int64)
_CODES[np.frombuffer(b"ACGT", dtype=np.uint8)] = np.arange(4)


def main() -> None:
    """Count, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genomes", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--k", type=int, default=4, choices=range(2, 6))
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--context", type=int, default=10, help="k-mers on each side, end to end")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    records = (record.sequence for record in read_sequences(arguments.genomes))
    pairs = count_pairs(records, arguments.k, context=arguments.context)
    if not pairs.any():
        parser.error("no two k-mers stand near each other in these genomes")
    vectors = learn_vectors(pairs, arguments.dim, n_steps=arguments.steps, seed=arguments.seed)
    write_vectors(arguments.output, vectors, k=arguments.k)
    print(f"{len(vectors)} vectors of {arguments.dim} numbers from {pairs.sum():.3g} pairs: {arguments.output}")


def count_pairs(sequences: Iterable[str], k: int, *, context: int) -> np.ndarray:
    """How often each k-mer stands k, 2k, ... bases from each other, on both strands. -> (4^k, 4^k) float64."""
    n_words = 4**k
    pairs = np.zeros(n_words * n_words)
    for bases in _chunks(sequences, gap_bp=k * (context + 1)):
        words = np.zeros(len(bases) - k + 1, dtype=np.int64)
        known = np.ones(len(words), dtype=bool)
        for place in range(k):
            part = bases[place : place + len(words)]
            words = words * 4 + part
            known &= part >= 0
        for distance in range(k, k * context + 1, k):
            both = known[:-distance] & known[distance:]
            codes = words[:-distance][both] * n_words + words[distance:][both]
            pairs += np.bincount(codes, minlength=n_words * n_words)
    forward = pairs.reshape(n_words, n_words)
    reverse = reverse_complement_index(k)
    both_sides = forward + forward.T
    return both_sides + both_sides[np.ix_(reverse, reverse)]


def learn_vectors(pairs: np.ndarray, dim: int, *, n_steps: int, seed: int) -> np.ndarray:
    """Vectors of the words, by Adam on the mean loss of a pair and its negatives. (V, V) -> (V, D)."""
    rng = np.random.default_rng(seed)
    words = rng.uniform(-0.5, 0.5, (len(pairs), dim)) / dim
    contexts = np.zeros((len(pairs), dim))
    noise = pairs.sum(axis=0) ** NOISE_POWER
    negatives = NEGATIVES * np.outer(pairs.sum(axis=1), noise / noise.sum())
    total = pairs.sum()
    moments = [np.zeros((2, *part.shape)) for part in (words, contexts)]
    for step in range(1, n_steps + 1):
        chance = 1 / (1 + np.exp(-(words @ contexts.T)))  # (V, V): that a pair is a true one
        slope = ((chance - 1) * pairs + chance * negatives) / total * len(pairs)
        gradients = (slope @ contexts, slope.T @ words)
        for part, gradient, moment in zip((words, contexts), gradients, moments, strict=True):
            moment[0] += 0.1 * (gradient - moment[0])
            moment[1] += 0.001 * (gradient**2 - moment[1])
            corrected = np.sqrt(moment[1] / (1 - 0.999**step)) + 1e-12
            part -= LEARNING_RATE * (1 - step / (n_steps + 1)) * moment[0] / (1 - 0.9**step) / corrected
    return words


def write_vectors(path: Path, vectors: np.ndarray, *, k: int) -> None:
    """`n dim`, then a word and its numbers on each line."""
    lines = [f"{len(vectors)} {vectors.shape[1]}"]
    lines += [" ".join([word, *(f"{x:.6g}" for x in row)]) for word, row in zip(kmer_names(k), vectors, strict=True)]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")


def _chunks(sequences: Iterable[str], *, gap_bp: int) -> Iterator[np.ndarray]:
    """Codes of bases, -1 for what is none; sequences so far apart that no pair reaches from one to the next."""
    gap = np.full(gap_bp, -1, dtype=np.int64)
    parts: list[np.ndarray] = []
    n_bp = 0
    for sequence in sequences:
        parts += [_CODES[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)], gap]
        n_bp += len(sequence)
        if n_bp >= CHUNK_BP:
            yield np.concatenate(parts)
            parts, n_bp = [], 0
    if parts:
        yield np.concatenate(parts)


if __name__ == "__main__":
    main()
