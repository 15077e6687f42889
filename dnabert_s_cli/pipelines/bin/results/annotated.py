"""`bin --h5ad`: everything that is known of each contig in one file for scanpy.

Contigs, bins, vectors and the map -> a table with a column for each fact -> .h5ad, in the output folder or elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....io.bins.stats import BinStats
from ....io.embeddings.annotated import AnnotatedTable, require_anndata, write_h5ad
from ....io.files import check_output
from ....io.outputs import OutputFiles
from ....io.provenance import repeatable_part
from ....reports.columns import MapContigs
from ..outputs import BinnedContigs

_Column = np.ndarray | Sequence[str | None]


@dataclass(frozen=True, slots=True)
class H5adFile:
    """Where the table goes: `path`, None for nowhere; `inside` is its name if it lies in the output folder."""

    path: Path | None
    inside: str | None = None

    @classmethod
    def of(cls, path: Path | None, output: Path) -> H5adFile:
        """The file that was asked for."""
        is_inside = path is not None and path.resolve().parent == output.resolve()
        return cls(path, path.name if path is not None and is_inside else None)

    @property
    def apart(self) -> Path | None:
        """The file, unless it is part of the output folder."""
        return None if self.inside else self.path

    def check(self, *, force: bool) -> None:
        """Fail now rather than after hours.

        Raises:
            DnabertSError: anndata is missing, or the file exists and `force` is false, or cannot be written.
        """
        if self.path is not None:
            require_anndata(self.path)
        if self.apart is not None:
            check_output(self.apart, force=force)

    def write(self, table: AnnotatedTable, folder: Path) -> None:
        """Write it, if it was asked for; `folder` becomes the output folder."""
        if self.path is None:
            return
        if self.inside:
            write_h5ad(folder / self.inside, table)
            return
        with OutputFiles([self.path], force=True) as files:  # looked at before the run began
            write_h5ad(files.at(self.path), table)


def annotated_contigs(
    binned: BinnedContigs,
    *,
    shown: MapContigs,
    stats: Sequence[BinStats],
    run: Mapping[str, object],
) -> AnnotatedTable:
    """The contigs with their vectors, places on the map, and facts; those of no bin lack what bins have."""
    contigs, bins = binned.contigs, binned.bins
    columns: dict[str, _Column] = {
        "length": np.asarray(contigs.lengths_bp),
        "gc": np.asarray(contigs.gc),
        "circular": np.asarray(contigs.is_circular),
    }
    if bins.separator is not None:
        columns["sample"] = [name.partition(bins.separator)[0] for name in contigs.ids]
    if binned.depth is not None:
        columns |= dict(zip(_depth_names(binned.samples), binned.depth.T, strict=True))
    columns |= _of_bins(bins.of_contigs, stats)
    return AnnotatedTable(contigs.ids, binned.embeddings, columns, shown.xy, repeatable_part(run))


def _of_bins(numbers: np.ndarray, stats: Sequence[BinStats]) -> dict[str, _Column]:
    """What is known of each contig's bin. `numbers`: (N,), 0 for none."""
    by_number = {row.number: row for row in stats}
    rows = [by_number.get(number) for number in numbers.tolist()]
    columns: dict[str, _Column] = {"bin": [row.name if row else None for row in rows]}
    for name in ("completeness", "contamination"):
        if any(getattr(row, name) is not None for row in stats):
            values = [getattr(row, name) if row else None for row in rows]
            columns[f"bin_{name}"] = np.array([np.nan if value is None else value for value in values])
    if any(row.taxon is not None for row in stats):
        columns["bin_taxon"] = [row.taxon.taxon or "unclassified" if row and row.taxon else None for row in rows]
    if any(row.species is not None for row in stats):
        columns["bin_species"] = [row.species if row else None for row in rows]
    return columns


def _depth_names(samples: Sequence[str]) -> list[str]:
    """Columns of depth; a slash, which HDF5 reads as a folder, becomes an underscore."""
    names: list[str] = []
    for sample in samples:
        name = f"depth_{sample.replace('/', '_')}"
        names.append(name if name not in names else f"{name}_{len(names) + 1}")
    return names
