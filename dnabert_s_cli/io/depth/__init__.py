"""Depth of contigs: this is where the rest of the package reads, joins and writes it.

In: BAM and CRAM, or tables of jgi_summarize_bam_contig_depths, CoverM, strobealign --aemb, VAMB and others -> one
`DepthTable` a file -> joined by name, with one another or with given contigs. Out: the table that MetaBAT2 reads.
"""

from __future__ import annotations

from .columns import sample_name
from .joining import ContigsOfSample, check_samples, join_by_sample, join_depth, merge_depths, names_in, stack_depths
from .naming import sample_names, split_names
from .preview import ReadPreview, preview_reads
from .samples import AlignmentFile, is_alignment_file, is_cram_file, open_alignment_files, read_alignment_depths
from .sums import DepthOptions
from .table import DepthFile, DepthTable, JoinedDepth
from .text import read_depth_table, write_depth

__all__ = [
    "AlignmentFile",
    "ContigsOfSample",
    "DepthFile",
    "DepthOptions",
    "DepthTable",
    "JoinedDepth",
    "ReadPreview",
    "check_samples",
    "is_alignment_file",
    "is_cram_file",
    "join_by_sample",
    "join_depth",
    "merge_depths",
    "names_in",
    "open_alignment_files",
    "preview_reads",
    "read_alignment_depths",
    "read_depth_table",
    "sample_name",
    "sample_names",
    "split_names",
    "stack_depths",
    "write_depth",
]
