"""One small whole file of each format, how it is read, and how many records any bytes of it begin.

A reader returns what a file holds, in its order, as values that can be compared. `begun` counts the records that
damaged text begins; it is None for formats with check sums or sizes, of which whatever is read must be whole.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import zstandard

from dnabert_s_cli.io.bins.reading import read_gold
from dnabert_s_cli.io.depth.samples import open_alignment_files, read_alignment_depths
from dnabert_s_cli.io.depth.sums import DepthOptions
from dnabert_s_cli.io.depth.text import read_depth_table
from dnabert_s_cli.io.embeddings.reading import read_embeddings
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.labels.taxonomy import parse_label
from dnabert_s_cli.io.pairs.rows import PairFile
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.pipelines.classify.fit import FitOptions, fit_from_sequences
from dnabert_s_cli.pipelines.classify.store import load_classifier
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.run_record import KEEP
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.conftest import random_dna
from tests.fuzz.mutations import bgzf
from tests.io.chunks import three_chunks, write_chunks
from tests.io.depth.inputs import Read, write_bam

Reader = Callable[[Path], list[object]]


@dataclass(frozen=True, slots=True)
class Seed:
    """A format's file.

    Args:
        path: the whole file; damaged bytes are read from the same name elsewhere, with `beside` next to them.
        begun: number of records that bytes begin; None where what is read must be all that the whole file holds.
        has_blocks: whether it is BGZF, whose content can be edited and packed again.
    """

    name: str
    path: Path
    reader: Reader
    begun: Callable[[bytes], int] | None = None
    has_blocks: bool = False
    beside: tuple[Path, ...] = ()


def lines_beginning(start: bytes) -> Callable[[bytes], int]:
    """How many lines begin so."""
    return lambda content: sum(line.startswith(start) for line in content.split(b"\n"))


def genbank_records(content: bytes) -> int:
    """Stretches between the ends of records that hold a LOCUS."""
    return sum(b"\nLOCUS" in b"\n" + stretch for stretch in content.split(b"\n//"))


def rows(content: bytes) -> int:
    """Lines of a table behind its header, comments left out."""
    lines = [line for line in content.split(b"\n") if line.strip() and not line.startswith(b"#")]
    return max(len(lines) - 1, 0)


def fastq_reads(content: bytes) -> int:
    """Reads of a FASTQ of four lines each that have letters."""
    lines = content.removesuffix(b"\n").split(b"\n")
    return sum(bool("".join(map(str, lines[at + 1 : at + 2]))) for at in range(0, len(lines), 4) if lines[at])


def read_records(path: Path) -> list[object]:
    """Name and sequence of each record."""
    return [(record.id, record.sequence) for record in read_sequences([path])]


def read_alignment_table(path: Path) -> list[object]:
    """Depth of each contig."""
    files = open_alignment_files([path], reference_path=path.parent / "reference.fa")
    (sample,) = read_alignment_depths(
        files, DepthOptions(), threads=1, reference_path=path.parent / "reference.fa", on_bytes=lambda _: None
    )
    assert np.isfinite(sample.table.mean).all()
    return list(zip(sample.table.names, sample.table.mean[:, 0].tolist(), strict=True))


def read_table(path: Path) -> list[object]:
    """Depth of each contig."""
    table = read_depth_table(path)
    assert np.isfinite(table.mean).all()
    return list(zip(table.names, table.mean.tolist(), strict=True))


def read_lineages(path: Path) -> list[object]:
    """Lineage of each id."""
    return [(name, parse_label(label, path=path, record=name)) for name, label in read_labels(path).items()]


def read_biobox(path: Path) -> list[object]:
    """Contig, genome and length."""
    gold = read_gold(path)
    return list(zip(gold.contigs, gold.genomes, gold.lengths_bp, strict=True))


def read_vectors(path: Path) -> list[object]:
    """Id and numbers of each row."""
    table = read_embeddings(path)
    return [(name, row.tobytes()) for name, row in zip(table.ids, np.asarray(table.embeddings), strict=True)]


def read_pairs(path: Path) -> list[object]:
    """All rows."""
    with PairFile(path, unpack_folder=path.parent) as pairs:
        return [pairs[row] for row in range(len(pairs))]


def read_set(path: Path) -> list[object]:
    """Sequence and label of each row."""
    found = read_labelled(path)
    return list(zip(found.sequences, found.labels, strict=True))


def read_classifier(path: Path) -> list[object]:
    """Labels and numbers."""
    found = load_classifier(path)
    return [found.labels.lineages, found.classifier.members.tobytes(), found.classifier.models[0].space.mean.tobytes()]


def make_seeds(folder: Path) -> list[Seed]:
    """All files, in `folder`."""
    return [*_sequence_seeds(folder), *_alignment_seeds(folder), *_table_seeds(folder), *_array_seeds(folder)]


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _sequence_seeds(folder: Path) -> list[Seed]:
    records = [(f"c{number}", random_dna(60, number)) for number in range(8)]
    fasta = "".join(f">{name} of eight\n{dna[:40]}\n{dna[40:]}\n" for name, dna in records).encode()
    fastq = "".join(f"@{name}\n{dna}\n+\n{'I' * 60}\n" for name, dna in records).encode()
    sam = "".join(f"{name}\t4\t*\t0\t0\t*\t*\t0\t0\t{dna}\t*\n" for name, dna in records).encode()
    genbank = "".join(map(_genbank, *zip(*records[:4], strict=True)))
    embl = "".join(map(_embl, *zip(*records[:4], strict=True)))
    packed: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("gzip", gzip.compress),
        ("bgzf", bgzf),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("zstd", zstandard.ZstdCompressor(write_checksum=True).compress),
    ]
    return [
        Seed("fasta", _write(folder / "x.fa", fasta), read_records, lines_beginning(b">")),
        Seed("fastq", _write(folder / "x.fq", fastq), read_records, fastq_reads),
        Seed("sam", _write(folder / "x.sam", sam), read_records, lambda one: sum(map(bool, one.split(b"\n")))),
        Seed("genbank", _write(folder / "x.gb", genbank.encode()), read_records, genbank_records),
        Seed("embl", _write(folder / "x.embl", embl.encode()), read_records, lines_beginning(b"ID   ")),
        *(Seed(name, _write(folder / f"x.{name}", pack(fasta)), read_records) for name, pack in packed),
    ]


def _genbank(name: str, dna: str) -> str:
    locus = f"LOCUS       {name}                 {len(dna)} bp    DNA     linear   UNK\n"
    head = f"{locus}ACCESSION   {name}\nVERSION     {name}.1\n"
    return f"{head}ORIGIN\n        1 {' '.join(dna[at : at + 10].lower() for at in range(0, len(dna), 10))}\n//\n"


def _embl(name: str, dna: str) -> str:
    groups = " ".join(dna[at : at + 10].lower() for at in range(0, len(dna), 10))
    head = f"ID   {name}; SV 1; linear; genomic DNA; STD; UNC; {len(dna)} BP.\nXX\nAC   {name};\nXX\n"
    return f"{head}SQ   Sequence {len(dna)} BP;\n     {groups} {len(dna)}\n//\n"


def _alignment_seeds(folder: Path) -> list[Seed]:
    reads = [Read(contig=number // 4, start=20 * (number % 4), cigar="60M") for number in range(8)]
    bam = write_bam(folder / "x.bam", reads, (400, 300))
    reference = _write(folder / "reference.fa", b">c0\n" + b"A" * 400 + b"\n>c1\n" + b"A" * 300 + b"\n")
    with (
        pysam.AlignmentFile(str(bam)) as source,
        pysam.AlignmentFile(str(folder / "x.cram"), "wc", template=source, reference_filename=str(reference)) as cram,
    ):
        for one in source:
            cram.write(one)
    for index in (folder / "reference.fa.fai",):
        index.unlink(missing_ok=True)
    beside = (reference,)
    return [
        Seed("bam reads", bam, read_records, has_blocks=True),
        Seed("bam depth", bam, read_alignment_table, has_blocks=True, beside=beside),
        Seed("cram depth", folder / "x.cram", read_alignment_table, beside=beside),
    ]


def _table_seeds(folder: Path) -> list[Seed]:
    names = [f"c{number}" for number in range(8)]
    depth = "contigName\tcontigLen\ttotalAvgDepth\ts1\ts1-var\n" + "".join(
        f"{name}\t4000\t3.5\t3.5\t1\n" for name in names
    )
    lineages = "id\tlabel\n" + "".join(f"{name}\td__B;p__P{name};s__S {name}\n" for name in names)
    biobox = "@@SEQUENCEID\tBINID\t_LENGTH\n" + "".join(f"{name}\tg{name}\t400\n" for name in names)
    labelled = "sequence\tbin_id\n" + "".join(f"{random_dna(40, at)}\t{name}\n" for at, name in enumerate(names))
    pairs = "".join(f"{random_dna(40, at)},{random_dna(40, 50 + at)},{name}\n" for at, name in enumerate(names))
    every_line: Callable[[bytes], int] = lambda one: sum(bool(line.strip()) for line in one.split(b"\n"))  # noqa: E731
    return [
        Seed("depth table", _write(folder / "d.tsv", depth.encode()), read_table, rows),
        Seed("labels", _write(folder / "l.tsv", lineages.encode()), read_lineages, rows),
        Seed("biobox", _write(folder / "b.tsv", biobox.encode()), read_biobox, rows),
        Seed("evaluation set", _write(folder / "e.tsv", labelled.encode()), read_set, rows),
        Seed("pairs", _write(folder / "p.csv", pairs.encode()), read_pairs, every_line),
        Seed("pairs.gz", _write(folder / "p.csv.gz", gzip.compress(pairs.encode())), read_pairs),
    ]


def _array_seeds(folder: Path) -> list[Seed]:
    for suffix in ("npy", "npz", "tsv", "parquet"):
        write_chunks(folder / f"emb.{suffix}" if suffix != "npy" else folder / "own" / "emb.npy", three_chunks())
    (folder / "refs.fa").write_text("".join(f">r{n}\n{random_dna(400, n)}\n" for n in range(6)))
    (folder / "labels.tsv").write_text("".join(f"r{n}\tspecies {n % 2}\n" for n in range(6)))
    fit_from_sequences(
        SequenceInput((folder / "refs.fa",)),
        folder / "c.clf",
        encoder=EncoderOptions(model="tnf-c"),
        options=FitOptions(labels=folder / "labels.tsv"),
        existing=KEEP,
        progress=Silent(),
    )
    ids, own = folder / "own" / "emb.ids.tsv", folder / "own"
    return [
        Seed("npy", own / "emb.npy", read_vectors, beside=(ids,)),
        Seed("ids of npy", ids, _of_ids, beside=(own / "emb.npy",)),
        Seed("run.json", own / "emb.run.json", _of_run, beside=(own / "emb.npy", ids)),
        Seed("npz", folder / "emb.npz", read_vectors),
        Seed("embeddings tsv", folder / "emb.tsv", read_vectors, rows),
        Seed("parquet", folder / "emb.parquet", read_vectors),
        Seed("classifier", folder / "c.clf", read_classifier),
    ]


def _of_ids(path: Path) -> list[object]:
    return read_vectors(path.with_name("emb.npy"))


def _of_run(path: Path) -> list[object]:
    return read_vectors(path.with_name("emb.npy"))
