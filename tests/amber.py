"""AMBER itself, to compare with: the same binnings to it, its figures back.

`tests/golden/amber.json` is what AMBER 2.0.8 found for the binnings of `write_case`. To make it again, in an
environment of AMBER's own (its versions are pinned): `PYTHONPATH=. python -m tests.amber .../bin/amber.py`.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.locations import GOLDEN, PROJECT, SHARED

FIGURES = {
    "binned": "percentage_of_assigned_{unit}s",
    "accuracy": "accuracy_{unit}",
    "misclassification": "misclassification_{unit}",
    "avg_completeness": "recall_avg_{unit}",
    "avg_completeness_sem": "recall_avg_{unit}_sem",
    "avg_purity": "precision_avg_{unit}",
    "avg_purity_sem": "precision_avg_{unit}_sem",
    "f1": "f1_score_{unit}",
    "total_completeness": "recall_weighted_{unit}",
    "total_purity": "precision_weighted_{unit}",
    "total_f1": "f1_score_per_{unit}",
    "cami1_completeness": "recall_avg_{unit}_cami1",
    "cami1_f1": "f1_score_{unit}_cami1",
    "rand_index": "rand_index_{unit}",
    "ari": "adjusted_rand_index_{unit}",
}
LEVELS = [(above, below) for below in (10, 5) for above in (50, 70, 90)]
Contig = tuple[str, str, int]  # name, genome, length


def example_contigs() -> list[Contig]:
    """The contigs of `examples/`."""
    lengths = {one.id: len(one.sequence) for one in read_sequences([PROJECT / "examples" / "contigs.fa.gz"])}
    lines = (PROJECT / "examples" / "gold.tsv").read_text().splitlines()
    return [(name, genome, lengths[name]) for name, genome in (line.split("\t") for line in lines)]


def shared_contigs() -> list[Contig]:
    """The contigs of the developers' simulated assembly of 24 genomes."""
    with gzip.open(SHARED / "data" / "dev" / "gold.biobox.tsv.gz", "rt") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream if not line.startswith(("@", "\n"))]
    return [(name, genome, int(length)) for name, genome, length in rows]


def write_case(folder: Path, contigs: list[Contig]) -> tuple[Path, dict[str, Path]]:
    """A gold standard, and two binnings with all kinds of mistakes: genomes mixed and split, unbinned, unknown."""
    genomes = sorted({genome for _, genome, _ in contigs})
    gold = [f"{name}\t{genome}\t{length}" for name, genome, length in contigs]
    mixed, split = [], []
    for number, (name, genome, length) in enumerate(contigs):
        place = genomes.index(genome)
        if number % 5:
            wrong = place + (number % 7 == 0)
            mixed.append(f"{name}\tbin{wrong % (len(genomes) - number % 2)}")
        if place % 4 != 3 and length > 400:
            split.append(f"{name}\t{genome[0]}{number % 2 if length > 20_000 else 'x'}")
    binnings = {"mixed": mixed, "split": [*reversed(split), f"of_no_genome\t{genomes[0][0]}0"]}
    return _write_biobox(folder / "gold.biobox.tsv", gold, columns="BINID\t_LENGTH"), {
        name: _write_biobox(folder / f"{name}.tsv", lines, columns="BINID") for name, lines in binnings.items()
    }


def run_amber(program: str, gold: Path, binnings: dict[str, Path]) -> dict[str, dict[str, float]]:
    """Figures of each binning by our names, such as `ari_bp`, and counts such as `recovered_50_10`."""
    with tempfile.TemporaryDirectory() as folder:
        labels = ("--labels", ",".join(binnings))
        paths = [str(path) for path in binnings.values()]
        subprocess.run(
            [program, "-g", str(gold), "-o", folder, *labels, "--silent", *paths], check=True, capture_output=True
        )
        with (Path(folder) / "results.tsv").open() as stream:
            figures = {row["Tool"]: _figures(row) for row in csv.DictReader(stream, delimiter="\t")}
        with (Path(folder) / "bin_metrics.tsv").open() as stream:
            bins = list(csv.DictReader(stream, delimiter="\t"))
    return {name: {**figures[name], **_recovered([one for one in bins if one["Tool"] == name])} for name in binnings}


def _figures(row: dict[str, str]) -> dict[str, float]:
    return {
        f"{ours}_{unit}": float(row[theirs.format(unit=unit)])
        for unit in ("bp", "seq")
        for ours, theirs in FIGURES.items()
    }


def _recovered(bins: list[dict[str, str]]) -> dict[str, float]:
    """AMBER shows these counts in its HTML page only; here from its table of bins."""
    shares = [(float(one["recall_bp"]), float(one["precision_bp"])) for one in bins]
    return {
        f"recovered_{above}_{below}": sum(
            recall > above / 100 and precision > 1 - below / 100 for recall, precision in shares
        )
        for above, below in LEVELS
    }


def _write_biobox(path: Path, rows: list[str], *, columns: str) -> Path:
    head = ["@Version:0.9.0", "@SampleID:example", f"@@SEQUENCEID\t{columns}"]
    path.write_text("\n".join([*head, *rows]) + "\n")
    return path


def main() -> None:
    """Write the golden figures anew."""
    found = {}
    for name, contigs in (("example", example_contigs()), ("shared", shared_contigs())):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = run_amber(sys.argv[1], *write_case(Path(folder), contigs))
    (GOLDEN / "amber.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
