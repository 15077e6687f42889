"""Vectors of k-mers from a text file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.kmer.counts import kmer_names
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.errors import DnabertSError
from tests.conftest import random_dna


def write_words(path: Path, *ks: int, dim: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    vectors = {word: rng.standard_normal(dim) for k in ks for word in kmer_names(k)}
    lines = [" ".join([word, *map(repr, map(float, vector))]) for word, vector in vectors.items()]
    path.write_text("\n".join([f"{len(vectors)} {dim}", *lines]) + "\n")
    return vectors


def test_a_vector_is_the_mean_over_the_4_mers(tmp_path: Path) -> None:
    vectors = write_words(tmp_path / "words.w2v", 3, 4, 5)
    dna = random_dna(40)
    expected = np.mean([vectors[dna[start : start + 4]] for start in range(37)], axis=0)
    found = load_encoder(f"dna2vec:{tmp_path / 'words.w2v'}").embed([dna])
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)


def test_the_only_length_of_words_is_taken(tmp_path: Path) -> None:
    write_words(tmp_path / "words.w2v", 3)
    assert load_encoder(f"dna2vec:{tmp_path / 'words.w2v'}").describe()["k"] == 3


def test_windows_with_n_do_not_count(tmp_path: Path) -> None:
    vectors = write_words(tmp_path / "words.w2v", 4)
    found = load_encoder(f"dna2vec:{tmp_path / 'words.w2v'}").embed(["NNacgtNN", "NNNN"])
    np.testing.assert_allclose(found[0], vectors["ACGT"], rtol=1e-6)
    assert not found[1].any()


def test_gzip_gives_the_same_vectors(tmp_path: Path) -> None:
    write_words(tmp_path / "words.w2v", 4)
    (tmp_path / "words.gz").write_bytes(gzip.compress((tmp_path / "words.w2v").read_bytes()))
    plain, zipped = (load_encoder(f"dna2vec:{tmp_path / name}").embed(["ACGTTG"]) for name in ("words.w2v", "words.gz"))
    np.testing.assert_array_equal(plain, zipped)


def test_both_strands_give_one_vector(tmp_path: Path) -> None:
    write_words(tmp_path / "words.w2v", 4)
    encoder = load_encoder(f"dna2vec:{tmp_path / 'words.w2v'}", strand="both")
    np.testing.assert_allclose(*encoder.embed(["AACCGTG", "CACGGTT"]), rtol=1e-6)


def test_another_file_has_another_fingerprint(tmp_path: Path) -> None:
    write_words(tmp_path / "a.w2v", 4)
    write_words(tmp_path / "b.w2v", 4, dim=2)
    first, second = (load_encoder(f"dna2vec:{tmp_path / name}").fingerprint for name in ("a.w2v", "b.w2v"))
    assert first != second


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("", "does not begin with two numbers", 1),
        ("AAAA 1 2\n", "does not begin with two numbers", 1),
        ("999999 2\n", "more than k-mers make", 1),
        ("2 2\nAAAA 1 2\n", "ends after 1 of 2 words", 2),
        ("1 2\nAAAA 1\n", "has 1 numbers", 2),
        ("1 2\nAAAA 1 x\n", "not a number", 2),
        ("1 2\nAAAA 1 nan\n", "not finite", 2),
        ("1 2\n\n", "has 0 numbers", 2),
        ("1 2\nAAAA 1 2\n", "lacks 255 of 256 words, such as AAAC", None),
        ("1 1\nAAAAAAAAA 1\n", "only words of 9 bases", None),
        ("1 1\nÄ 1\n", "is not a text file of word vectors", None),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, problem: str, line: int | None) -> None:
    path = tmp_path / "words.w2v"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DnabertSError, match=problem) as caught:
        load_encoder(f"dna2vec:{path}")
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such file"):
        load_encoder(f"dna2vec:{tmp_path / 'gone'}")
