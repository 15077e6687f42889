"""Composition encoders against upstream's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.composition import (
    COMPOSITIONS,
    UPSTREAM_BASES,
    composition_kernel,
    tnf,
    tnf_canonical,
    tnf_kernel,
    tnf_kernel_scrambled,
)
from dnabert_s_cli.encoders.kmer.counts import kmer_names
from tests.locations import GOLDEN


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "tnf.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def sequences(golden: dict[str, np.ndarray]) -> list[str]:
    return [str(sequence) for sequence in golden["sequences"]]


def test_tnf_equals_upstreams(golden: dict[str, np.ndarray], sequences: list[str]) -> None:
    assert kmer_names(4, UPSTREAM_BASES) == golden["column_order"].tolist()
    assert np.abs(tnf(sequences) - golden["tnf"]).max() < 1e-12


def test_scrambled_kernel_has_upstreams_distances(golden: dict[str, np.ndarray], sequences: list[str]) -> None:
    distances = pdist(tnf_kernel_scrambled(sequences))
    assert np.abs(distances - pdist(golden["tnf_kernel"])).max() < 1e-6


def test_our_kernel_is_not_the_scrambled_one(sequences: list[str]) -> None:
    assert np.abs(pdist(tnf_kernel(sequences)) - pdist(tnf_kernel_scrambled(sequences))).max() > 1e-3


def test_kernel_columns_are_orthonormal() -> None:
    kernel = composition_kernel()
    assert kernel.shape == (256, 103)
    assert np.abs(kernel.T @ kernel - np.eye(103)).max() < 1e-12


def test_kernel_forgets_which_strand_was_read(sequences: list[str]) -> None:
    forward, reverse = tnf_kernel([sequences[0], reverse_complement(sequences[0])])
    assert np.abs(forward - reverse).max() < 1e-12


def test_canonical_rows_have_unit_length(sequences: list[str]) -> None:
    assert np.abs(np.linalg.norm(tnf_canonical(sequences), axis=1) - 1).max() < 1e-12


@pytest.mark.parametrize("name", ["tnf", "tnf-c", "tnf-k"])
def test_encoder_rows_are_float32_of_its_dimension(name: str, sequences: list[str]) -> None:
    encoder = COMPOSITIONS[name]
    embeddings = encoder.embed(sequences)
    assert embeddings.dtype == np.float32
    assert embeddings.shape == (3, encoder.dim)


def test_no_sequences_give_an_empty_table() -> None:
    assert COMPOSITIONS["tnf-c"].embed([]).shape == (0, 136)


def test_sequence_shorter_than_a_4mer_is_all_zero() -> None:
    embedded = COMPOSITIONS["tnf-c"].embed_counted(["ACG"])
    assert not embedded.embeddings.any()
    assert embedded.n_tokens.tolist() == [0]


def test_fingerprints_differ() -> None:
    assert len({encoder.fingerprint for encoder in COMPOSITIONS.values()}) == len(COMPOSITIONS)
