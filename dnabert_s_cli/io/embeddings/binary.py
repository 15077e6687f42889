"""Embedding tables as .npy, .npz and .parquet.

Out: finished rows, a block at a time, and their ids file -> one file whose bytes depend on nothing else.
In: file -> `EmbeddingTable`, not yet checked as a whole; a .npy stays on disk, memory-mapped.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from ...untrusted import MOST, library_reads, parse_json_object, require_room
from ..arrays import map_npy
from ..arrays import read_npz as read_arrays
from .text import iter_counts, iter_ids
from .values import BLOCK_NUMBERS, EmbeddingTable

NPY_HEADER_BYTES = 128
_ID_BLOCK = 1 << 16  # records whose ids are held at once
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the zip format's first: the bytes must not depend on the clock
_NPZ_COUNTS = ("lengths_bp", "n_tokens", "n_windows")
_PROVENANCE_KEY = b"dnabert-s"  # in the schema metadata of .parquet
_RowBlocks = Iterable[npt.NDArray[np.float32]]


def npy_header(shape: tuple[int, ...], *, descr: str = "<f4") -> bytes:
    """The 128 bytes before the numbers of a .npy file, format 1.0, as `numpy.save` writes them."""
    fields = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text = fields.ljust(NPY_HEADER_BYTES - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("ascii")


def write_npz(path: Path, *, ids_path: Path, row_blocks: _RowBlocks, shape: tuple[int, int]) -> None:
    """Arrays ids, lengths_bp, n_tokens, n_windows and embeddings, uncompressed, for `numpy.load`."""
    longest = max((len(name) for ids in iter_ids(ids_path, block=_ID_BLOCK) for name in ids), default=1)
    ids = (np.array(ids, dtype=f"<U{longest}") for ids in iter_ids(ids_path, block=_ID_BLOCK))
    n_records = shape[0]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        _write_array(archive, "ids", blocks=ids, shape=(n_records,), descr=f"<U{longest}")
        for column, name in enumerate(_NPZ_COUNTS):
            counts = (block[:, column] for block in iter_counts(ids_path, block=_ID_BLOCK))
            _write_array(archive, name, blocks=counts, shape=(n_records,), descr="<i8")
        _write_array(archive, "embeddings", blocks=row_blocks, shape=shape, descr="<f4")


def write_parquet(
    path: Path, *, ids_path: Path, row_blocks: _RowBlocks, dim: int, provenance: Mapping[str, object]
) -> None:
    """Columns id, length, tokens, windows and embedding, one row group a block; provenance in the metadata."""
    arrow = require_pyarrow(path)
    counts = ("length", "tokens", "windows")
    schema = arrow.schema(
        [
            ("id", arrow.string()),
            *((name, arrow.int64()) for name in counts),
            ("embedding", arrow.list_(arrow.float32(), dim)),
        ],
        metadata={_PROVENANCE_KEY: json.dumps(provenance, sort_keys=True)},
    )
    with arrow.parquet.ParquetWriter(path, schema) as writer:
        block = rows_in_block(dim)
        blocks = zip(iter_ids(ids_path, block=block), iter_counts(ids_path, block=block), row_blocks, strict=True)
        for ids, numbers, rows in blocks:
            embedding = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.reshape(-1)), dim)
            columns = [arrow.array(ids), *map(arrow.array, numbers.T.copy()), embedding]
            writer.write_table(arrow.table(columns, schema=schema))


def rows_in_block(dim: int) -> int:
    """How many rows are converted at a time."""
    return max(1, BLOCK_NUMBERS // dim)


def require_pyarrow(path: Path) -> ModuleType:
    """The package pyarrow, or a `DnabertSError` that says how to get it."""
    try:
        import pyarrow
        import pyarrow.parquet  # noqa: F401  loads the part that is used
    except ImportError as error:
        hint = "pip install pyarrow"
        raise DnabertSError("the .parquet format needs the package pyarrow", path=path, hint=hint) from error
    return pyarrow  # type: ignore[no-any-return]  # pyarrow ships no types


def read_npy(path: Path) -> npt.NDArray[np.float32]:
    """(N, D) float32, memory-mapped; other floats are converted, which holds them in memory.

    Raises:
        DnabertSError: no .npy, cut short, or not a matrix of floats.
    """
    return _as_matrix(map_npy(path), path)


def read_npz(path: Path) -> EmbeddingTable:
    """A table from arrays ids, lengths_bp and embeddings; errors as of `read_npy`, or an array is missing."""
    arrays = read_arrays(path, ("ids", "lengths_bp", "embeddings"))
    ids, lengths_bp, rows = arrays["ids"], arrays["lengths_bp"], arrays["embeddings"]
    if ids.dtype.kind != "U" or lengths_bp.dtype.kind not in "iu" or ids.ndim != 1 or lengths_bp.ndim != 1:
        hint = "ids must be strings, lengths_bp integers, both of one dimension"
        raise DnabertSError(f"ids are {ids.dtype}, lengths_bp {lengths_bp.dtype}", path=path, hint=hint)
    if np.any(lengths_bp > MOST):
        raise DnabertSError(f"a length of {lengths_bp.max()} is no number of bases", path=path)
    return EmbeddingTable(ids.tolist(), lengths_bp.astype(np.int64), _as_matrix(rows, path))


def read_parquet(path: Path) -> EmbeddingTable:
    """A table and its provenance, read row group by row group.

    Raises:
        DnabertSError: no .parquet, a column is missing, of another type, or has empty cells.
    """
    arrow = require_pyarrow(path)
    ids: list[str] = []
    lengths_bp: list[int] = []
    parts: list[npt.NDArray[np.float32]] = []
    with library_reads(path, problem="cannot be read as .parquet"), arrow.parquet.ParquetFile(path) as source:
        dim = _embedding_width(source.schema_arrow, path)
        described = (source.schema_arrow.metadata or {}).get(_PROVENANCE_KEY, b"{}")
        provenance = parse_json_object(described, path)
        require_room(4 * max(source.metadata.num_rows, 0) * dim, path, what="its embeddings")
        for part in _iter_row_groups(source, path):
            numbers = part["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            parts.append(numbers.reshape(part.num_rows, dim).astype(np.float32))
            ids.extend(part["id"].to_pylist())
            lengths_bp.extend(part["length"].to_pylist())
    if not all(abs(length) <= MOST for length in lengths_bp):
        raise DnabertSError(f"a length of {max(lengths_bp)} is no number of bases", path=path)
    rows = np.concatenate(parts) if parts else np.empty((0, dim), dtype=np.float32)
    return EmbeddingTable(ids, np.array(lengths_bp, dtype=np.int64), rows, provenance)


def _iter_row_groups(source: Any, path: Path) -> Iterator[Any]:
    """The Arrow tables of which a Parquet file consists, none with an empty cell."""
    for group in range(source.num_row_groups):
        part = source.read_row_group(group, columns=["id", "length", "embedding"])
        if any(column.null_count for column in part.columns):
            raise DnabertSError(f"row group {group} has empty cells", path=path)
        yield part


def _write_array(
    archive: zipfile.ZipFile,
    name: str,
    *,
    blocks: Iterable[npt.NDArray[np.generic]],
    shape: tuple[int, ...],
    descr: str,
) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", date_time=_ZIP_DATE)
    member.external_attr = 0o644 << 16
    member.create_system = 3  # Unix, wherever it is written
    with archive.open(member, "w", force_zip64=True) as stream:
        stream.write(npy_header(shape, descr=descr))
        for block in blocks:
            stream.write(block.tobytes())


def _as_matrix(rows: npt.NDArray[np.generic], path: Path) -> npt.NDArray[np.float32]:
    if rows.dtype.kind != "f" or rows.ndim != 2 or rows.shape[1] == 0:
        problem = f"expected a matrix of floats (records, numbers), found {rows.dtype} of shape {rows.shape}"
        raise DnabertSError(problem, path=path)
    return rows.astype(np.float32, copy=False)


def _embedding_width(schema: Any, path: Path) -> int:
    """D, from an Arrow schema with the columns of an embedding table."""
    import pyarrow

    found = {field.name: field.type for field in schema}
    embedding = found.get("embedding")
    if (
        not pyarrow.types.is_integer(found.get("length", pyarrow.null()))
        or not any(map(found.get("id", pyarrow.null()).equals, (pyarrow.string(), pyarrow.large_string())))
        or embedding is None
        or not pyarrow.types.is_fixed_size_list(embedding)
        or not pyarrow.types.is_floating(embedding.value_type)
    ):
        hint = "it needs id (string), length (integer) and embedding (fixed-size list of float32)"
        raise DnabertSError(f"columns are {', '.join(map(str, found))}", path=path, hint=hint)
    return int(embedding.list_size)
