"""Show how bins agree with a gold standard, in bases: one row for each bin, one column for each species.

    python examples/compare_with_gold.py bins_out/contig2bin.tsv examples/gold.tsv examples/contigs.fa.gz

Contig names are joined by id. Purity is the share of a bin's bases that belong to its main species; completeness
is the share of a species' bases, over all contigs of the file, that its best bin holds.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from dnabert_s_cli.io.sequences.reading import read_sequences

UNBINNED = "unbinned"


def read_labels(path: str) -> dict[str, str]:
    """Return contig id -> label of a two-column table without a header."""
    return dict(line.split("\t") for line in Path(path).read_text(encoding="utf-8").splitlines())


def count_bases(bins: dict[str, str], gold: dict[str, str], contigs_path: str) -> dict[str, Counter[str]]:
    """Return bin -> species -> bases, bins in the order of the table, what is in no bin last."""
    counted: dict[str, Counter[str]] = {name: Counter() for name in [*bins.values(), UNBINNED]}
    for record in read_sequences([contigs_path]):
        counted[bins.get(record.id, UNBINNED)][gold[record.id]] += len(record.sequence)
    return counted


def format_table(counted: dict[str, Counter[str]]) -> list[str]:
    """Return the lines of the table: kb by bin and species, purity at the right, completeness below."""
    species = sorted({name for bases in counted.values() for name in bases})
    columns = [f"{name.split()[0][0]}. {name.split()[1]}" for name in species]
    lines = [f"{'kb':<14}" + "".join(f"{column:>15}" for column in columns) + f"{'purity':>10}"]
    for name, bases in counted.items():
        cells = "".join(f"{bases[one] / 1000:>15,.0f}" for one in species)
        purity = "" if name == UNBINNED else f"{max(bases.values()) / bases.total():>10.1%}"
        lines.append(f"{name:<14}{cells}{purity}")
    best = [max((bases[one] for name, bases in counted.items() if name != UNBINNED), default=0) for one in species]
    total = [sum(bases[one] for bases in counted.values()) for one in species]
    cells = "".join(f"{part / whole:>15.1%}" for part, whole in zip(best, total, strict=True))
    return [*lines, f"{'completeness':<14}{cells}"]


def main() -> None:
    """Read the three files named on the command line and print the table."""
    if len(sys.argv) != 4:
        sys.exit("usage: compare_with_gold.py CONTIG2BIN GOLD CONTIGS")
    bins_path, gold_path, contigs_path = sys.argv[1:]
    counted = count_bases(read_labels(bins_path), read_labels(gold_path), contigs_path)
    print("\n".join(format_table(counted)))


if __name__ == "__main__":
    main()
