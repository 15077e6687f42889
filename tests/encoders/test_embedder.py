"""Windows, batches, pooling and order, with a tiny transformer behind them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.embedder import Embedder
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.encoders.windows import window_spans
from dnabert_s_cli.errors import DnabertSError
from tests.conftest import random_dna

LENGTHS = (400, 3, 1500, 400, 90, 2600, 1)


@pytest.fixture(scope="module")
def sequences() -> list[str]:
    return [random_dna(length, seed) for seed, length in enumerate(LENGTHS)]


@pytest.fixture
def several_threads() -> Iterator[None]:
    """Three threads of torch, and as many as before when the test is over."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def tiny(model: Path, **options: object) -> Embedder:
    encoder = load_encoder(model, "cpu", "float32", **options)  # type: ignore[arg-type]  # options by name
    assert isinstance(encoder, Embedder)
    return encoder


def test_rows_are_in_input_order(tiny_model: Path, sequences: list[str]) -> None:
    encoder = tiny(tiny_model, batch_tokens=300)
    together = encoder.embed(sequences)
    alone = np.concatenate([encoder.embed([sequence]) for sequence in sequences])
    assert together.dtype == np.float32
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.parametrize("batch_tokens", [1, 64, 100_000])
def test_a_row_does_not_depend_on_its_batch(tiny_model: Path, sequences: list[str], batch_tokens: int) -> None:
    reference = tiny(tiny_model, batch_tokens=700).embed(sequences)
    assert np.abs(tiny(tiny_model, batch_tokens=batch_tokens).embed(sequences) - reference).max() < 1e-5


def test_permuting_sequences_permutes_rows(tiny_model: Path, sequences: list[str]) -> None:
    encoder = tiny(tiny_model)
    order = np.random.default_rng(0).permutation(len(sequences))
    permuted = encoder.embed([sequences[index] for index in order])
    assert np.abs(permuted - encoder.embed(sequences)[order]).max() < 1e-5


def test_same_call_gives_same_bytes(tiny_model: Path, sequences: list[str]) -> None:
    first, second = (tiny(tiny_model).embed(sequences).tobytes() for _ in range(2))
    assert first == second


def test_rows_do_not_depend_on_threads(tiny_model: Path, sequences: list[str], several_threads: None) -> None:
    del several_threads
    several = tiny(tiny_model, batch_tokens=700).embed(sequences)
    torch.set_num_threads(1)
    assert tiny(tiny_model, batch_tokens=700).embed(sequences).tobytes() == several.tobytes()


def test_long_sequence_is_the_mean_of_its_windows_by_tokens(tiny_model: Path) -> None:
    dna = random_dna(1000)
    windowed = tiny(tiny_model, window_bp=300, overlap_bp=40).embed_counted([dna])
    pieces = [dna[start:end] for start, end in window_spans(1000, window_bp=300, overlap_bp=40)]
    parts = tiny(tiny_model).embed_counted(pieces)
    expected = np.average(parts.embeddings, axis=0, weights=parts.n_tokens)
    assert windowed.n_windows.tolist() == [len(pieces)]
    assert windowed.n_tokens.tolist() == [parts.n_tokens.sum()]
    assert np.abs(windowed.embeddings[0] - expected).max() < 1e-5


def test_both_strands_are_averaged_by_tokens(tiny_model: Path) -> None:
    dna = random_dna(500)
    both = tiny(tiny_model, strand="both").embed([dna, reverse_complement(dna)])
    parts = tiny(tiny_model).embed_counted([dna, reverse_complement(dna)])
    assert np.abs(both[0] - np.average(parts.embeddings, axis=0, weights=parts.n_tokens)).max() < 1e-5
    assert np.abs(both[0] - both[1]).max() < 1e-5


def test_lower_case_is_read_as_upper_case(tiny_model: Path) -> None:
    encoder = tiny(tiny_model)
    assert (encoder.embed(["acgtACGTuu"]) == encoder.embed(["ACGTACGTTT"])).all()


def test_no_sequences_give_an_empty_matrix(tiny_model: Path) -> None:
    assert tiny(tiny_model).embed([]).shape == (0, 24)


@pytest.mark.parametrize("strand", ["forward", "both"])
def test_progress_adds_up_to_all_bases(tiny_model: Path, sequences: list[str], strand: str) -> None:
    finished: list[int] = []
    encoder = tiny(tiny_model, window_bp=300, overlap_bp=50, batch_tokens=400, strand=strand)
    encoder.embed_counted(sequences, on_progress=finished.append)
    assert len(finished) > 3
    assert abs(sum(finished) - sum(LENGTHS)) <= len(finished)  # each batch may round by half a base


class _Small:
    """A backbone on a device that holds no more than `limit` tokens."""

    name, dim, fingerprint, limit = "small", 1, "0", 8
    n_at_once: int | None = None

    def tokenize(self, pieces: Sequence[str]) -> list[list[np.ndarray]]:
        return [[np.zeros(len(piece), dtype=np.int64)] for piece in pieces]

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        if sum(len(window) for window in windows) > self.limit:
            raise torch.OutOfMemoryError
        return np.array([[len(window)] for window in windows], dtype=np.float32)

    def describe(self) -> dict[str, object]:
        return {}


@pytest.mark.parametrize("n_at_once", [None, 2])
def test_out_of_memory_halves_the_batch_and_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, n_at_once: int | None
) -> None:
    monkeypatch.setattr(_Small, "n_at_once", n_at_once)
    encoder = Embedder(_Small(), batch_tokens=100)
    with caplog.at_level(logging.WARNING):
        embeddings = encoder.embed(["A" * length for length in (3, 5, 2, 8, 1, 1)])
    assert embeddings[:, 0].tolist() == [3, 5, 2, 8, 1, 1]
    assert encoder.batch_tokens <= 10
    assert "out of memory" in caplog.text


def test_cpu_out_of_memory_is_known_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(_: _Small, windows: Sequence[np.ndarray]) -> np.ndarray:
        if len(windows) > 1:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory")
        return np.array([[len(windows[0])]], dtype=np.float32)

    monkeypatch.setattr(_Small, "mean_vectors", starve)
    assert Embedder(_Small(), batch_tokens=100).embed(["AA", "A"])[:, 0].tolist() == [2, 1]


def test_other_errors_of_the_model_are_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: _Small, _windows: Sequence[np.ndarray]) -> np.ndarray:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(_Small, "mean_vectors", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        Embedder(_Small(), batch_tokens=100).embed(["AA"])


def test_window_that_cannot_fit_is_an_error_with_a_way_out() -> None:
    with pytest.raises(DnabertSError, match="a window of 9 tokens does not fit into memory") as caught:
        Embedder(_Small(), batch_tokens=100).embed(["A" * 9])
    assert caught.value.hint is not None
    assert "--window" in caught.value.hint
