"""Names that `bin` gave to its own bins, against the genomes that they hold.

For each bin, the genome with the most of its bases; for each rank, the share of bins named there, and of these how many
names are those of the genome; bins whose genus is among the built-in references and others apart. The last line is one
JSON object.

    python benchmarks/names_bins.py bins_out gold.biobox.tsv lineages.tsv contigs.fa.gz

lineages.tsv: genome, and its lineage d__...;p__...;...;s__...
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine import machine_facts

from dnabert_s_cli import defaults
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.classify.reference_store import load_built_in

RANKS = "dpcofgs"


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bins", type=Path, help="output folder of bin")
    parser.add_argument("gold", type=Path)
    parser.add_argument("lineages", type=Path)
    parser.add_argument("contigs", type=Path)
    options = parser.parse_args()
    lineage_of = {genome: parsed(text) for genome, text in read_labels(options.lineages).items()}
    genome_of, purity_of = main_genomes(options.bins, options.gold, contigs=options.contigs)
    known = {taxon.name for taxon in load_built_in(defaults.MODEL).tree.taxa if taxon.rank == "G"}
    with (options.bins / "bins.tsv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if genome_of.get(row["bin"]) in lineage_of]
    pairs = [(parsed(row["taxon"]), lineage_of[genome_of[row["bin"]]]) for row in rows]
    groups = {
        "genus in reference": [pair for pair in pairs if pair[1].get("g") in known],
        "genus not in reference": [pair for pair in pairs if pair[1].get("g") not in known],
    }
    report = {
        "benchmark": "names_bins",
        "bins": len(rows),
        "mean purity": round(sum(purity_of[row["bin"]] for row in rows) / max(len(rows), 1), 4),
        **{name: {"bins": len(group), **by_rank(group)} for name, group in groups.items()},
    }
    print(json.dumps({**report, "machine": machine_facts()}))


def parsed(text: str) -> dict[str, str]:
    """Taxa of a lineage by the letter of their rank."""
    parts = [part.split("__", 1) for part in text.split(";") if "__" in part]
    return {rank: name for rank, name in parts if name}


def main_genomes(bins: Path, gold: Path, *, contigs: Path) -> tuple[dict[str, str], dict[str, float]]:
    """The genome with the most bases of each bin, and its share of them."""
    gold_of = read_labels(gold)
    length_of = {record.id: len(record.sequence) for record in read_sequences([contigs])}
    bp_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for contig, name in read_labels(bins / "contig2bin.tsv").items():
        bp_of[name][gold_of.get(contig, "")] += length_of[contig]
    most = {name: counts.most_common(1)[0] for name, counts in bp_of.items()}
    return {name: genome for name, (genome, _) in most.items()}, {
        name: n_bp / bp_of[name].total() for name, (_, n_bp) in most.items()
    }


def by_rank(pairs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]) -> dict[str, list[int]]:
    """At each rank: bins named, and those of them whose name is not that of the genome."""
    counts = {}
    for rank in RANKS:
        named = [(said, true) for said, true in pairs if rank in said and rank in true]
        counts[rank] = [len(named), sum(said[rank] != true[rank] for said, true in named)]
    return counts


if __name__ == "__main__":
    main()
