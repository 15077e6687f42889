from __future__ import annotations

import builtins
import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.reading import EmbeddedChunk, read_embeddings
from tests.io.chunks import PROVENANCE, part_of, three_chunks, write_chunks

SUFFIXES = [".npy", ".npz", ".tsv", ".parquet"]
IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def _chunks(draw: st.DrawFn) -> EmbeddedChunk:
    ids = draw(st.lists(IDS, unique=True, max_size=6))
    dim = draw(st.integers(1, 4))
    counts = hnp.arrays(np.int64, len(ids), elements=st.integers(1, 10**15))
    rows = draw(hnp.arrays(np.float32, (len(ids), dim), elements=FLOATS))
    return EmbeddedChunk(ids, draw(counts), draw(counts), draw(counts), rows)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(chunk=_chunks(), cut=st.integers(0, 6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_what_is_read(tmp_path: Path, suffix: str, chunk: EmbeddedChunk, cut: int) -> None:
    path = tmp_path / f"emb{suffix}"
    write_chunks(
        path,
        [part_of(chunk, slice(None, cut)), part_of(chunk, slice(cut, None))],
        dim=chunk.embeddings.shape[1],
        force=True,
    )
    table = read_embeddings(path)
    assert list(table.ids) == list(chunk.ids)
    assert np.array_equal(table.lengths_bp, chunk.lengths_bp)
    assert table.embeddings.dtype == np.float32
    assert table.embeddings.shape == chunk.embeddings.shape
    assert table.embeddings.tobytes() == chunk.embeddings.tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_table_without_records_keeps_its_width(tmp_path: Path, suffix: str) -> None:
    write_chunks(tmp_path / f"emb{suffix}", [], dim=5)
    table = read_embeddings(tmp_path / f"emb{suffix}")
    assert (len(table.ids), table.lengths_bp.shape, table.embeddings.shape) == (0, (0,), (0, 5))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_provenance_comes_with_the_table(tmp_path: Path, suffix: str) -> None:
    write_chunks(tmp_path / f"emb{suffix}", three_chunks())
    provenance = dict(read_embeddings(tmp_path / f"emb{suffix}").provenance)
    provenance.pop("outputs", None)
    assert provenance == PROVENANCE


def test_npy_stays_on_disk(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    rows: Any = read_embeddings(tmp_path / "emb.npy").embeddings
    assert isinstance(rows, np.memmap)
    assert not rows.flags.writeable


def test_compressed_tsv_is_a_table(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.tsv", three_chunks())
    (tmp_path / "emb.tsv.gz").write_bytes(gzip.compress((tmp_path / "emb.tsv").read_bytes()))
    assert len(read_embeddings(tmp_path / "emb.tsv.gz").ids) == 9


def test_dash_is_tsv_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_chunks(tmp_path / "emb.tsv", three_chunks())
    stdin = io.TextIOWrapper(io.BytesIO((tmp_path / "emb.tsv").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert len(read_embeddings("-").ids) == 9


def test_float64_matrix_of_another_tool_becomes_float32(tmp_path: Path) -> None:
    _write_npy(tmp_path, np.array([[0.5, 1.5]]))
    assert read_embeddings(tmp_path / "emb.npy").embeddings.dtype == np.float32


def test_npy_without_ids_file_is_an_error_with_hint(tmp_path: Path) -> None:
    np.save(tmp_path / "emb.npy", np.ones((2, 2), dtype=np.float32))
    with pytest.raises(DnabertSError, match=r"no ids file emb\.ids\.tsv") as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert caught.value.path == str(tmp_path / "emb.npy")
    assert "id TAB length" in str(caught.value.hint)


def test_npy_with_ids_of_another_run_is_an_error(tmp_path: Path) -> None:
    _write_npy(tmp_path, np.ones((2, 3), dtype=np.float32))
    with pytest.raises(DnabertSError, match="holds 2 rows, but there are 1 ids") as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert caught.value.path == str(tmp_path / "emb.npy")


def test_duplicate_id_beside_npy_names_the_ids_file(tmp_path: Path) -> None:
    _write_npy(tmp_path, np.ones((2, 3), dtype=np.float32), ids="a\t5\na\t5\n")
    with pytest.raises(DnabertSError, match="first in line 2") as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "emb.ids.tsv"), 3)


@pytest.mark.parametrize("rows", [np.ones((1, 2), dtype=np.int64), np.ones(1), np.ones((1, 2, 3)), np.ones((1, 0))])
def test_matrix_of_another_kind_is_an_error(tmp_path: Path, rows: npt.NDArray[Any]) -> None:
    _write_npy(tmp_path, rows)
    with pytest.raises(DnabertSError, match="expected a matrix of floats") as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert caught.value.path == str(tmp_path / "emb.npy")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00v\x00{"])
def test_file_of_another_kind_is_an_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"emb{suffix}"
    path.write_bytes(content)
    with pytest.raises(DnabertSError, match=r"cannot be read|asks for") as caught:
        read_embeddings(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_truncated_table_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"emb{suffix}"
    write_chunks(path, three_chunks())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DnabertSError, match=r"cannot be read|asks for") as caught:
        read_embeddings(path)
    assert caught.value.path == str(path)


def test_pickled_ids_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "emb.npz"
    ids = np.array(["a", None], dtype=object)
    np.savez(path, ids=ids, lengths_bp=np.array([1, 2]), embeddings=np.ones((2, 2), dtype=np.float32))
    with pytest.raises(DnabertSError, match="holds no plain array"):
        read_embeddings(path)


def test_npz_without_ids_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "emb.npz"
    np.savez(path, lengths_bp=np.array([1]), embeddings=np.ones((1, 2), dtype=np.float32))
    with pytest.raises(DnabertSError, match="lacks an array: ids") as caught:
        read_embeddings(path)
    assert caught.value.path == str(path)


def test_npz_with_lengths_as_floats_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "emb.npz"
    np.savez(path, ids=np.array(["a"]), lengths_bp=np.array([1.5]), embeddings=np.ones((1, 2), dtype=np.float32))
    with pytest.raises(DnabertSError, match="lengths_bp float64") as caught:
        read_embeddings(path)
    assert caught.value.path == str(path)


def test_npz_under_the_name_of_npy_is_an_error(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npz", three_chunks())
    (tmp_path / "emb.npz").rename(tmp_path / "emb.npy")
    with pytest.raises(DnabertSError, match=r"\.npz archive under another name") as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert caught.value.path == str(tmp_path / "emb.npy")


def test_unknown_suffix_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match=r"suffix '\.txt'") as caught:
        read_embeddings(tmp_path / "emb.txt")
    assert caught.value.path == str(tmp_path / "emb.txt")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_table_is_an_error(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DnabertSError, match="no such file") as caught:
        read_embeddings(tmp_path / f"emb{suffix}")
    assert caught.value.path == str(tmp_path / f"emb{suffix}")


@pytest.mark.parametrize(("text", "problem"), [("{", "not valid JSON"), ("[1]", "does not hold a JSON object")])
def test_damaged_run_json_is_an_error(tmp_path: Path, text: str, problem: str) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    (tmp_path / "emb.run.json").write_text(text)
    with pytest.raises(DnabertSError, match=problem) as caught:
        read_embeddings(tmp_path / "emb.npy")
    assert caught.value.path == str(tmp_path / "emb.run.json")


def test_parquet_alone_tells_what_can_be_repeated_of_its_provenance(tmp_path: Path) -> None:
    path = tmp_path / "emb.parquet"
    write_chunks(path, three_chunks())
    (tmp_path / "emb.parquet.run.json").unlink()
    assert read_embeddings(path).provenance == {"command": "embed", "seed": 0}


def test_parquet_with_other_columns_is_an_error(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "emb.parquet"
    parquet.write_table(sys.modules["pyarrow"].table({"id": ["a"], "length": [5]}), path)
    with pytest.raises(DnabertSError, match="columns are id, length") as caught:
        read_embeddings(path)
    assert caught.value.path == str(path)


def test_parquet_with_an_empty_cell_is_an_error(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    path = tmp_path / "emb.parquet"
    rows = arrow.array([[1.0], None], type=arrow.list_(arrow.float32(), 1))
    pytest.importorskip("pyarrow.parquet").write_table(
        arrow.table({"id": ["a", "b"], "length": [5, 6], "embedding": rows}), path
    )
    with pytest.raises(DnabertSError, match=r"empty cells|to be of size=1") as caught:  # pyarrow 15 says it
        read_embeddings(path)
    assert caught.value.path == str(path)


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_pyarrow(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(DnabertSError, match="needs the package pyarrow") as caught:
        write_chunks(tmp_path / "emb.parquet", three_chunks())
    assert caught.value.hint == "pip install pyarrow"
    assert list(tmp_path.iterdir()) == []


def _write_npy(folder: Path, rows: npt.NDArray[Any], *, ids: str = "a\t5\n") -> None:
    np.save(folder / "emb.npy", rows)
    (folder / "emb.ids.tsv").write_text("id\tlength\n" + ids)
    (folder / "emb.run.json").write_text(json.dumps({}))
