"""How sure each contig is in its bin, and which contigs were joined from two genomes.

Bins, vectors and depths -> confidence and second choice of each contig. Contigs, as they are read once more -> vectors
of their windows -> where they change genome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....analysis.binning.assignment import HalfPairs
from ....analysis.binning.centres import find_memberships
from ....analysis.binning.chimeras import LEAST_BP, Joint, find_joint, window_ends
from ....analysis.binning.contig_space import contig_space
from ....analysis.neighbours import l2_normalize
from ....encoders.embedder import Encoder
from ....io.bins.contig_table import ContigRow
from ....io.bins.stats import BinStats, members_of_bins
from ....io.sequences import Record
from ...progress import Progress
from ...vectors.chunks import record_chunks
from ...vectors.inputs import SequenceInput
from ..clusters import sample_geometry
from ..outputs import BinnedContigs
from ..samples import split_names


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Contigs that were binned together.

    Attributes:
        rows: (R,) of all contigs.
        geometry: the map from embeddings to unit vectors.
        numbers: (B,) of their bins, from 1.
        centres: (B, D) float32 unit vectors of these.
    """

    rows: np.ndarray
    geometry: Callable[[np.ndarray], np.ndarray]
    numbers: np.ndarray
    centres: np.ndarray


def judge_contigs(
    binned: BinnedContigs,
    source: SequenceInput,
    *,
    encoder: Encoder | None,
    halves: HalfPairs | None,
    seed: int,
    progress: Progress,
) -> list[ContigRow]:
    """A row for each contig, in input order.

    Args:
        encoder: embeds windows; without it nothing is said of chimeras.
        halves: both halves of some contigs, which show how one genome scatters.
    """
    numbers = binned.bins.of_contigs
    confidence = np.full(len(numbers), np.nan)
    second = np.zeros(len(numbers), dtype=np.int64)
    groups = []
    for rows in _rows_of_groups(binned):
        own_depth = None if binned.depth is None else binned.depth[rows]
        if own_depth is not None:
            own_depth = own_depth[:, np.isfinite(own_depth).all(axis=0)]
        embeddings, lengths_bp = np.array(binned.embeddings[rows]), binned.contigs.lengths_bp[rows]
        geometry, spread = sample_geometry(embeddings, lengths_bp, halves=halves)
        generator = np.random.default_rng(seed)
        space = contig_space(geometry(embeddings), lengths_bp, spread=spread, depth=own_depth, rng=generator)
        members = list(members_of_bins(numbers[rows]))
        found = np.array([number for number, _ in members], dtype=np.int64)
        places = np.searchsorted(found, numbers[rows])
        own = np.where(numbers[rows] > 0, places, -1)
        membership = find_memberships(space, own, lengths_bp=lengths_bp)
        confidence[rows] = membership.confidence
        second[rows] = np.where(membership.second >= 0, np.append(found, 0)[membership.second], 0)
        place = geometry if geometry is not l2_normalize else _centred(embeddings, lengths_bp)
        unit = place(embeddings)
        centres = [np.average(unit[one], axis=0, weights=lengths_bp[one]) for _, one in members]
        groups.append(_Group(rows, place, found, l2_normalize(np.array(centres).reshape(-1, unit.shape[1]))))
    joints = {} if encoder is None else dict(_joints(binned, source, groups=groups, encoder=encoder, progress=progress))
    return [
        _row(binned, row, choice=(float(confidence[row]), int(second[row])), joints=joints)
        for row in range(len(numbers))
    ]


def with_chimerism(stats: Sequence[BinStats], rows: Sequence[ContigRow]) -> list[BinStats]:
    """The bins, each with the share of its bases that fit another bin."""
    foreign_bp: dict[str, float] = {}
    for row in rows:
        foreign_bp[row.bin] = foreign_bp.get(row.bin, 0.0) + np.nan_to_num(row.chimerism) * row.length_bp
    is_known = any(np.isfinite(row.chimerism) for row in rows)
    return [replace(one, chimerism=foreign_bp[one.name] / one.total_bp) if is_known else one for one in stats]


