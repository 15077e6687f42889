"""A sample added to those that an earlier run has binned: what is new, what must not have changed, and both together.

Contigs of all samples -> digests compared with those of the earlier run -> the contigs that are to be binned -> their
bins and the earlier ones, in one order. Earlier bins keep their contigs, names and files; depth in samples that only
this run knows is not known of them.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ....analysis.markers.search import MarkerHits
from ....errors import DnabertSError
from ....io.bins.stats import BinName
from ....io.depth import names_in
from ....io.sequences import Record
from ...vectors.inputs import SequenceInput
from ..catalogue import Assemblies
from ..contigs import Contigs
from ..groups import Bins
from ..markers import load_hits, save_hits
from ..outputs import UNBINNED, BinnedContigs, OutputOptions
from ..samples import split_names
from ..stages import on_disk_array
from .kept import FORCE_HINT, Earlier, read_kept

logger = logging.getLogger(__name__)

_SHOWN = 3
_BLOCK = 1 << 14  # rows at a time


@dataclass(frozen=True, slots=True)
class _OfSamples(SequenceInput):
    """The contigs of some samples of a catalogue."""

    inner: SequenceInput | None = None
    separator: str = ""
    wanted: frozenset[str] = frozenset()

    def records(self) -> Iterator[Record]:
        """The records, in order."""
        assert self.inner is not None, "it is always given"
        for record in replace(self.inner, min_length_bp=self.min_length_bp).records():
            if record.id.partition(self.separator)[0] in self.wanted:
                yield record


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """Samples that are added to those of an earlier run.

    Attributes:
        found: all contigs of the input, in order.
        samples: those that are to be binned.
        separator: between sample and own name in the names of contigs.
        workplace: a folder for arrays that need not fit in memory.
    """

    earlier: Earlier
    found: Contigs
    samples: Sequence[str]
    separator: str
    workplace: Path

    @classmethod
    def of(cls, output: Path, found: Contigs, *, settings: Mapping[str, object], workplace: Path) -> Addition:
        """What is to be done to add the samples of `found` that the run that made `output` did not know.

        Raises:
            DnabertSError: there is none, an earlier one is missing or has changed, or settings differ.
        """
        earlier = read_kept(output)
        _require_same(earlier, settings)
        return cls(earlier, found, _new_samples(earlier, found), str(settings["separator"]), workplace)

    @property
    def taxa(self) -> dict[str, BinName]:
        """What earlier bins are, by their names."""
        return {row.name: row.taxon for row in self.earlier.bins if row.taxon is not None}

    def require_encoder(self, facts: Mapping[str, object]) -> None:
        """Raise `DnabertSError` if the vectors are of another model than those of the earlier samples."""
        before = self.earlier.encoder
        if before.get("fingerprint") != facts.get("fingerprint"):
            these = facts.get("model") if facts.get("model") != before.get("model") else "another version of it"
            problem = f"its samples were binned with vectors of {before.get('model')}, these are of {these}"
            raise DnabertSError(problem, path=self.earlier.folder, hint=f"use the same --model; {FORCE_HINT}")

    def part_of(self, source: SequenceInput) -> SequenceInput:
        """The contigs of the added samples alone."""
        wanted = frozenset(self.samples)
        if isinstance(source, Assemblies):
            places = [place for place, name in enumerate(source.samples) if name in wanted]
            paths = tuple(source.paths[place] for place in places)
            return replace(source, paths=paths, samples=tuple(source.samples[place] for place in places))
        given = (source.paths, source.min_length_bp, source.reference_path)
        return _OfSamples(*given, inner=source, separator=self.separator, wanted=wanted)

    def own_contigs(self) -> Contigs:
        """What is known of them."""
        wanted = frozenset(self.samples)
        return self.found.named([name for name in self.found.ids if name.partition(self.separator)[0] in wanted])

    def is_elsewhere(self, names: Sequence[str], lengths_bp: np.ndarray) -> bool:
        """Whether a file with depth of these contigs knows earlier samples, and none that is added."""
        length_of = dict(zip(names, lengths_bp.tolist(), strict=True))
        return _knows(length_of, self.earlier.contigs, separator=self.separator) and not _knows(
            length_of, self.own_contigs(), separator=self.separator
        )

    def joined(self, own: BinnedContigs) -> BinnedContigs:
        """The contigs of all samples in their bins, earlier ones and `own`, in the order of the input."""
        earlier = self.earlier
        old_row = {name: row for row, name in enumerate(earlier.contigs.ids)}
        new_row = {name: row for row, name in enumerate(own.contigs.ids)}
        contigs = self.found.named([name for name in self.found.ids if name in old_row or name in new_row])
        order = _Order(
            np.array([name in old_row for name in contigs.ids], dtype=np.bool_),
            np.array([old_row[name] for name in contigs.ids if name in old_row], dtype=np.int64),
            np.array([new_row[name] for name in contigs.ids if name in new_row], dtype=np.int64),
        )
        depth, samples = _joined_depth(earlier, own, order=order)
        unit = order.rows(earlier.unit, own.bins.unit, workplace=self.workplace)
        embeddings = order.rows(earlier.embeddings, own.embeddings, workplace=self.workplace)
        bins = _joined_bins(earlier, own, contigs=contigs, unit=unit)
        return BinnedContigs(contigs, bins, embeddings, depth, samples, _joined_hits(earlier, own, contigs=contigs))

    def copy_bins(self, folder: Path, *, options: OutputOptions) -> None:
        """Put the FASTA files of earlier bins into a new output, and earlier contigs of no bin before the new ones."""
        suffix = ".fa.gz" if options.gzip else ".fa"
        names = [f"bins/{row.name}{suffix}" for row in self.earlier.bins]
        for name in names:
            shutil.copyfile(self.earlier.folder / name, folder / name)
        if options.unbinned:
            name = f"{options.name_prefix}{UNBINNED}{suffix}"
            own = folder / f"{name}.own"
            (folder / name).rename(own)
            shutil.copyfile(self.earlier.folder / name, folder / name)
            with own.open("rb") as new, (folder / name).open("ab") as stream:  # a .gz may have several members
                shutil.copyfileobj(new, stream)
            own.unlink()


def _knows(length_of: Mapping[str, int], contigs: Contigs, *, separator: str) -> bool:
    """Whether contigs of one of the samples are among those of a file, by name and length."""
    lengths_bp = contigs.lengths_bp
    samples = contigs.of_samples(split_names(contigs.ids, separator))
    return any(names_in(length_of, contigs.ids, sample=one, lengths_bp=lengths_bp) is not None for one in samples)


def _new_samples(earlier: Earlier, contigs: Contigs) -> list[str]:
    """The samples that are to be binned; errors as of `Addition.of`."""
    before, now = earlier.contigs.digests, contigs.digests
    missing = [sample for sample in before if sample not in now]
    if missing:
        problem = f"holds bins of {_shown(missing)}, which the input lacks"
        hint = f"give the earlier assemblies, too; {FORCE_HINT}"
        raise DnabertSError(problem, path=earlier.folder, hint=hint)
    changed = [sample for sample in before if before[sample] != now[sample]]
    if changed:
        problem = f"holds bins of {_shown(changed)}, whose contigs have changed since"
        hint = f"give a new assembly another name; {FORCE_HINT}"
        raise DnabertSError(problem, path=earlier.folder, hint=hint)
    added = [sample for sample in now if sample not in before]
    if not added:
        problem = "exists, and the input has no sample that is not binned there"
        hint = f"earlier samples are left as they are; {FORCE_HINT}"
        raise DnabertSError(problem, path=earlier.folder, hint=hint)
    logger.info("%s: adding %s to %d samples, which are left as they are", earlier.folder, _shown(added), len(before))
    return added


def _require_same(earlier: Earlier, settings: Mapping[str, object]) -> None:
    """Raise `DnabertSError` for the first setting in which an added sample would differ from the earlier ones."""
    for name in dict.fromkeys((*settings, *earlier.settings)):
        before, now = earlier.settings.get(name), settings.get(name)
        if before != now:
            problem = f"its samples were binned with {name} {before!r}, this run has {now!r}"
            raise DnabertSError(problem, path=earlier.folder, hint=f"add a sample with the same; {FORCE_HINT}")


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """N contigs in one order: whether each is an earlier one, (N,) bool; its row there, or among the new ones."""

    is_old: np.ndarray
    old: np.ndarray
    new: np.ndarray

    def rows(self, old: np.ndarray, new: np.ndarray, *, workplace: Path) -> np.ndarray:
        """Rows of both in this order, (N, D) float32 on disk, copied block by block."""
        joined = on_disk_array(workplace, (len(self.is_old), old.shape[1]))
        for places, rows, source in (
            (np.flatnonzero(self.is_old), self.old, old),
            (np.flatnonzero(~self.is_old), self.new, new),
        ):
            for start in range(0, len(places), _BLOCK):
                part = slice(start, start + _BLOCK)
                joined[places[part]] = source[rows[part]]
        return joined


def _joined_depth(earlier: Earlier, own: BinnedContigs, *, order: _Order) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Depth of all contigs in all samples of depth, NaN where it is not known; and their names."""
    samples = tuple(dict.fromkeys((*earlier.depth_samples, *own.samples)))
    if not samples:
        return None, ()
    depth = np.full((len(order.is_old), len(samples)), np.nan, dtype=np.float32)
    parts = ((order.is_old, order.old, earlier.depth), (~order.is_old, order.new, own.depth))
    for (rows, places, values), names in zip(parts, (earlier.depth_samples, own.samples), strict=True):
        if values is not None:
            columns = np.array([samples.index(name) for name in names])
            depth[np.ix_(np.flatnonzero(rows), columns)] = values[places]
    return depth, samples


