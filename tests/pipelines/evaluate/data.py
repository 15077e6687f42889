"""Small evaluation sets: four artificial species that differ in composition."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import random_dna

LETTERS = ("AAAAACCGTT", "ACCCCGGGGT", "AACGTTTGAC", "ACGTACTTCC")


def write_set(path: Path, *, n_each: int = 14, length_bp: int = 3_000, first_seed: int = 0) -> Path:
    """A labelled TSV, species in turns."""
    rows = [
        f"{random_dna(length_bp, first_seed + 100 * species + row, letters)}\tspecies{species}"
        for row in range(n_each)
        for species, letters in enumerate(LETTERS)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["sequence\tbin_id", *rows]) + "\n")
    return path


def write_upstream_layout(folder: Path) -> Path:
    """Folders as upstream's, with few and small sets."""
    for name in ("reference", "marine", "plant"):
        for number in (0, 10, 2):
            write_set(folder / name / f"clustering_{number}.tsv", n_each=8, first_seed=number)
        for number in (5, 6):
            write_set(folder / name / f"binning_{number}.tsv", first_seed=50 + number)
    return folder
