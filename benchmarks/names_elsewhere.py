"""How much DNA gets a name that the references cannot name: of plasmids, viruses and eukaryotes.

Each record is cut into pieces of several lengths, and named by the built-in references as `classify` names sequences.
Printed for each kind and length: the share named at all, and at family and genus or below. Where the genus of a
record's host is given, a name is right if it is a taxon above the host or the host's own; what is wrong is counted. The
last line is one JSON object.

    python benchmarks/names_elsewhere.py plasmid=plasmids.fa human=chr22_part.fa virus=lambda.fa [--hosts hosts.tsv]

hosts.tsv: name of a record, genus of its host.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from machine import machine_facts

from dnabert_s_cli import defaults, load_encoder
from dnabert_s_cli.analysis.classification.classifier import UNCLASSIFIED
from dnabert_s_cli.analysis.classification.naming import name_sequences
from dnabert_s_cli.encoders.embedder import Encoder
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.classify.reference_store import RANKS, SEQUENCES, StoredReferences, load_built_in

LENGTHS_BP = (1_000, 2_500, 10_000, 50_000)
MOST_PIECES = 400  # of each kind and length


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", help="KIND=FASTA")
    parser.add_argument("--hosts", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    stored = load_built_in(defaults.MODEL)
    encoder = load_encoder(str(stored.encoder["model"]))
    hosts = {} if options.hosts is None else read_hosts(options.hosts, stored)
    report: dict[str, object] = {"benchmark": "names_elsewhere", "encoder": dict(stored.encoder)}
    for word in options.inputs:
        kind, _, path = word.partition("=")
        records = {record.id: record.sequence for record in read_sequences([Path(path)])}
        rows = {}
        for length_bp in LENGTHS_BP:
            pieces = list(cut(records, length_bp, seed=options.seed))
            if pieces:
                rows[str(length_bp)] = measure(pieces, stored, encoder=encoder, hosts=hosts)
                print(kind, length_bp, json.dumps(rows[str(length_bp)]), file=sys.stderr, flush=True)
        report[kind] = {"records": len(records), "bp": sum(map(len, records.values())), **rows}
    print(json.dumps({**report, "machine": machine_facts()}))


def read_hosts(path: Path, stored: StoredReferences) -> dict[str, frozenset[str]]:
    """Names of the taxa from domain to genus of each record's host; a genus that is not in the tree is left out."""
    lineages = {
        taxon.name: frozenset(one.name for one in stored.tree.lineage(number))
        for number, taxon in enumerate(stored.tree.taxa)
        if taxon.rank == "G"
    }
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return {name: lineages[genus] for name, genus in rows if genus in lineages}


def cut(records: Mapping[str, str], length_bp: int, *, seed: int) -> Iterator[tuple[str, str]]:
    """Pieces side by side, or so many of them by chance; those of mostly unknown bases are left out."""
    places = [
        (name, start)
        for name, sequence in records.items()
        for start in range(0, len(sequence) - length_bp + 1, length_bp)
        if sequence.count("N", start, start + length_bp) < length_bp // 2
    ]
    rng = np.random.default_rng(seed)
    for place in sorted(rng.permutation(len(places))[:MOST_PIECES].tolist()):
        name, start = places[place]
        yield name, records[name][start : start + length_bp]


def measure(
    pieces: list[tuple[str, str]],
    stored: StoredReferences,
    *,
    encoder: Encoder,
    hosts: Mapping[str, frozenset[str]],
) -> dict[str, object]:
    """Shares of the pieces named; with hosts, of those whose host is known, named and wrong."""
    sequences = [sequence for _, sequence in pieces]
    names = name_sequences(
        stored.references,
        encoder.embed(sequences),
        calibrations=stored.calibrations[SEQUENCES],
        kmers=[stored.references.sample.of(sequence) for sequence in sequences],
        lengths_bp=np.array([len(sequence) for sequence in sequences]),
        threads=1,
    )
    n = len(pieces)
    found: dict[str, object] = {"pieces": n, "named": share(names.ranks != UNCLASSIFIED)}
    for rank in ("P", "F", "G"):
        found[rank] = share(names.ranks >= RANKS.index(rank))
    known = [row for row in range(n) if pieces[row][0] in hosts]
    if known:
        found["of known host"] = len(known)
        for rank in ("P", "F", "G"):
            place = RANKS.index(rank)
            wrong = [
                names.ranks[row] >= place
                and stored.tree.taxa[int(names.taxa[row, place])].name not in hosts[pieces[row][0]]
                for row in known
            ]
            found[f"{rank} wrong"] = share(np.array(wrong))
    return found


def share(chosen: np.ndarray) -> float:
    """Of all, to four digits."""
    return round(float(np.mean(chosen)), 4)


if __name__ == "__main__":
    main()
