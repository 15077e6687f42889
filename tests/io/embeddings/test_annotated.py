"""Tables as .h5ad."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.annotated import AnnotatedTable, write_h5ad
from dnabert_s_cli.io.embeddings.reading import read_embeddings
from tests.io.chunks import three_chunks, write_chunks

anndata = pytest.importorskip("anndata")


def test_a_table_comes_with_its_counts_and_provenance(tmp_path: Path) -> None:
    for name in ("emb.npy", "emb.h5ad"):
        write_chunks(tmp_path / name, three_chunks())
    expected, found = read_embeddings(tmp_path / "emb.npy"), anndata.read_h5ad(tmp_path / "emb.h5ad")
    assert found.obs_names.tolist() == list(expected.ids)
    assert found.obs["length"].tolist() == expected.lengths_bp.tolist()
    assert list(found.obs.columns) == ["length", "tokens", "windows"]
    assert found.X.dtype == np.float32
    np.testing.assert_array_equal(found.X, expected.embeddings)
    assert found.var_names.tolist() == [f"e{column}" for column in range(expected.embeddings.shape[1])]
    assert "command" in json.loads(found.uns["dnabert_s"])


def test_an_empty_table_can_be_written(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.h5ad", [])
    assert anndata.read_h5ad(tmp_path / "emb.h5ad").shape == (0, 3)


def test_texts_are_categories_that_may_be_missing(tmp_path: Path) -> None:
    columns = {
        "bin": ["b2", None, "b1"],
        "gc": np.array([0.5, np.nan, 0.25]),
        "circular": np.array([True, False, True]),
    }
    table = AnnotatedTable(["a", "b", "c"], np.eye(3, dtype=np.float32), columns, xy=np.arange(6.0).reshape(3, 2))
    write_h5ad(tmp_path / "one.h5ad", table)
    found = anndata.read_h5ad(tmp_path / "one.h5ad")
    assert found.obs["bin"].tolist()[::2] == ["b2", "b1"]
    assert found.obs["bin"].isna().tolist() == [False, True, False]
    assert found.obs["circular"].dtype == np.bool_
    assert found.obsm["X_map"].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_name_that_hdf5_cannot_hold_is_an_error(tmp_path: Path) -> None:
    table = AnnotatedTable(["a", "b\udce9"], np.ones((2, 1), np.float32), {})
    with pytest.raises(DnabertSError, match="not UTF-8") as caught:
        write_h5ad(tmp_path / "one.h5ad", table)
    assert caught.value.record == "b\udce9"


def test_without_anndata_an_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(DnabertSError, match="needs the package anndata") as caught:
        write_chunks(tmp_path / "emb.h5ad", three_chunks())
    assert caught.value.hint == "pip install anndata"
    assert list(tmp_path.iterdir()) == []


def test_it_is_not_read_back(tmp_path: Path) -> None:
    (tmp_path / "emb.h5ad").write_bytes(b"")
    with pytest.raises(DnabertSError, match="not an embedding table") as caught:
        read_embeddings(tmp_path / "emb.h5ad")
    assert "for other programs" in str(caught.value.hint)
