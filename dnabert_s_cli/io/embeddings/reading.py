"""Embedding tables on disk: this is where the rest of the package reads and writes them.

In: path -> by suffix .npy (with its ids file), .npz, .tsv of any compression or .parquet -> checked `EmbeddingTable`.
Out: `EmbeddingWriter` for files, `TsvStream` for standard output; both take an `EmbeddedChunk` at a time.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from ...errors import DnabertSError
from ...untrusted import read_json_object
from ..files import open_input
from .binary import read_npy, read_npz, read_parquet
from .parts import Part, Shard, part_chunks, read_part, whole_of
from .text import TsvStream, read_ids, read_tsv
from .unfinished import unfinished_path
from .values import EmbeddedChunk, EmbeddingTable, check_table
from .writer import EmbeddingWriter, chain_digest, ids_path_of, run_path_of, table_outputs

__all__ = [
    "EmbeddedChunk",
    "EmbeddingTable",
    "EmbeddingWriter",
    "Part",
    "Shard",
    "TsvStream",
    "chain_digest",
    "ids_path_of",
    "part_chunks",
    "read_embeddings",
    "read_npy",
    "read_part",
    "run_path_of",
    "table_outputs",
    "unfinished_path",
    "whole_of",
]

_TSV_SUFFIXES = (".tsv", ".tsv.gz", ".tsv.bz2", ".tsv.xz", ".tsv.zst")


def read_embeddings(path: str | Path) -> EmbeddingTable:
    """The table at `path`, checked: finite float32 rows, unique ids, positive lengths, as many of each.

    A .npy keeps its rows on disk, memory-mapped, and needs `<stem>.ids.tsv` next to it. "-" is TSV from
    standard input. Provenance comes from the run.json next to the table or from within it.

    Raises:
        DnabertSError: names the file, line and record at fault.
    """
    path = Path(path)
    name = path.name.lower()
    if str(path) == "-" or name.endswith(_TSV_SUFFIXES):
        return check_table(_with_run(read_tsv(path), path), path, ids_path=path)
    if not name.endswith((".npy", ".npz", ".parquet")):
        hint = "give a .npy, .npz, .tsv or .parquet file made by 'dnabert-s embed'"
        if name.endswith(".h5ad"):
            hint = f".h5ad is for other programs; {hint}"
        raise DnabertSError(f"not an embedding table: suffix '{path.suffix}'", path=path, hint=hint)
    open_input(path).close()  # missing, a folder, not readable: one wording for all formats
    if name.endswith(".npy"):
        return _read_npy_table(path)
    table = read_npz(path) if name.endswith(".npz") else read_parquet(path)
    return check_table(_with_run(table, path), path)


def _read_npy_table(path: Path) -> EmbeddingTable:
    ids_path = ids_path_of(path)
    rows = read_npy(path)
    if not ids_path.is_file():
        problem = f"no ids file {ids_path.name} next to it"
        hint = "copy it there too, or make it: a header 'id TAB length', then one line for each row"
        raise DnabertSError(problem, path=path, hint=hint)
    ids, lengths_bp = read_ids(ids_path)
    table = EmbeddingTable(ids, np.asarray(lengths_bp), rows)
    return check_table(_with_run(table, path), path, ids_path=ids_path)


def _with_run(table: EmbeddingTable, path: Path) -> EmbeddingTable:
    run_path = run_path_of(path, path.suffix.removeprefix("."))
    if not run_path.is_file():
        return table
    return dataclasses.replace(table, provenance=read_json_object(run_path))
