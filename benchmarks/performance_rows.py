"""Rows of the page on performance that are no transformer and need no truth, and what all its tables are made with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

_RESULTS = Path(__file__).resolve().parent / "results"
_PROCESSORS = {"Intel(R) Xeon(R) Processor": "Xeon"}

Row = Sequence[str]


def other_rows() -> Iterator[Row]:
    """Everything that is no transformer and needs no truth."""
    stream, rates, reads = result("embed_stream"), result("kmer_rate"), result("embed_reads")
    yield (
        f"`embed -` with `{stream['model']}`: {stream['gbp']:.0f} Gbp of contigs of 10 kb on standard input, to .npy",
        f"{stream['mbp_per_s']:.0f} Mbp/s; {stream['memory_mb'][0]} MB after a tenth, {stream['memory_mb'][-1]} MB at "
        f"most ({stream['n_records']:,} names)",
        measured(stream),
    )
    yield (
        "`embed` from FASTA of 150 bp / 1 kb / 5 kb / 20 kb / 100 kb, random network of the sizes of `kmer-s`, without "
        "start-up",
        slashed(f"{rate['command_after_startup']:.2g}" for rate in rates["rates"].values()) + " Mbp/s",
        measured(rates),
    )
    yield (
        f"{reads['n_reads']:,} reads of {reads['length_bp']} bp with `{reads['model']}`, FASTA to .npy",
        f"{reads['mbp_per_s']} Mbp/s, {reads['peak_memory_mb']} MB at most",
        measured(reads),
    )
    yield _pieces_row()
    yield from _classify_rows()
    yield from _clustering_rows()
    pairs = result("stream_pairs")
    yield (
        f"shuffled batches from a {pairs['opening'][0]['gigabytes']:.0f} GB CSV of pairs",
        f"{pairs['streaming'][0]['peak_memory_mb']} MB at most, {pairs['streaming'][0]['pairs_per_s']:,} pairs/s",
        measured(pairs),
    )
    for depth in map(result, ("depth_bam", "depth_bam_assembly", "depth_bam_large")):
        seconds = depth["seconds"]
        yield (
            f"`depth` of BAM files ({depth['n_files']}), {depth['n_reads']:,} reads: processor time, start included; "
            "jgi_summarize_bam_contig_depths",
            f"{seconds['dnabert-s, 1 threads']['processor']} s; {seconds['jgi, 1 threads']['processor']} s",
            measured(depth),
        )
    yield from _reading_rows()
    yield from _training_rows()


def _reading_rows() -> Iterator[Row]:
    found = result("read_sequences")
    for name, what in (("reads_150bp.fq", "FASTQ, 150 bp"), ("contigs_10kb.fa.gz", "FASTA in gzip, 10 kb")):
        rates = found["rates"][name]
        yield (
            f"reading and checking {what}; pysam.FastxFile, without checks",
            f"{rates['read_sequences']:.0f}; {rates['pysam.FastxFile']:.0f} Mbp a CPU-second",
            measured(found),
        )


def _training_rows() -> Iterator[Row]:
    found = result("train_loop")
    for name, row in found["rows"].items():
        yield (
            f"`train` of a {name}, {row['batch_pairs']} pairs of {row['length_bp']:,} bp a step, one thread; a plain "
            "loop over the same network",
            f"{row['pairs_per_s']:,}; {row['pairs_per_s_plain']:,} pairs a CPU-second; {row['reading_share']:.1%} of a "
            "step is reading",
            measured(found),
        )


def _pieces_row() -> Row:
    long = result("long_sequences")
    pieces = long["pieces"]
    sizes = [size for size in pieces if size != "0"]
    lengths_kb = slashed(str(int(size) // 1000) for size in sizes)
    return (
        f"contigs of 20 kb and more, `kmer-s`, as the mean of pieces of {lengths_kb} kb: median cosine to the whole; "
        "K-means ARI, and whole",
        f"{slashed(decimals(pieces[one]['median_cosine'], 3) for one in sizes)}; "
        f"{slashed(decimals(pieces[one]['ari'], 2) for one in sizes)}, {decimals(pieces['0']['ari'], 2)}",
        measured(long),
    )


def _classify_rows() -> Iterator[Row]:
    labelled = result("classify_reads_kmer_s")
    for method, by_length in labelled["reads_per_s"].items():
        yield (
            f"`classify` with `kmer-s`, {labelled['n_labels']} labels, `{method}`, from FASTA, 150 bp / 1 kb / 10 kb",
            slashed(f"{rate['cpu']:,}" for rate in by_length.values()) + " reads a CPU-second",
            measured(labelled),
        )
    peaks = labelled["peak_mb_by_reads"]
    yield (
        "1,000,000 reads of 150 bp by `centroid`; 100,000",
        f"{peaks['1000000']} MB; {peaks['100000']} MB",
        measured(labelled),
    )


def _clustering_rows() -> Iterator[Row]:
    found = result("cluster_scale")
    for method in ("kmedoid", "hdbscan"):
        runs = [run for run in found["runs"] if run["method"] == method]
        times = " to ".join(f"{seconds:.0f}" for seconds in sorted(run["seconds"] for run in runs))
        peak_gb = max(run["peak_mib"] for run in runs) * 2**20 / 1e9
        yield (
            f"{found['rows']:,} vectors of {found['dim']} numbers, `{method}`",
            f"{times} s, {peak_gb:.1f} GB at most, ARI {decimals(runs[0]['ari'], 2)}",
            measured(found),
        )


def result(name: str) -> dict[str, Any]:
    """What a benchmark printed."""
    found: dict[str, Any] = json.loads((_RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def measured(found: dict[str, Any]) -> str:
    """Processor and date."""
    return f"{_PROCESSORS.get(found['cpu'], found['cpu'])}, {found['date']}"


def decimals(value: float, places: int) -> str:
    """A share without the zero in front."""
    return f"{value:.{places}f}".removeprefix("0")


def slashed(words: Iterable[str]) -> str:
    """Several figures in one cell."""
    return " / ".join(words)


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
