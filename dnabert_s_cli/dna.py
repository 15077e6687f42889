"""DNA as text: its letters, and the other strand."""

from __future__ import annotations

LETTERS = "ACGTNRYSWKMBDHV"  # in upper case; U is read as T

_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


def upper_dna(sequence: str) -> str:
    """Upper case, with the U of RNA read as T: what tokenizers and k-mer tables know."""
    return sequence.upper().replace("U", "T")


def reverse_complement(sequence: str) -> str:
    """The other strand, read 5' to 3'. IUPAC letters keep their meaning. Expects `upper_dna`."""
    return sequence.translate(_COMPLEMENT)[::-1]
