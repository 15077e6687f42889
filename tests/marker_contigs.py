"""Real contigs with and without marker genes, and small sets of markers made up for arithmetic."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnabert_s_cli.analysis.markers.profiles import BOTH, MarkerProfiles, MarkerSet
from dnabert_s_cli.analysis.markers.search import MarkerHits, find_markers, make_hits
from dnabert_s_cli.pipelines.bin.markers import open_profiles
from tests.locations import PROJECT

OPERONS = PROJECT / "tests" / "data" / "markers" / "operons.fa"


def read_operons(path: Path = OPERONS) -> dict[str, str]:
    """Sequences of `operons.fa` by name: helicobacter, escherichia, plain."""
    records = path.read_text().split(">")[1:]
    lines = [record.splitlines() for record in records]
    return {one[0].split()[0]: "".join(one[1:]) for one in lines}


@functools.cache
def builtin_profiles() -> MarkerProfiles:
    """The profiles that come with the package, parsed once."""
    return open_profiles()


@functools.cache
def search(*sequences: str, threads: int = 1) -> MarkerHits:
    """The built-in markers on these contigs, searched for once."""
    return find_markers(sequences, builtin_profiles(), threads=threads, on_progress=lambda _: None)


def made_up_set(
    n_markers: int, *, domains: Sequence[str] | None = None, groups: Sequence[str] | None = None
) -> MarkerSet:
    """Markers m0, m1, ... of 100 model positions, each a group of its own if not told otherwise."""
    names = tuple(f"m{number}" for number in range(n_markers))
    return MarkerSet(names, np.full(n_markers, 100), tuple(domains or [BOTH] * n_markers), tuple(groups or names))


def made_up_hits(markers: MarkerSet, n_contigs: int, *places: tuple[int, ...]) -> MarkerHits:
    """Hits at (contig, marker) on the whole model, or at (contig, marker, model start, model end)."""
    whole = [place if len(place) == 4 else (*place, 1, 100) for place in places]
    rows = [(contig, marker, 50.0, 1, 300, 1, start, end) for contig, marker, start, end in whole]
    return make_hits(markers, n_contigs, columns=list(zip(*rows, strict=True)))
