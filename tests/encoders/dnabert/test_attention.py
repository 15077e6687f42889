"""ALiBi attention over packed batches against the plain version."""

from __future__ import annotations

import pytest
import torch

from dnabert_s_cli.encoders.dnabert.attention import _sliced_runs, alibi_slopes, biased_runs, packed_attention
from dnabert_s_cli.encoders.dnabert.packing import equal_length_runs
from tests.reference import alibi_attention

LENGTHS = [9, 9, 9, 5, 1, 33]


def random_qkv(n_tokens: int, n_heads: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(n_tokens, 3, n_heads, 8, generator=torch.Generator().manual_seed(1)).to(dtype)


def plain(qkv: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    return torch.cat([alibi_attention(part, slopes) for part in qkv.split(LENGTHS)])


def test_slopes_of_a_power_of_two() -> None:
    assert alibi_slopes(4).tolist() == [2**-2, 2**-4, 2**-6, 2**-8]


def test_slopes_of_other_head_counts_add_every_second_finer_slope() -> None:
    assert alibi_slopes(6).tolist() == [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]


@pytest.mark.parametrize("n_heads", [4, 6])
def test_packed_attention_equals_plain(n_heads: int) -> None:
    qkv, slopes = random_qkv(sum(LENGTHS), n_heads), alibi_slopes(n_heads)
    packed = packed_attention(qkv, biased_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.float32))
    assert torch.allclose(packed, plain(qkv, slopes), atol=1e-6)


def test_attention_with_the_bias_matrix_of_cuda_equals_plain() -> None:
    qkv, slopes = random_qkv(sum(LENGTHS), 4), alibi_slopes(4)
    biased = _sliced_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.float32)
    assert torch.allclose(packed_attention(qkv, biased), plain(qkv, slopes), atol=1e-6)


def test_bfloat16_is_within_three_times_the_plain_versions_error() -> None:
    exact_qkv, slopes = random_qkv(sum(LENGTHS), 4), alibi_slopes(4)
    exact = plain(exact_qkv, slopes)
    rounded = exact_qkv.bfloat16()
    runs = biased_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.bfloat16)
    plain_error = (plain(rounded, slopes.bfloat16()).float() - exact).abs().max()
    error = (packed_attention(rounded, runs).float() - exact).abs().max()
    assert error <= 3 * plain_error


def test_all_lengths_share_one_bias_matrix_with_aligned_rows() -> None:
    biased = _sliced_runs(equal_length_runs(LENGTHS), alibi_slopes(4), dtype=torch.float32)
    assert len({one.bias.data_ptr() for one in biased}) == 1
    assert all(one.bias.stride(2) % 16 == 0 for one in biased)


def test_autocast_does_not_round_the_bias() -> None:
    qkv, slopes = random_qkv(sum(LENGTHS), 4).bfloat16(), alibi_slopes(4)
    runs = biased_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = packed_attention(qkv, runs)
    assert torch.equal(under_autocast, packed_attention(qkv, runs))


def test_a_sequence_is_not_changed_by_its_neighbours() -> None:
    qkv, slopes = random_qkv(sum(LENGTHS), 4), alibi_slopes(4)
    together = packed_attention(qkv, biased_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.float32))
    alone = packed_attention(qkv[-33:], biased_runs(equal_length_runs([33]), slopes, dtype=torch.float32))
    assert torch.allclose(together[-33:], alone, atol=1e-6)


def test_gradients_equal_plain() -> None:
    slopes = alibi_slopes(4)
    first = random_qkv(sum(LENGTHS), 4).requires_grad_()
    second = first.detach().clone().requires_grad_()
    packed_attention(
        first, biased_runs(equal_length_runs(LENGTHS), slopes, dtype=torch.float32)
    ).square().sum().backward()
    plain(second, slopes).square().sum().backward()
    assert first.grad is not None
    assert second.grad is not None
    assert torch.allclose(first.grad, second.grad, atol=1e-5)
