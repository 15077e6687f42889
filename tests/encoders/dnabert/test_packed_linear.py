"""Linear layers whose weights are laid out once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from dnabert_s_cli.encoders.dnabert.packed_linear import PackedLinear, pack_linear_layers


def two_layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 40), nn.GELU(), nn.Sequential(nn.Linear(40, 8, bias=False))).bfloat16()


@pytest.mark.parametrize("n_rows", [1, 50, 300])
def test_the_numbers_stay_the_same(n_rows: int) -> None:
    model, packed = two_layers(), two_layers()
    inputs = torch.randn(n_rows, 24).bfloat16()
    pack_linear_layers(packed)
    with torch.inference_mode():
        assert torch.equal(packed(inputs), model(inputs))


def test_layers_at_every_depth_are_packed() -> None:
    model = two_layers()
    if pack_linear_layers(model):
        assert isinstance(model[2][0], PackedLinear)
    assert pack_linear_layers(model) is False, "none is left, or it does not work here"


def test_without_the_operators_layers_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace())
    model = two_layers()
    assert pack_linear_layers(model) is False
    assert isinstance(model[0], nn.Linear)


def test_operators_that_give_other_numbers_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SimpleNamespace(
        _reorder_linear_weight=lambda weight: weight, _linear_pointwise=lambda inputs, weight, *_: inputs @ weight.T
    )
    monkeypatch.setattr(torch.ops, "mkldnn", wrong)
    assert pack_linear_layers(two_layers()) is False