def _joined_bins(earlier: Earlier, own: BinnedContigs, *, contigs: Contigs, unit: np.ndarray) -> Bins:
    """Bins of all samples, numbered in the order of the samples."""
    separator = own.bins.separator
    assert separator is not None, "samples are binned by themselves"
    assert own.bins.samples is not None, "samples are binned by themselves"
    split = split_names(contigs.ids, separator)
    in_order = [(row.sample, row.name) for row in earlier.bins]
    in_order += zip(own.bins.samples, own.bins.names, strict=True)
    place = {sample: number for number, sample in enumerate(split.names)}
    in_order.sort(key=lambda pair: place[pair[0]])  # stable: within a sample by size, as they are
    number_of = {name: number for number, (_, name) in enumerate(in_order, start=1)}
    bin_of = dict(earlier.bin_of)
    bin_of |= {
        name: own.bins.names[number - 1]
        for name, number in zip(own.contigs.ids, own.bins.of_contigs.tolist(), strict=True)
        if number
    }
    numbers = np.array([number_of[bin_of[name]] if name in bin_of else 0 for name in contigs.ids], dtype=np.int64)
    samples, names = [sample for sample, _ in in_order], [name for _, name in in_order]
    return replace(own.bins, of_contigs=numbers, names=names, samples=samples, unit=unit)


def _joined_hits(earlier: Earlier, own: BinnedContigs, *, contigs: Contigs) -> MarkerHits | None:
    """Marker genes of all contigs."""
    if own.hits is None or earlier.hits_path is None:
        return None
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
        path = Path(folder) / "hits.tsv"
        save_hits(path, own.hits, ids=own.contigs.ids)
        own_lines = path.read_bytes().split(b"\n", 1)[1]  # without the header
        path.write_bytes(earlier.hits_path.read_bytes() + own_lines)
        return load_hits(path, own.hits.markers, ids=contigs.ids)


def _shown(samples: Sequence[str]) -> str:
    return ", ".join(samples[:_SHOWN]) + (f" and {len(samples) - _SHOWN} more" if len(samples) > _SHOWN else "")
