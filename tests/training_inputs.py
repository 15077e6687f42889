"""Small inputs of `train`: pairs of made-up species, sizes of models, labelled sequences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KINDS = ("AAAACCGT", "ACCCGGGT", "ACGTTTTG", "AACGGTTT", "CCCGATTA")  # letters of five species
TRANSFORMER = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 32}
KMER = {"model_type": "dnabert-s-kmer", "kmers": [3], "hidden": [16], "dim": 8, "dropout": 0.1}


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """Paths of 40 training pairs, 12 validation pairs, 20 labelled sequences, and sizes of two new models."""

    train: Path
    val: Path
    labelled: Path
    transformer: Path
    kmer: Path


def write_pairs(path: Path, n_pairs: int, *, first_seed: int = 0) -> Path:
    """A CSV whose rows take turns in species; 150 and 120 bp."""
    rows = []
    for row in range(n_pairs):
        letters, seed = KINDS[row % len(KINDS)], first_seed + 2 * row
        rows.append(f"{_dna(150, seed, letters)},{_dna(120, seed + 1, letters)},s{row % len(KINDS)}\n")
    path.write_text("".join(rows))
    return path


def write_training_inputs(folder: Path) -> TrainingInputs:
    """All of them in one folder."""
    labelled = folder / "labelled.tsv"
    rows = [f"{_dna(200, 5000 + row, KINDS[row % 4])}\tb{row % 4}\n" for row in range(20)]
    labelled.write_text("sequence\tbin_id\n" + "".join(rows))
    transformer, kmer = folder / "small.json", folder / "kmer.json"
    transformer.write_text(json.dumps(TRANSFORMER))
    kmer.write_text(json.dumps(KMER))
    return TrainingInputs(
        train=write_pairs(folder / "train.csv", 40),
        val=write_pairs(folder / "val.csv", 12, first_seed=1000),
        labelled=labelled,
        transformer=transformer,
        kmer=kmer,
    )


def _dna(length: int, seed: int, letters: str) -> str:
    return "".join(np.random.default_rng(seed).choice(list(letters), length))
