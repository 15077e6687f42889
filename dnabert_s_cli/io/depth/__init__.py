"""Depth of contigs: this is where the rest of the package reads, joins and writes it.

In: BAM and CRAM, or tables of jgi_summarize_bam_contig_depths, CoverM, strobealign --aemb, VAMB and others -> one
`DepthTable` a file -> joined by name, with one another or with given contigs. Out: the table that MetaBAT2 reads.
"""

from __future__ import annotations

from .joining import Source, check_samples, join_depth, merge_depths, stack_depths
from .samples import AlignmentFile, SampleDepth, is_alignment_file, open_alignment_files, read_alignment_depths
from .sums import DepthOptions
from .table import DepthTable, JoinedDepth
from .text import read_depth_table, write_depth

__all__ = [
    "AlignmentFile",
    "DepthOptions",
    "DepthTable",
    "JoinedDepth",
    "SampleDepth",
    "Source",
    "check_samples",
    "is_alignment_file",
    "join_depth",
    "merge_depths",
    "open_alignment_files",
    "read_alignment_depths",
    "read_depth_table",
    "stack_depths",
    "write_depth",
]
