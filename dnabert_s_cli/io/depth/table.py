"""Depth of contigs in samples, in memory: what readers make, what is joined by name, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class DepthTable:
    """Depth of N contigs in S samples.

    Attributes:
        names: of the contigs, each once.
        lengths_bp: (N,) int64; 0 where unknown.
        samples: S names, each once.
        mean: (N, S) float32, finite and not negative.
        variance: (N, S) float32 along each contig; None where the source has none.
    """

    names: Sequence[str]
    lengths_bp: np.ndarray
    samples: tuple[str, ...]
    mean: np.ndarray
    variance: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class DepthFile:
    """A file that holds depth: its path, its table, and the SHA-256 of its bytes; None for standard input."""

    path: str | Path
    table: DepthTable
    sha256: str | None = None

    def facts(self) -> dict[str, object]:
        """What provenance says of the file."""
        return {"path": str(self.path), **({} if self.sha256 is None else {"sha256": self.sha256})}


@dataclass(frozen=True, slots=True, eq=False)
class JoinedDepth:
    """Depth of given contigs, in their order; 0 where it is not known.

    Attributes:
        samples: S names.
        mean: (N, S) float32.
        inputs: what provenance says of the files.
    """

    samples: tuple[str, ...]
    mean: np.ndarray
    inputs: Sequence[dict[str, object]] = ()


def same_length(first_bp: int, second_bp: int) -> bool:
    """Whether two lengths agree: jgi_summarize_bam_contig_depths keeps six digits, 12345678 becomes 1.23457e+07."""
    return first_bp == second_bp or float(f"{first_bp:.6g}") == second_bp or float(f"{second_bp:.6g}") == first_bp
