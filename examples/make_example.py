"""Mix draft assemblies of four species into one shuffled example, with its gold standard.

The folder that Debian's package `ragout-examples` unpacks to goes in; `contigs.fa.gz` and `gold.tsv` come out
next to this script. Which contigs are taken, and their order, follow from the SHA-256 of the seed and of each
contig's own name, so every run on every version of Python gives the same sequences in the same order.

    apt-get download ragout-examples
    dpkg -x ragout-examples_*.deb unpacked
    python examples/make_example.py unpacked/usr/share/doc/ragout/examples
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEED = 0
SPECIES_BP = 2_500_000  # taken of each species: four of them compress to less than 3 MB
LINE_BP = 80
SOURCES = {
    "Escherichia coli": "E.Coli/mg1655_contigs.fasta.gz",
    "Helicobacter pylori": "H.Pylori/SJM180_contigs.fasta.gz",
    "Staphylococcus aureus": "S.Aureus/usa300_contigs.fasta.gz",
    "Vibrio cholerae": "V.Cholerae/h1_contigs.fasta.gz",
}


@dataclass(frozen=True, slots=True)
class Contig:
    """One contig of a draft assembly; `rank` is its place in the seeded order."""

    species: str
    rank: str
    sequence: str


def read_contigs(path: Path, species: str) -> Iterator[Contig]:
    """Yield every contig of one gzipped FASTA file."""
    with gzip.open(path, "rt", encoding="ascii") as lines:
        for entry in lines.read().split(">")[1:]:
            header, _, body = entry.partition("\n")
            name = f"{SEED}\t{species}\t{header.split()[0]}"
            yield Contig(
                species=species,
                rank=hashlib.sha256(name.encode()).hexdigest(),
                sequence="".join(body.split()).upper(),
            )


def take_contigs(contigs: Iterator[Contig]) -> list[Contig]:
    """Return the first contigs in their seeded order that hold at most `SPECIES_BP` bases: of every length."""
    taken: list[Contig] = []
    total_bp = 0
    for contig in sorted(contigs, key=lambda contig: contig.rank):
        total_bp += len(contig.sequence)
        if total_bp > SPECIES_BP:
            break
        taken.append(contig)
    return taken


def write_example(contigs: list[Contig], folder: Path) -> None:
    """Write `contigs.fa.gz` (no time stamp inside) and `gold.tsv` (contig, species; no header), numbering contigs."""
    fasta: list[str] = []
    gold: list[str] = []
    for number, contig in enumerate(contigs, start=1):
        name = f"contig_{number:04d}"
        sequence = contig.sequence
        fasta += [f">{name}", *(sequence[i : i + LINE_BP] for i in range(0, len(sequence), LINE_BP))]
        gold.append(f"{name}\t{contig.species}")
    with (
        (folder / "contigs.fa.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed,
    ):
        packed.write("\n".join([*fasta, ""]).encode("ascii"))
    (folder / "gold.tsv").write_text("\n".join([*gold, ""]), encoding="ascii")


def main() -> None:
    """Read the unpacked package named on the command line and write the example next to this script."""
    if len(sys.argv) != 2:
        sys.exit("usage: make_example.py FOLDER  (usr/share/doc/ragout/examples of the unpacked ragout-examples)")
    contigs: list[Contig] = []
    for species, source in SOURCES.items():
        contigs += take_contigs(read_contigs(Path(sys.argv[1]) / source, species))
    write_example(sorted(contigs, key=lambda contig: contig.rank), Path(__file__).resolve().parent)


if __name__ == "__main__":
    main()
