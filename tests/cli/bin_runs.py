"""Runs of `bin` for tests: without what takes seconds where that is not the point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from dnabert_s_cli.io.labels.reading import read_labels
from tests.cli.conftest import Command

FILES = {"bins", "contig2bin.tsv", "bins.tsv", "elements.tsv", "run.json"}
QUICK = ("--no-markers", "--no-names", "--no-report")
BARE = ("--model", "tnf-c", *QUICK)
_DATED = {"run.json", "report.html"}  # they say when and how fast


def run_bin(
    command: Command, contigs: Path, output: Path, *options: object, with_report: bool = False
) -> dict[str, str]:
    """Bin of each contig after a run that must succeed."""
    quick = QUICK[:2] if with_report else QUICK
    assert command("bin", contigs, "-o", output, "--model", "tnf-c", *quick, *options).code == 0
    return read_labels(output / "contig2bin.tsv")


def species_of_bins(bins: Mapping[str, str]) -> list[set[str]]:
    """For each bin the species, by the first part of the contigs' names."""
    species: dict[str, set[str]] = {}
    for name, label in bins.items():
        species.setdefault(label, set()).add(name.split("_")[0])
    return list(species.values())


def digests(output: Path) -> dict[str, str]:
    """SHA-256 of every file of a run that does not say when it was made."""
    files = (path for path in sorted(output.rglob("*")) if path.is_file() and path.name not in _DATED)
    return {str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def traces(output: Path) -> list[str]:
    """What a failed run left in the folder of its output, temporary names included."""
    return sorted(path.name for path in output.parent.iterdir() if output.name in path.name)