def _centred(embeddings: np.ndarray, lengths_bp: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Unit vectors around the sample's mean: without it, cosines of all contigs are close to 1."""
    mean = np.average(l2_normalize(embeddings), axis=0, weights=lengths_bp)
    return lambda rows: l2_normalize((l2_normalize(rows) - mean).astype(np.float32))


def _rows_of_groups(binned: BinnedContigs) -> list[np.ndarray]:
    """All contigs, or those of each sample."""
    separator = binned.bins.separator
    if separator is None:
        return [np.arange(len(binned.contigs.ids))]
    return split_names(binned.contigs.ids, separator).rows()


def _joints(
    binned: BinnedContigs,
    source: SequenceInput,
    *,
    groups: Sequence[_Group],
    encoder: Encoder,
    progress: Progress,
) -> Iterator[tuple[int, tuple[Joint, int] | None]]:
    """For each contig that is long enough its row, and the joint with the base that it follows; None for no joint."""
    row_of = {name: row for row, name in enumerate(binned.contigs.ids)}
    group_of = np.zeros(len(row_of), dtype=np.int64)
    for number, group in enumerate(groups):
        group_of[group.rows] = number
    lengths_bp = binned.contigs.lengths_bp
    progress.start("looking for chimeras", int(lengths_bp[lengths_bp >= LEAST_BP].sum()), unit="bp")
    for chunk in record_chunks(source.records()):
        records = [record for record in chunk if len(record.sequence) >= LEAST_BP and record.id in row_of]
        if not records:
            continue
        vectors = encoder.embed([window for record in records for window in _windows(record)])
        start = 0
        for record in records:
            ends = window_ends(len(record.sequence))
            row = row_of[record.id]
            group = groups[int(group_of[row])]
            joint = find_joint(group.geometry(vectors[start : start + len(ends)]) @ group.centres.T)
            start += len(ends)
            yield row, None if joint is None else _numbered(joint, group, ends=ends)
        progress.advance(sum(len(record.sequence) for record in records))


def _numbered(joint: Joint, group: _Group, *, ends: np.ndarray) -> tuple[Joint, int]:
    """The joint with numbers of bins, from 1, and its place in bases."""
    before, after = int(group.numbers[joint.before]), int(group.numbers[joint.after])
    return replace(joint, before=before, after=after), int(ends[joint.n_before - 1])


def _windows(record: Record) -> list[str]:
    ends = window_ends(len(record.sequence)).tolist()
    return [record.sequence[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _row(
    binned: BinnedContigs,
    row: int,
    *,
    choice: tuple[float, int],
    joints: Mapping[int, tuple[Joint, int] | None],
) -> ContigRow:
    """One row.

    Args:
        choice: confidence, and number of the second choice.
        joints: of the contigs that were looked at, by row.
    """
    confidence, second = choice
    joint = joints.get(row)
    contigs, names = binned.contigs, ["", *binned.bins.names]
    number, length_bp = int(binned.bins.of_contigs[row]), int(contigs.lengths_bp[row])
    chimerism, place, before, after = (0.0 if row in joints else float("nan")), 0, "", ""
    if joint is not None:
        found, place = joint
        parts = ((found.before, place), (found.after, length_bp - place))
        foreign_bp = [n_bp for part, n_bp in parts if part != number]
        chimerism = (sum(foreign_bp) if number else min(n_bp for _, n_bp in parts)) / length_bp
        before, after = names[found.before], names[found.after]
    return ContigRow(
        contigs.ids[row],
        length_bp,
        names[number],
        confidence,
        names[second],
        circular=bool(contigs.is_circular[row]),
        chimerism=chimerism,
        chimeric_at=place,
        before=before,
        after=after,
    )
