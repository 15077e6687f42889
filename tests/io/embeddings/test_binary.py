from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.embeddings import binary as embedding_binary
from dnabert_s_cli.io.embeddings.binary import NPY_HEADER_BYTES, npy_header
from dnabert_s_cli.io.embeddings.reading import read_embeddings
from tests.io.chunks import three_chunks, write_chunks


@pytest.mark.parametrize("shape", [(0, 1), (3, 768), (10**12, 4096)])
def test_header_has_a_fixed_size_and_is_understood(shape: tuple[int, int]) -> None:
    header = npy_header(shape)
    stream = io.BytesIO(header)
    assert np.lib.format.read_magic(stream) == (1, 0)
    assert np.lib.format.read_array_header_1_0(stream) == (shape, False, np.dtype("<f4"))
    assert len(header) == NPY_HEADER_BYTES == stream.tell()


def test_npy_is_what_numpy_itself_writes(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    expected = io.BytesIO()
    np.save(expected, np.concatenate([chunk.embeddings for chunk in three_chunks()]))
    assert (tmp_path / "emb.npy").read_bytes() == expected.getvalue()


def test_npz_holds_all_columns_for_numpy(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npz", three_chunks())
    chunks = three_chunks()
    with np.load(tmp_path / "emb.npz", allow_pickle=False) as archive:
        assert archive["ids"].tolist() == [name for chunk in chunks for name in chunk.ids]
        for name in ("lengths_bp", "n_tokens", "n_windows", "embeddings"):
            assert np.array_equal(archive[name], np.concatenate([getattr(chunk, name) for chunk in chunks]))


def test_parquet_holds_all_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_chunks(tmp_path / "emb.parquet", three_chunks())
    table = parquet.read_table(tmp_path / "emb.parquet")
    assert table.column_names == ["id", "length", "tokens", "windows", "embedding"]
    assert str(table.schema.field("embedding").type) == "fixed_size_list<element: float>[3]"
    assert table["tokens"].to_pylist() == [int(n) for chunk in three_chunks() for n in chunk.n_tokens]


@pytest.mark.parametrize("suffix", [".npz", ".tsv", ".parquet"])
def test_conversion_in_small_blocks_reads_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    write_chunks(tmp_path / f"whole{suffix}", three_chunks())
    monkeypatch.setattr(embedding_binary, "BLOCK_NUMBERS", 6)
    monkeypatch.setattr(embedding_binary, "_ID_BLOCK", 4)
    write_chunks(tmp_path / f"blocks{suffix}", three_chunks())
    whole, blocks = (read_embeddings(tmp_path / f"{name}{suffix}") for name in ("whole", "blocks"))
    assert list(blocks.ids) == list(whole.ids)
    assert np.array_equal(blocks.embeddings, whole.embeddings)
