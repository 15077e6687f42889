"""Marker genes of a sample: profiles, the search through its contigs, and the table that keeps the result.

Contigs are read once more, in the order in which everything else reads them; hits name contigs by their position in
that order in memory, and by their id on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...analysis.markers.profiles import MarkerNote, MarkerProfiles, MarkerSet, load_profiles
from ...analysis.markers.search import HIT_COLUMNS, MarkerHits, find_markers, make_hits
from ...errors import DnabertSError
from ...io.bins.markers import BUILTIN_PROFILES, HitRow, read_marker_hits, read_notes, read_profiles, write_marker_hits
from ...threads import usable_cores
from ..progress import Progress
from ..vectors.inputs import SequenceInput


def open_profiles(path: Path | None = None) -> MarkerProfiles:
    """A user's own profiles, or the built-in ones for None.

    Raises:
        DnabertSError: the file cannot be read, or is not of profiles of proteins in HMMER3 format.
    """
    if path is not None:
        return load_profiles(read_profiles(path), path=path)
    notes = {note.name: MarkerNote(note.min_score, note.domain, note.group) for note in read_notes()}
    return load_profiles(read_profiles(BUILTIN_PROFILES), path=BUILTIN_PROFILES, notes=notes)


def search_contigs(
    source: SequenceInput, profiles: MarkerProfiles, *, threads: int, total_bp: int | None, progress: Progress
) -> MarkerHits:
    """The markers on the contigs of `source`, which are numbered in its order.

    Args:
        threads: 0 for all cores.
        total_bp: bases of the source, for the progress; None where they are not known.
    """
    progress.start("finding marker genes", total_bp, unit="bp")
    sequences = (record.sequence for record in source.records())
    return find_markers(sequences, profiles, threads=threads or usable_cores(), on_progress=progress.advance)


def save_hits(path: Path, hits: MarkerHits, *, ids: Sequence[str]) -> None:
    """Write the hits as TSV, contigs by name."""
    columns = zip(*(getattr(hits, name).tolist() for name in HIT_COLUMNS), strict=True)
    write_marker_hits(
        path,
        (HitRow(ids[contig], hits.markers.names[marker], *numbers) for contig, marker, *numbers in columns),
    )


def load_hits(path: Path, markers: MarkerSet, *, ids: Sequence[str]) -> MarkerHits:
    """Hits that `save_hits` wrote, for these contigs and profiles.

    Raises:
        DnabertSError: not such a table, or it names a contig or a marker that is not known here.
    """
    contig_of = {name: position for position, name in enumerate(ids)}
    marker_of = {name: position for position, name in enumerate(markers.names)}
    rows = []
    for line, hit in enumerate(read_marker_hits(path), start=2):
        contig, marker = contig_of.get(hit.contig), marker_of.get(hit.marker)
        if contig is None:
            hint = "the table belongs to other contigs"
            raise DnabertSError("the contig is not in the input", path=path, line=line, record=hit.contig, hint=hint)
        if marker is None:
            problem = f"marker '{hit.marker}' is not among the profiles"
            hint = "the table was made with other profiles"
            raise DnabertSError(problem, path=path, line=line, record=hit.contig, hint=hint)
        place = (hit.gene_start, hit.gene_end, hit.strand, hit.model_start, hit.model_end)
        rows.append((contig, marker, hit.score, *place))
    return make_hits(markers, len(ids), columns=list(zip(*rows, strict=True)))
