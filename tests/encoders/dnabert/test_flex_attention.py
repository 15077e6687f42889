"""Attention by one kernel for a whole batch; on the CPU PyTorch's uncompiled form of it, which computes the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.attention import flex_attention as torch_flex

from dnabert_s_cli.encoders.dnabert import flex_attention as flex
from dnabert_s_cli.encoders.dnabert.attention import alibi_slopes
from dnabert_s_cli.encoders.dnabert.folder import open_model_folder
from tests.reference import alibi_attention

CPU = torch.device("cpu")
BATCHES = [[9, 9, 9, 5, 1, 33, 62], [128, 256, 1, 127], [1] * 128, [700, 68], [384]]


@pytest.fixture(autouse=True)
def no_advice(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    """PyTorch advises to compile; that is done on CUDA only."""
    yield
    recwarn.clear()


def random_qkv(n_tokens: int, n_heads: int = 4) -> torch.Tensor:
    return torch.randn(n_tokens, 3, n_heads, 8, generator=torch.Generator().manual_seed(1))


def plain(qkv: torch.Tensor, lengths: Sequence[int], slopes: torch.Tensor) -> torch.Tensor:
    return torch.cat([alibi_attention(part, slopes) for part in qkv.split(list(lengths))])


@pytest.mark.parametrize("lengths", BATCHES)
def test_it_equals_plain_attention(lengths: list[int]) -> None:
    qkv, slopes = random_qkv(sum(lengths)), alibi_slopes(4)
    found = flex.flex_packed_attention(qkv, flex.flex_layout(lengths, slopes))
    assert torch.allclose(found, plain(qkv, lengths, slopes), atol=1e-5)


def test_bfloat16_is_within_three_times_the_plain_versions_error() -> None:
    lengths, slopes = BATCHES[0], alibi_slopes(4)
    exact_qkv = random_qkv(sum(lengths))
    exact, rounded = plain(exact_qkv, lengths, slopes), exact_qkv.bfloat16()
    plain_error = (plain(rounded, lengths, slopes.bfloat16()).float() - exact).abs().max()
    error = (flex.flex_packed_attention(rounded, flex.flex_layout(lengths, slopes)).float() - exact).abs().max()
    assert error <= 3 * plain_error


@pytest.mark.parametrize("lengths", BATCHES)
def test_each_pair_of_blocks_is_looked_at_as_far_as_it_must(lengths: list[int]) -> None:
    sequence_of = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    border, whole = flex.chosen_blocks(sequence_of)
    pairs = (sequence_of[:, None] == sequence_of).view(len(border), flex.BLOCK_TOKENS, -1, flex.BLOCK_TOKENS)
    assert torch.equal(border | whole, pairs.any(dim=3).any(dim=1))
    assert torch.equal(whole, pairs.all(dim=3).all(dim=1))


def test_lists_name_the_chosen_blocks_first() -> None:
    layout = flex.flex_layout([128, 200, 56, 128], alibi_slopes(4))
    mask = layout.block_mask
    assert mask.kv_num_blocks.tolist() == [[[0, 1, 2, 0]]]
    assert mask.kv_indices[0, 0, 2, :2].tolist() == [1, 2]
    assert mask.full_kv_num_blocks is not None
    assert mask.full_kv_num_blocks.tolist() == [[[1, 1, 0, 1]]]


def test_mean_vectors_are_those_of_the_plain_way(tiny_model: Path) -> None:
    backbone = open_model_folder(tiny_model, name="tiny", device=CPU, dtype=torch.float32)
    windows = [np.arange(length) % 64 for length in (40, 7, 300, 1)]
    found = flex.FlexEncoder(backbone.model, torch_flex.flex_attention).mean_vectors(windows)
    assert found is not None
    assert found.shape == (4, 24)
    assert np.abs(found - backbone.mean_vectors(windows)).max() < 1e-5


def test_a_kernel_that_fails_later_is_given_up_and_said_once(
    tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("no code for this shape")

    model = open_model_folder(tiny_model, name="tiny", device=CPU, dtype=torch.float32)
    backbone = replace(model, fast=flex.FlexEncoder(model.model, broken))
    windows = [np.arange(40)]
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(backbone.mean_vectors(windows), model.mean_vectors(windows))
        backbone.mean_vectors(windows)
    assert [record.message.count("no code for this shape") for record in caplog.records] == [1]


@pytest.mark.parametrize(("n_tokens", "n_missing"), [(1, 255), (128, 128), (256, 0), (257, 127)])
def test_batches_are_filled_up_to_two_blocks_and_more(n_tokens: int, n_missing: int) -> None:
    assert flex.padding_tokens(n_tokens) == n_missing


def test_a_kernel_that_cannot_be_compiled_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("no triton here\nand more")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: broken)
    with caplog.at_level(logging.WARNING):
        assert flex.compiled_kernel(CPU, torch.float32) is None
    assert "using plain attention, which is slower: no triton here" in caplog.text


def test_a_kernel_that_computes_something_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch, "compile", lambda *_, **__: lambda query, *_, **__: query)
    with caplog.at_level(logging.WARNING):
        assert flex.compiled_kernel(CPU, torch.float32) is None
    assert "compiled attention is off by" in caplog.text


def test_a_kernel_that_computes_the_same_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda kernel, **_: kernel)
    assert flex.compiled_kernel(CPU, torch.float32) is not None


@pytest.mark.gpu
def test_on_a_gpu_it_is_compiled_and_within_three_times_the_plain_error() -> None:
    device = torch.device("cuda")
    kernel = flex.compiled_kernel(device, torch.bfloat16)
    assert kernel is not None
    lengths, slopes = [2000, 333, 17, 4000, 50], alibi_slopes(12).to(device)
    exact_qkv = torch.randn(sum(lengths), 3, 12, 64, device=device)
    exact, rounded = plain(exact_qkv, lengths, slopes), exact_qkv.bfloat16()
    plain_error = (plain(rounded, lengths, slopes.bfloat16()).float() - exact).abs().max()
    found = flex.flex_packed_attention(rounded, flex.flex_layout(lengths, slopes, kernel=kernel))
    assert (found.float() - exact).abs().max() <= 3 * plain_error
