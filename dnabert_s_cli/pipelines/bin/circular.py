"""Contigs that are whole by themselves: circular ones, and long ones whose markers say that they are nearly complete.

Names, headers and ends of contigs -> which are circular -> those of the size of a bin become bins of their own; small
ones, plasmids and phages as a rule, are elements, which are listed apart and forced into no bin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ...analysis.binning.quality import bin_quality
from ...analysis.markers.search import MarkerHits
from ...io.sequences import Record

# hifiasm and hifiasm-meta end the names of circular contigs in c (s0.ctg000001c, ptg000001c), those of linear ones in l
_HIFIASM = re.compile(r"(?:s\d+\.|[hpur]\d?)?(?:ctg|tg|utg)\d{6,}c")
# metaviralSPAdes, and names into which pipelines write what Flye's assembly_info.txt says
_IN_NAME = re.compile(r"(?:^|[_.|])(?:type_)?circular(?:[_.|]|=(?:yes|true|y)|$)", re.IGNORECASE)
_LEAST_OVERLAP_BP = 50  # of both ends; a circle is cut open with an overlap of the assembler's k, or of a read
_MOST_PLACES = 100  # of the first 50 bases in the second half; a repeat has more
_LEAST_WORDS = 20  # different words of four letters in the overlap: a short repeat is no overlap
_LONG_BP = 500_000
_COMPLETE, _CONTAMINATED = 90.0, 5.0  # percent
_LEAST_GENOME = 10.0  # percent of completeness, below which a circular contig is no chromosome, whatever its size


def is_circular(record: Record, *, separator: str | None = None) -> bool:
    """Whether a contig is circular, by its name, by its header, or by an overlap of its own ends.

    Headers say so in canu (suggestCircular=yes), metaMDBG (circular=yes) and Unicycler (circular=true).

    Args:
        separator: between sample and own name, in a catalogue.
    """
    name = record.id.rpartition(separator)[2] if separator else record.id
    by_name = _HIFIASM.fullmatch(name) is not None or _IN_NAME.search(name) is not None
    return record.is_circular or by_name or end_overlap_bp(record.sequence) > 0


def end_overlap_bp(sequence: str) -> int:
    """Length of the exact overlap of a contig's end with its beginning, at least 50 bp; 0 for none."""
    seed = sequence[:_LEAST_OVERLAP_BP]
    place = sequence.find(seed, len(sequence) // 2) if len(seed) == _LEAST_OVERLAP_BP else -1
    for _ in range(_MOST_PLACES):
        if place <= 0:
            return 0
        if sequence.startswith(sequence[place:]):
            n_bp = len(sequence) - place
            words = {sequence[start : start + 4] for start in range(n_bp - 3)}
            return n_bp if len(words) >= _LEAST_WORDS else 0
        place = sequence.find(seed, place + 1)
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Contigs that are set apart, each (N,) bool: bins of their own, and elements, which are in no bin."""

    own_bins: np.ndarray
    elements: np.ndarray

    def relabelled(self, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Labels (n,) of some contigs, with a new one for each bin of its own, and -1 for elements."""
        labels = np.where(self.elements[rows], -1, labels)
        own = np.flatnonzero(self.own_bins[rows])
        labels[own] = int(labels.max(initial=-1)) + 1 + np.arange(len(own))
        return labels


def set_apart(lengths_bp: np.ndarray, is_circular: np.ndarray, *, hits: MarkerHits | None, min_bin_bp: int) -> Apart:
    """Which contigs are set apart.

    Args:
        lengths_bp: (N,).
        is_circular: (N,) bool.
        hits: marker genes; without them, size alone tells a chromosome from an element.
    """
    own = is_circular & (lengths_bp >= min_bin_bp)
    if hits is not None:
        asked = np.flatnonzero(own | (lengths_bp > _LONG_BP))
        labels = np.full(len(lengths_bp), -1, dtype=np.int64)
        labels[asked] = np.arange(len(asked))
        quality = bin_quality(hits, labels)
        n_known = len(quality.completeness)  # markers say nothing of the last ones that have none
        completeness, contamination = np.zeros(len(asked)), np.zeros(len(asked))
        completeness[:n_known], contamination[:n_known] = quality.completeness, quality.contamination
        own[asked] &= completeness >= _LEAST_GENOME
        is_whole = (completeness >= _COMPLETE) & (contamination <= _CONTAMINATED)
        own[asked] |= is_whole & (lengths_bp[asked] > _LONG_BP)
    return Apart(own, is_circular & ~own)
