"""Vectors kept from run to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.embeddings.cache import VectorCache, default_cache_folder, sequences_hash

FACTS = {"model": "a", "fingerprint": "f" * 64, "dim": 2, "window_bp": 100}
HASH = sequences_hash(["ACGT", "AC"])
VECTORS = np.arange(4, dtype=np.float32).reshape(2, 2)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "new")
    cache.save(FACTS, HASH, vectors=VECTORS)
    found = cache.load(FACTS, HASH, n_rows=2)
    assert found is not None
    np.testing.assert_array_equal(found, VECTORS)


@pytest.mark.parametrize("change", [{"fingerprint": "0" * 64}, {"window_bp": 99}, {"dtype": "bfloat16"}])
def test_another_encoder_of_that_name_finds_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    cache = VectorCache(tmp_path)
    cache.save(FACTS, HASH, vectors=VECTORS)
    assert cache.load({**FACTS, **change}, HASH, n_rows=2) is None


def test_other_sequences_find_nothing(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.save(FACTS, HASH, vectors=VECTORS)
    assert cache.load(FACTS, sequences_hash(["ACGT", "AG"]), n_rows=2) is None


def test_the_name_is_no_key(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.save(FACTS, HASH, vectors=VECTORS)
    assert cache.load({**FACTS, "model": "b", "batch_tokens": 9}, HASH, n_rows=2) is not None


def test_where_a_sequence_ends_is_part_of_the_hash() -> None:
    assert sequences_hash(["AC", "GT"]) != sequences_hash(["ACG", "T"])


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no numbers"])
def test_a_damaged_file_is_no_vectors(tmp_path: Path, content: bytes) -> None:
    cache = VectorCache(tmp_path)
    cache.save(FACTS, HASH, vectors=VECTORS)
    next(tmp_path.iterdir()).write_bytes(content)
    assert cache.load(FACTS, HASH, n_rows=2) is None


def test_vectors_of_another_number_of_records_are_none(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.save(FACTS, HASH, vectors=VECTORS)
    assert cache.load(FACTS, HASH, n_rows=3) is None


def test_without_a_folder_nothing_is_kept() -> None:
    VectorCache(None).save(FACTS, HASH, vectors=VECTORS)
    assert VectorCache(None).load(FACTS, HASH, n_rows=2) is None


def test_a_folder_that_cannot_be_made_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    VectorCache(tmp_path / "file" / "cache").save(FACTS, HASH, vectors=VECTORS)
    assert VectorCache(tmp_path / "file" / "cache").load(FACTS, HASH, n_rows=2) is None


def test_the_users_cache_is_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_folder() == tmp_path / "dnabert-s" / "vectors"
