"""Which marker genes of metaphlan2-data belong to one clade: a label for every record, for `dnabert-s pairs --labels`.

markers.fasta names the genome piece that each marker was taken from, but not its clade. Markers of one clade stand
together, at most 200 of them, and come from the genomes of that clade; so two neighbours belong together when a genome
of the one turns up again within the next records. Accessions tell the genome: a whole-genome project by its prefix
(`AKAU01`), a series of scaffolds by numbers that are close, anything else by itself.

    python find_clades.py markers.fasta labels.tsv [--exclude names.txt.gz] [--min-bp 20000]
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dnabert_s_cli.io.files import open_input
from dnabert_s_cli.io.sequences.reading import read_sequences

MOST_RECORDS = 200  # of one clade
NEAR_RECORDS = 20  # a genome that comes back later than this has begun another clade
NEAR_NUMBERS = 400  # scaffolds of one assembly are numbered this close
_PROJECT = re.compile(r"(?:NZ_)?([A-Z]{4}\d\d)\d+")
_SERIES = re.compile(r"(?:NZ_)?([A-Z]{2}_?|GeneID:)(\d+)")
_FINISHED = ("NC_",)


def main() -> None:
    """Read the names, find the clades, write the labels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("markers", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--exclude", type=Path, help="names of records to leave out, one a line")
    parser.add_argument("--min-bp", type=int, default=20_000, help="smallest clade")
    arguments = parser.parse_args()
    records = [(record.id, len(record.sequence)) for record in read_sequences([arguments.markers])]
    names, lengths_bp = [name for name, _ in records], np.array([length for _, length in records])
    excluded = read_names(arguments.exclude) if arguments.exclude else frozenset()
    kept = np.array([name not in excluded for name in names])
    n_written = n_clades = 0
    with arguments.labels.open("w", encoding="utf-8", newline="\n") as file:
        for start, end in find_clades(names):
            places = start + np.flatnonzero(kept[start:end])
            if lengths_bp[places].sum() < arguments.min_bp:
                continue
            n_clades += 1
            n_written += len(places)
            file.writelines(f"{names[place]}\tclade_{n_clades:05d}\n" for place in places)
    print(f"{n_clades:,} clades of {arguments.min_bp:,} bp or more, {n_written:,} of {len(names):,} markers")


def find_clades(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First record, and first record behind, of each clade, in file order; together they cover all records."""
    crossings = np.zeros(len(names) + 1, dtype=np.int64)  # how many genomes are seen before and after each record
    genomes = [genome_of(name) for name in names]
    for place, genome in enumerate(genomes):
        before = next((back for back in range(1, NEAR_RECORDS + 1) if _same(genomes, place - back, genome)), 0)
        crossings[place - before + 1] += before > 0
        crossings[place + 1] -= before > 0
    starts = np.flatnonzero(np.cumsum(crossings[:-1]) == 0).tolist()
    for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
        step = MOST_RECORDS if (end - start) % MOST_RECORDS == 0 else end - start  # full clades, one after the other
        yield from ((first, first + step) for first in range(start, end, step))


def genome_of(name: str) -> tuple[str, int]:
    """What tells the genome: a project or accession and 0, or a series and the number in it."""
    fields = name.split("|")
    accession = (fields[3] if fields[0] == "gi" and len(fields) > 3 else name).split(".")[0]
    if project := _PROJECT.fullmatch(accession):
        return project[1], 0
    series = _SERIES.fullmatch(accession)
    if series and not accession.startswith(_FINISHED):
        return series[1], int(series[2])
    return accession, 0


def read_names(path: Path) -> frozenset[str]:
    """The lines of a text file, plain or compressed."""
    with open_input(path) as file:
        return frozenset(file.read().decode().split())


def _same(genomes: Sequence[tuple[str, int]], place: int, genome: tuple[str, int]) -> bool:
    """Whether the record at `place` is of this genome."""
    return place >= 0 and genomes[place][0] == genome[0] and abs(genomes[place][1] - genome[1]) <= NEAR_NUMBERS


if __name__ == "__main__":
    main()
