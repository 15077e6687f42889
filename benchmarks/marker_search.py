"""How fast `bin` finds marker genes, and how many of the hits on genes that pyrodigal calls it finds.

Two ways, one after the other, on one thread: pyrodigal's metagenomic mode and pyhmmer with every profile on every
protein; and `find_markers`, which filters open reading frames before pyhmmer. The same profiles and scores count for
both. A hit is found if the other way has the marker on the same contig. With a gold standard, completeness and
contamination of each genome by both ways are compared. Prints one JSON object as the last line. Needs pyrodigal.

    python benchmarks/marker_search.py CONTIGS... [--gold BIOBOX]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyhmmer
import pyrodigal
from machine import machine_facts

from dnabert_s_cli.analysis.binning.quality import BinQuality, bin_quality
from dnabert_s_cli.analysis.markers.profiles import MarkerProfiles
from dnabert_s_cli.analysis.markers.search import MarkerHits, find_markers, make_hits
from dnabert_s_cli.analysis.markers.words import index_words
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.bin.markers import open_profiles

_BLOCK_GENES = 10_000
_ALPHABET = pyhmmer.easel.Alphabet.amino()


def main() -> None:
    """Search each file by both ways, print a line for it, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path, nargs="+")
    parser.add_argument("--gold", type=Path, help="genome of each contig of the first file")
    arguments = parser.parse_args()
    profiles = open_profiles()
    started = time.process_time()
    index_words(profiles)
    index_seconds = time.process_time() - started
    rows: dict[str, dict[str, float]] = {}
    quality: dict[str, float] = {}
    for path in arguments.contigs:
        records = list(read_sequences([path]))
        sequences = [record.sequence.upper() for record in records]
        called, gene_seconds, search_seconds = by_genes(sequences, profiles)
        started = time.process_time()
        found = find_markers(sequences, profiles, threads=1, on_progress=lambda _: None)
        rows[path.name] = {
            "n_bp": sum(map(len, sequences)),
            "genes_cpu_seconds": round(gene_seconds, 2),
            "genes_search_cpu_seconds": round(search_seconds, 2),
            "frames_cpu_seconds": round(time.process_time() - started, 2),
            **agreement(called, found),
        }
        print(path.name, rows[path.name], flush=True)
        if arguments.gold is not None and path == arguments.contigs[0]:
            quality = compared_quality([record.id for record in records], read_labels(arguments.gold), called, found)
    result = {
        "benchmark": "marker_search",
        "command": " ".join(["python", "benchmarks/marker_search.py", *(Path(one).name for one in sys.argv[1:])]),
        "index_cpu_seconds": round(index_seconds, 2),
        "rows": rows,
        "total": totals(rows),
        "quality": quality,
        **machine_facts("pyhmmer", "pyrodigal", "numpy"),
    }
    print(json.dumps(result))


def by_genes(sequences: Sequence[str], profiles: MarkerProfiles) -> tuple[MarkerHits, float, float]:
    """The hits on all genes that pyrodigal calls, with processor seconds for the genes and for the search."""
    started = time.process_time()
    finder = pyrodigal.GeneFinder(meta=True, mask=True)
    places: list[tuple[int, int, int, int]] = []
    proteins: list[Any] = []
    for number, sequence in enumerate(sequences):
        for gene in finder.find_genes(sequence):
            text = pyhmmer.easel.TextSequence(
                name=str(len(proteins)).encode(), sequence=gene.translate(include_stop=False)
            )
            proteins.append(text.digitize(_ALPHABET))
            places.append((number, gene.begin, gene.end, gene.strand))
    gene_seconds = time.process_time() - started
    started = time.process_time()
    rows = []
    for first in range(0, len(proteins), _BLOCK_GENES):
        block = pyhmmer.easel.DigitalSequenceBlock(_ALPHABET, proteins[first : first + _BLOCK_GENES])
        for marker, hmm in enumerate(profiles.hmms):
            rows += [
                (*places[gene][:1], marker, score, *places[gene][1:], *on_model)
                for gene, score, on_model in _hits(hmm, float(profiles.min_scores[marker]), block)
            ]
    hits = make_hits(profiles.markers, len(sequences), columns=list(zip(*rows, strict=True)))
    return hits, gene_seconds, time.process_time() - started


def _hits(hmm: Any, least: float, block: Any) -> list[tuple[int, float, tuple[int, int]]]:
    """Gene, score, and first and last position of the model."""
    of_domain = min(least, 5.0)
    pipeline = pyhmmer.plan7.Pipeline(_ALPHABET, T=least, incT=least, domT=of_domain, incdomT=of_domain)
    found = []
    for hit in pipeline.search_hmm(hmm, block):
        stretches = [domain.alignment for domain in hit.domains if domain.included] if hit.included else []
        if stretches:
            on_model = min(one.hmm_from for one in stretches), max(one.hmm_to for one in stretches)
            found.append((int(hit.name), float(hit.score), on_model))
    return found


def agreement(called: MarkerHits, found: MarkerHits) -> dict[str, float]:
    """Markers on contigs, by both ways."""
    old, new = (set(zip(hits.contig.tolist(), hits.marker.tolist(), strict=True)) for hits in (called, found))
    return {"hits_of_genes": len(old), "hits_of_frames": len(new), "hits_of_both": len(old & new)}


def totals(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """Sums over files, the ratio of processor seconds and the share of hits found."""
    sums = {name: round(sum(row[name] for row in rows.values()), 2) for name in next(iter(rows.values()))}
    before = sums["genes_cpu_seconds"] + sums["genes_search_cpu_seconds"]
    return {
        **sums,
        "speed_ratio": round(before / sums["frames_cpu_seconds"], 1),
        "share_found": round(sums["hits_of_both"] / sums["hits_of_genes"], 4),
    }


def compared_quality(
    ids: Sequence[str], gold: dict[str, str], called: MarkerHits, found: MarkerHits
) -> dict[str, float]:
    """How far completeness and contamination of the genomes differ, in points."""
    genomes = sorted({gold[name] for name in ids if name in gold})
    labels = np.array([genomes.index(gold[name]) if name in gold else -1 for name in ids], dtype=np.int64)
    old, new = (bin_quality(hits, labels) for hits in (called, found))
    return {**_differences("completeness", old, new), **_differences("contamination", old, new)}


def _differences(name: str, old: BinQuality, new: BinQuality) -> dict[str, float]:
    before, after = getattr(old, name), getattr(new, name)
    return {
        f"mean_{name}_before": round(float(before.mean()), 2),
        f"mean_{name}_after": round(float(after.mean()), 2),
        f"greatest_{name}_change": round(float(np.abs(after - before).max()), 2),
    }


if __name__ == "__main__":
    main()
