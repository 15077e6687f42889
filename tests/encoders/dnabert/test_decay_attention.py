"""Attention in bfloat16 by decayed products against attention with every score written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dnabert_s_cli.encoders.dnabert import decay_attention
from dnabert_s_cli.encoders.dnabert import folder as model_folder
from dnabert_s_cli.encoders.dnabert.attention import alibi_slopes, biased_runs, packed_attention
from dnabert_s_cli.encoders.dnabert.decay_attention import DecayEncoder, decay_layout, decayed_attention
from dnabert_s_cli.encoders.dnabert.folder import open_model_folder
from dnabert_s_cli.encoders.dnabert.packing import equal_length_runs
from tests.reference import alibi_attention

CPU = torch.device("cpu")
N_HEADS, WIDTH = 6, 8
BATCHES = [[1], [33, 33, 30, 30, 7, 1], [512, 300, 299], [1100, 1100, 1090], [2500]]


def random_qkv(n_tokens: int, spread: float = 1.0) -> torch.Tensor:
    qkv = torch.randn(n_tokens, 3, N_HEADS, WIDTH, generator=torch.Generator().manual_seed(1))
    qkv[:, :2] *= spread
    return qkv


def plain(qkv: torch.Tensor, lengths: Sequence[int], slopes: torch.Tensor) -> torch.Tensor:
    return torch.cat([alibi_attention(part, slopes) for part in qkv.split(list(lengths))])


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("lengths", BATCHES)
def test_it_is_within_three_times_the_plain_versions_error(lengths: list[int], spread: float) -> None:
    slopes, exact_qkv = alibi_slopes(N_HEADS), random_qkv(sum(lengths), spread)
    exact, rounded = plain(exact_qkv, lengths, slopes), exact_qkv.bfloat16()
    plain_error = (plain(rounded, lengths, slopes.bfloat16()).float() - exact).norm()
    error = (decayed_attention(rounded, decay_layout(lengths, slopes)).float() - exact).norm()
    assert error <= 3 * plain_error


def test_keys_that_are_skipped_change_next_to_nothing() -> None:
    slopes, qkv = alibi_slopes(N_HEADS), random_qkv(2500).bfloat16()
    found = decayed_attention(qkv, decay_layout([2500], slopes))
    of_all_keys = decayed_attention(qkv, decay_layout([2500], slopes, skips_keys=False))
    assert (found - of_all_keys).norm() < 1e-3 * of_all_keys.norm()


def test_keys_out_of_reach_weigh_less_than_the_limit() -> None:
    slopes, qkv = alibi_slopes(N_HEADS), random_qkv(2500)
    query, key, _ = qkv[None].permute(2, 0, 3, 1, 4)
    query = query / WIDTH**0.5
    reaches = decay_attention.key_reaches(query, key, slopes=slopes)[0]
    distance = (torch.arange(2500)[:, None] - torch.arange(2500)).abs()
    weights = torch.softmax((query @ key.mT)[0] - slopes[:, None, None] * distance, dim=-1)
    skipped = [
        float(weights[head].masked_fill(distance <= reach, 0).sum(1).max()) for head, reach in enumerate(reaches)
    ]
    assert min(reaches) < 2500, "some head skips something"
    assert max(skipped) < 2**-13


def test_scores_beyond_the_range_of_exp_go_the_plain_way() -> None:
    slopes, lengths = alibi_slopes(N_HEADS), [40, 40, 12]
    qkv = random_qkv(92)
    qkv[:80, :2] *= 30
    found = decayed_attention(qkv.bfloat16(), decay_layout(lengths, slopes))
    runs = biased_runs(equal_length_runs([40, 40]), slopes, dtype=torch.bfloat16)
    assert torch.equal(found[:80], packed_attention(qkv[:80].bfloat16(), runs))


@pytest.mark.parametrize("neighbours", [[40], [45], [300, 40]])
def test_a_sequence_is_not_changed_by_its_neighbours(neighbours: list[int]) -> None:
    slopes, own = alibi_slopes(N_HEADS), random_qkv(44).bfloat16()
    others = torch.randn(sum(neighbours), 3, N_HEADS, WIDTH, generator=torch.Generator().manual_seed(2)).bfloat16()
    alone = decayed_attention(own, decay_layout([44], slopes))
    together = decayed_attention(torch.cat([others, own]), decay_layout([*neighbours, 44], slopes))
    assert torch.equal(together[-44:], alone)


def test_sequences_of_nearly_one_length_are_bundled() -> None:
    layout = decay_layout([600, 590, 48, 40, 33, 32], alibi_slopes(N_HEADS))
    assert [bundle.lengths for bundle in layout.bundles] == [(600, 590), (48, 40, 33), (32,)]


def test_mean_vectors_are_those_of_the_plain_way(tiny_model: Path) -> None:
    backbone = open_model_folder(tiny_model, name="tiny", device=CPU, dtype=torch.bfloat16)
    windows = [np.arange(length) % 64 for length in (600, 300, 290, 40, 7, 1)]
    found = DecayEncoder(backbone.model).mean_vectors(windows)
    exact = open_model_folder(tiny_model, name="tiny", device=CPU, dtype=torch.float32).mean_vectors(windows)
    plain_error = np.linalg.norm(replace(backbone, fast=None).mean_vectors(windows) - exact)
    assert np.linalg.norm(found - exact) <= 3 * plain_error


@pytest.mark.parametrize(
    ("dtype", "computes", "is_taken"),
    [(torch.bfloat16, True, True), (torch.bfloat16, False, False), (torch.float32, True, False)],
)
def test_it_is_taken_where_the_processor_computes_in_bfloat16(
    dtype: torch.dtype, computes: bool, is_taken: bool, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_folder, "computes_bfloat16", lambda _: computes)
    backbone = open_model_folder(tiny_model, name="tiny", device=CPU, dtype=dtype)
    assert isinstance(backbone.fast, DecayEncoder) == is_taken
