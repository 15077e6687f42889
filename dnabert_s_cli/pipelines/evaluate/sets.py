"""The sets that models are evaluated on: found in upstream's folders, or named one by one.

A folder, or paths -> `SetSource`s, which say what to read and where to cut -> `EvaluationSet`s, read one at a time:
sequences with their species. A TSV of `sequence` and `bin_id`, or sequences of any format with a file of labels.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ... import defaults
from ...errors import DnabertSError
from ...io.files import sha256_file
from ...io.labels.evaluation_sets import LabelledSequences, read_labelled
from ...io.labels.reading import read_labels
from ...io.sequences import read_sequences

logger = logging.getLogger(__name__)

_SYNTHETIC_FOLDER = "reference"  # upstream's; its sequences are pieces of 10 kb
_TSV = re.compile(r"(clustering|binning)_(\d+)\.tsv(\.(gz|bz2|xz|zst))?")
_CONTIGS = re.compile(r"contigs\.(fa|fasta|fna)(\.(gz|bz2|xz|zst))?")
_GOLD = re.compile(r"gold(\.biobox)?\.tsv(\.(gz|bz2|xz|zst))?")
_SUFFIXES = re.compile(r"(\.(tsv|txt|fa|fasta|fna|fq|fastq))?(\.(gz|bz2|xz|zst))?$")


@dataclass(frozen=True, slots=True)
class SetSource:
    """Where a set is.

    Args:
        labels_path: TSV of record and species, where `path` holds sequences alone.
        cut_bp: sequences are cut to this length.
        threshold_set: labelled sequences from which the published binning takes its threshold.
    """

    name: str
    path: Path
    labels_path: Path | None = None
    cut_bp: int = defaults.EVALUATED_BP
    threshold_set: SetSource | None = None

    def files(self) -> list[Path]:
        """Every file that is read."""
        own = [self.path] if self.labels_path is None else [self.path, self.labels_path]
        return own if self.threshold_set is None else [*own, *self.threshold_set.files()]


@dataclass(frozen=True, slots=True)
class FoundSets:
    """Sets for clustering and classification, and sets for binning."""

    labelled: tuple[SetSource, ...] = ()
    binning: tuple[SetSource, ...] = ()

    @property
    def every(self) -> tuple[SetSource, ...]:
        """All of them."""
        return (*self.labelled, *self.binning)


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """N sequences, cut, and the species of each."""

    name: str
    sequences: tuple[str, ...]
    labels: tuple[str, ...]


def find_sets(folder: Path, *, cut_bp: int | None) -> FoundSets:
    """All sets in a folder and its subfolders, in the order of names and numbers.

    A folder holds `clustering_N.tsv` and `binning_N.tsv`, or `contigs.fa` with `gold.biobox.tsv` or `gold.tsv`, each
    plain or compressed. The first clustering set gives the published threshold for the binning sets of its folder.

    Args:
        cut_bp: where sequences are cut; None for upstream's: 20 kb, and for clustering and classification in a
            folder `reference` 10 kb.

    Raises:
        DnabertSError: no such folder, or no set in it.
    """
    if not folder.is_dir():
        raise DnabertSError("no such folder", path=folder, hint="give the folder that holds the evaluation sets")
    labelled: list[SetSource] = []
    binning: list[SetSource] = []
    for one in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]:
        prefix = "" if one == folder else f"{one.name}/"
        synthetic = one.resolve().name == _SYNTHETIC_FOLDER
        cut = cut_bp or (defaults.EVALUATED_SYNTHETIC_BP if synthetic else defaults.EVALUATED_BP)
        own = [SetSource(f"{prefix}{name}", path, None, cut) for name, path in _numbered(one, "clustering")]
        labelled += own
        bins = [SetSource(f"{prefix}{name}", path) for name, path in _numbered(one, "binning")]
        golds = zip(_matching(one, _CONTIGS), _matching(one, _GOLD), strict=False)
        bins += [SetSource(f"{prefix}contigs", path, gold) for path, gold in golds]
        cut = cut_bp or defaults.EVALUATED_BP
        first = replace(own[0], cut_bp=cut) if own else None
        binning += [replace(source, cut_bp=cut, threshold_set=first) for source in bins]
    if not labelled and not binning:
        hint = "it should hold clustering_0.tsv, binning_5.tsv and so on, or folders with these"
        raise DnabertSError("holds no evaluation set", path=folder, hint=hint)
    return FoundSets(tuple(labelled), tuple(binning))


def named_sets(paths: Sequence[Path], *, labels_path: Path | None, cut_bp: int | None) -> tuple[SetSource, ...]:
    """A set for each path, named after its file, with the folder's name before it where two are called alike."""
    short = [_SUFFIXES.sub("", path.name) for path in paths]
    long = [f"{path.resolve().parent.name}/{name}" for path, name in zip(paths, short, strict=True)]
    names = [name if short.count(name) == 1 else more for name, more in zip(short, long, strict=True)]
    cut = cut_bp or defaults.EVALUATED_BP
    return tuple(SetSource(name, path, labels_path, cut) for name, path in zip(names, paths, strict=True))


