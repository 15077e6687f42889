"""Sequences: this is where the rest of the package reads, checks and writes them.

Files of any format and compression -> checked records, in order; or genomes, one a file or a label. Modules in here
import one another directly.
"""

from __future__ import annotations

from .genomes import (
    Genome,
    GenomeFile,
    RecordsByLabel,
    file_label,
    is_sequence_file,
    list_genome_files,
    read_genome,
)
from .reading import InputFile, InputSummary, Record, read_sequences, scan_sequences
from .writing import fasta_record

__all__ = [
    "Genome",
    "GenomeFile",
    "InputFile",
    "InputSummary",
    "Record",
    "RecordsByLabel",
    "fasta_record",
    "file_label",
    "is_sequence_file",
    "list_genome_files",
    "read_genome",
    "read_sequences",
    "scan_sequences",
]
