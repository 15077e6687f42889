"""Artificial species that differ in composition, as references and reads with labels."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import random_dna

LETTERS = (
    "AAAAACCGTT",
    "ACCCCGGGGT",
    "AACGTTTGAC",
    "AAAAAAAATC",
    "CCCCCCCGTA",
    "GGGAATTCCC",
    "ACACACGTTT",
    "AATTTGGGGG",
)
LINEAGES = [f"d__B;p__P{n // 4};g__G{n // 2};s__G{n // 2} s{n}" for n in range(len(LETTERS))]
N_READS = 40
QUICK = ("--crops", "8", "--method", "centroid")


def write_species(path: Path, *, n_records: int, length_bp: int, seed: int, n_species: int = len(LETTERS)) -> Path:
    """FASTA of artificial species that differ in composition, each record named after its species."""
    with path.open("w") as file:
        for species, letters in enumerate(LETTERS[:n_species]):
            for record in range(n_records):
                dna = random_dna(length_bp, seed + 1000 * species + record, letters)
                file.write(f">s{species}_{record} {LINEAGES[species]}\n{dna}\n")
    return path


def write_labels(path: Path, names: list[str], *, n_records: int = 6) -> Path:
    path.write_text("".join(f"s{n}_{record}\t{name}\n" for n, name in enumerate(names) for record in range(n_records)))
    return path