def with_threshold_set(sources: Sequence[SetSource], path: Path | None) -> tuple[SetSource, ...]:
    """The same binning sets, with `path` (if there is one) as the labelled set that gives the threshold."""
    if path is None:
        return tuple(sources)
    return tuple(
        replace(one, threshold_set=SetSource(_SUFFIXES.sub("", path.name), path, None, one.cut_bp)) for one in sources
    )


def read_set(source: SetSource) -> EvaluationSet:
    """Sequences and species of a set, each sequence cut.

    Raises:
        DnabertSError: a file that cannot be read, or no sequence with a label.
    """
    labelled = read_labelled(source.path) if source.labels_path is None else _join(source.path, source.labels_path)
    cut = tuple(sequence[: source.cut_bp] for sequence in labelled.sequences)
    return EvaluationSet(source.name, cut, labelled.labels)


def set_facts(source: SetSource, read: EvaluationSet) -> dict[str, object]:
    """What provenance says of a set."""
    facts: dict[str, object] = {
        "set": source.name,
        "path": str(source.path),
        "sha256": sha256_file(source.path),
        "n_records": len(read.sequences),
        "n_species": len(set(read.labels)),
        "total_bp": sum(map(len, read.sequences)),
        "cut_bp": source.cut_bp,
    }
    if source.labels_path is not None:
        facts |= {"labels_path": str(source.labels_path), "labels_sha256": sha256_file(source.labels_path)}
    return facts


def _numbered(folder: Path, kind: str) -> Iterator[tuple[str, Path]]:
    """Name and path of the sets of one kind, by number."""
    found = [(match, path) for path in sorted(folder.iterdir()) if (match := _TSV.fullmatch(path.name))]
    for match, path in sorted(found, key=lambda pair: int(pair[0][2])):
        if match[1] == kind:
            yield f"{kind}_{match[2]}", path


def _matching(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    """The first file of that name, if there is one."""
    return [path for path in sorted(folder.iterdir()) if pattern.fullmatch(path.name)][:1]


def _join(path: Path, labels_path: Path) -> LabelledSequences:
    """Records that have a label, by name."""
    label_of = read_labels(labels_path)
    records = list(read_sequences([path]))
    kept = [record for record in records if record.id in label_of]
    if not kept:
        hint = "labels are joined by the first word of each header"
        raise DnabertSError("has none of the sequences", path=labels_path, hint=hint)
    if len(kept) < len(records):
        logger.warning("%s: %d of %d sequences have no label", path, len(records) - len(kept), len(records))
    return LabelledSequences(tuple(record.sequence for record in kept), tuple(label_of[record.id] for record in kept))
