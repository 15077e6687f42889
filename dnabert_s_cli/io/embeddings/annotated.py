"""Embeddings with what is known of each record as .h5ad, the format of AnnData, for scanpy and its relatives.

Rows, columns of facts, places on a map and provenance -> one HDF5 file whose bytes depend on nothing else.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from .text import ENCODING, iter_counts, iter_ids, iter_uncertainty

SUFFIX = ".h5ad"
INSTALL_HINT = "pip install anndata"
PROVENANCE_KEY = "dnabert_s"  # in uns, as JSON
MAP_KEY = "X_map"  # in obsm; scanpy draws it as basis "map"
_COUNTS = ("length", "tokens", "windows")
_BLOCK = 1 << 16  # records


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedTable:
    """N records with their vectors.

    Attributes:
        ids: N names.
        embeddings: (N, D) float32; may be on disk.
        columns: by name, N values each: numbers, truth values, or texts, None where there is none.
        xy: (N, 2) places on a map; None where none was drawn.
        provenance: what is in run.json.
    """

    ids: Sequence[str]
    embeddings: npt.NDArray[np.float32]
    columns: Mapping[str, npt.NDArray[np.generic] | Sequence[str | None]]
    xy: npt.NDArray[np.floating] | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)


def require_anndata(path: Path) -> ModuleType:
    """The package anndata, or a `DnabertSError` that says how to get it."""
    try:
        import anndata
    except ImportError as error:
        problem = "the .h5ad format needs the package anndata"
        raise DnabertSError(problem, path=path, hint=INSTALL_HINT) from error
    return anndata  # type: ignore[no-any-return]  # seen as untyped where it is absent


def write_h5ad(path: Path, table: AnnotatedTable) -> None:
    """Write `table` as .h5ad: X, obs, var (e0, e1, ...), obsm and uns.

    Raises:
        DnabertSError: anndata is missing, or a name is not UTF-8, which HDF5 cannot hold.
    """
    anndata = require_anndata(path)
    _check_names(table.ids, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about how a library of its own is called
        made = anndata.AnnData(
            X=np.asarray(table.embeddings),  # as it is: a memory map is no plain array to anndata
            obs=_frame(table),
            var=_pandas().DataFrame(index=[f"e{column}" for column in range(table.embeddings.shape[1])]),
            uns={PROVENANCE_KEY: json.dumps(table.provenance, sort_keys=True)},
        )
        if table.xy is not None:
            made.obsm[MAP_KEY] = np.asarray(table.xy, dtype=np.float32)
        made.write_h5ad(path)


def write_table_as_h5ad(path: Path, *, ids_path: Path, rows_path: Path, provenance: Mapping[str, object]) -> None:
    """Join the finished rows of a table, a .npy, and its ids file into one .h5ad; errors as of `write_h5ad`."""
    ids = [name for names in iter_ids(ids_path, block=_BLOCK) for name in names]
    counts = np.concatenate([np.empty((0, len(_COUNTS)), np.int64), *iter_counts(ids_path, block=_BLOCK)])
    columns: dict[str, npt.NDArray[np.generic]] = dict(zip(_COUNTS, counts.T.copy(), strict=True))
    stated = [one for one in iter_uncertainty(ids_path, block=_BLOCK) if one is not None]
    if stated:
        columns["uncertainty"] = np.concatenate(stated)
    rows = np.load(rows_path, mmap_mode="r" if ids else None)
    write_h5ad(path, AnnotatedTable(ids, rows, columns, provenance=provenance))


def _pandas() -> ModuleType:
    """Pandas, which comes with anndata."""
    import pandas

    return pandas  # type: ignore[no-any-return]  # it ships no types of its own


def _frame(table: AnnotatedTable) -> object:
    """The columns as a data frame; texts become categories."""
    pandas = _pandas()
    columns = {
        name: values if isinstance(values, np.ndarray) else pandas.Categorical(values)
        for name, values in table.columns.items()
    }
    return pandas.DataFrame(columns, index=pandas.Index(list(table.ids), dtype=object))


def _check_names(ids: Sequence[str], path: Path) -> None:
    for name in ids:
        try:
            name.encode(ENCODING)
        except UnicodeEncodeError as error:
            hint = "rename the record, or choose another format"
            raise DnabertSError(
                "its name is not UTF-8, as .h5ad needs it", path=path, record=name, hint=hint
            ) from error
