"""The projection head."""

from __future__ import annotations

import torch

from dnabert_s_cli.training.objective.heads import NoProjection, ProjectionHead, init_head, new_head


def test_the_head_gives_unit_rows_in_float32_under_autocast() -> None:
    head = ProjectionHead(24)
    with torch.autocast("cpu", torch.bfloat16):
        projected = head(torch.randn(5, 24, generator=torch.Generator().manual_seed(0)))
    assert projected.shape == (5, 128)
    assert projected.dtype == torch.float32
    assert torch.allclose(projected.norm(dim=1), torch.ones(5), atol=1e-6)


def test_the_head_has_no_bias() -> None:
    assert [name for name, _ in ProjectionHead(24).named_parameters()] == ["hidden.weight", "output.weight"]


def test_equal_generators_make_equal_heads() -> None:
    heads = [ProjectionHead(24), ProjectionHead(24)]
    for head in heads:
        init_head(head, torch.Generator().manual_seed(7))
    assert torch.equal(heads[0].hidden.weight, heads[1].hidden.weight)
    assert torch.equal(heads[0].output.weight, heads[1].output.weight)


def test_without_a_head_embeddings_are_scaled_to_unit_length_in_float32() -> None:
    head = new_head(24, 0, generator=torch.Generator())
    embeddings = torch.randn(5, 24, generator=torch.Generator().manual_seed(0))
    assert torch.equal(head(embeddings), embeddings / embeddings.norm(dim=1, keepdim=True))
    assert head(embeddings.bfloat16()).dtype == torch.float32


def test_without_a_head_nothing_is_learned_beside_the_encoder() -> None:
    head = new_head(24, 0, generator=torch.Generator())
    assert isinstance(head, NoProjection)
    assert not head.state_dict()
