"""The tables of `dnabert_s_cli/encoders/kmer/coding_score.py`: how much each codon speaks for its frame being a gene's.

    python coding_score.py markers.fasta labels.tsv

Marker genes of one clade end to end, each in a random direction -> all open frames of 20 codons and more, on both
strands -> those that are a marker's own, and the others -> logistic regression on counts of codons, and of codons times
(GC share of the sequence - 1/2), with a penalty -> coefficients in thousandths, whole numbers. It also prints how many
of the codons that `find_frames` reads are a gene's.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from genes import sorted_genes
from torch import Tensor

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer.frames import (
    MIN_CODONS_OF_SHORT,
    NO_CODON,
    REVERSE_CODON,
    Codons,
    Frames,
    find_frames,
    open_frames,
    read_codons,
)
from dnabert_s_cli.encoders.kmer.windows import Scratch

N_LEARNT, N_TESTED, GENES_EACH = 5_000, 1_000, 6
PENALTY = 1e-4
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Joined:
    """Genes end to end: letters, then first base, length and direction of each. (genes, 3) int64."""

    letters: str
    genes: np.ndarray


def main() -> None:
    """Learn, test, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("markers", "labels"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    clades, sequences = sorted_genes(given.markers, given.labels)
    rng = np.random.default_rng(1)
    drawn = [_join(clades, sequences, rng) for _ in range(N_LEARNT + N_TESTED)]
    weights = _fit(*_open_frames(drawn[:N_LEARNT]))
    for name, row in zip(("CODON_SCORES", "GC_SLOPES"), weights, strict=True):
        print(f"{name} = {row.tolist()}")
    right, read, total = _found(drawn[N_LEARNT:])
    print(
        f"with the tables in use: {right / read:.1%} of the codons read are a gene's; of all, {right / total:.1%} are"
    )


def _join(clades: np.ndarray, sequences: list[str], rng: np.random.Generator) -> Joined:
    """Some genes of one clade."""
    members = np.flatnonzero(clades == rng.integers(clades[-1] + 1))
    letters, genes, at = [], [], 0
    for gene in rng.choice(members, min(GENES_EACH, len(members)), replace=False).tolist():
        is_reverse = int(rng.integers(2))
        sequence = sequences[gene]
        letters.append(reverse_complement(sequence) if is_reverse else sequence)
        genes.append((at, len(sequence), is_reverse))
        at += len(sequence)
    return Joined("".join(letters), np.array(genes))


def _open_frames(drawn: list[Joined]) -> tuple[Tensor, Tensor]:
    """Inputs (F, 130) and whether each frame is a gene's (F,)."""
    inputs, truths = [], []
    for first in range(0, len(drawn), _BATCH):
        batch = drawn[first : first + _BATCH]
        codons = read_codons([one.letters for one in batch], Scratch())
        frames = open_frames(codons, min_codons=MIN_CODONS_OF_SHORT)
        counts = _codon_counts(codons, frames)
        slope = codons.gc[frames.row][:, None] - 0.5
        inputs.append(np.concatenate([counts, counts * slope, np.ones_like(slope), slope], axis=1).astype(np.float32))
        truths.append(_is_gene(codons, frames, batch))
    return torch.from_numpy(np.concatenate(inputs)), torch.from_numpy(np.concatenate(truths)).float()


def _codon_counts(codons: Codons, frames: Frames) -> np.ndarray:
    """Codons of each frame, on its own strand. -> (F, 64)."""
    counts = np.zeros((len(frames.row), NO_CODON), dtype=np.int64)
    for number, (start, length) in enumerate(zip(frames.place, frames.n_codons, strict=True)):
        words = codons.by_frame[start : start + length]
        words = REVERSE_CODON[words] if frames.is_reverse[number] else words
        counts[number] = np.bincount(words, minlength=NO_CODON)[:NO_CODON]
    return counts


def _is_gene(codons: Codons, frames: Frames, batch: list[Joined]) -> np.ndarray:
    """Whether the middle of a frame lies in a gene that is read in this frame. -> (F,) bool."""
    starts = np.repeat(codons.starts, [len(one.genes) for one in batch])
    genes = np.concatenate([one.genes for one in batch])
    genes[:, 0] += starts
    middle = frames.start + 3 * frames.n_codons // 2
    first, length, is_reverse = genes[np.searchsorted(genes[:, 0], middle, side="right") - 1].T
    end = frames.start + 3 * frames.n_codons
    is_in_phase = np.where(frames.is_reverse, first + length - end, frames.start - first) % 3 == 0
    found: np.ndarray = is_in_phase & (is_reverse == frames.is_reverse) & (middle < first + length)
    return found


def _fit(inputs: Tensor, truth: Tensor) -> np.ndarray:
    """Scores and slopes, in thousandths. -> (2, 64) int64."""
    weights = torch.zeros(inputs.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=150, history_size=20, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(inputs @ weights, truth)
        total: Tensor = loss + PENALTY * weights[: 2 * NO_CODON].square().sum()
        total.backward()
        return total

    optimiser.step(closure)
    learnt = weights.detach()[: 2 * NO_CODON].numpy().reshape(2, NO_CODON)
    rounded: np.ndarray = np.round(learnt * 1000).astype(np.int64)
    return rounded


def _found(drawn: list[Joined]) -> tuple[int, int, int]:
    """Codons that are read and a gene's, that are read, and that there are."""
    right = read = 0
    for first in range(0, len(drawn), _BATCH):
        batch = drawn[first : first + _BATCH]
        codons = read_codons([one.letters for one in batch], Scratch())
        frames = find_frames(codons)
        right += int(frames.n_codons[_is_gene(codons, frames, batch)].sum())
        read += int(frames.n_codons.sum())
    return right, read, sum(len(one.letters) for one in drawn) // 3


if __name__ == "__main__":
    main()
