"""The encoder against upstream's numbers."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from dnabert_s_cli.encoders.dnabert.folder import build_transformer, read_weights
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from dnabert_s_cli.encoders.dnabert.packing import equal_length_runs, mean_per_sequence
from dnabert_s_cli.errors import DnabertSError
from tests.locations import GOLDEN

CASES = ["encoder-heads12", "encoder-heads6", "encoder-heads8-long"]


def golden_config(case: str) -> TransformerConfig:
    path = GOLDEN / case / "config.json"
    return TransformerConfig.from_json(json.loads(path.read_text()), path=str(path))


def golden_model(case: str) -> DnabertTransformer:
    path = GOLDEN / case / "model.safetensors"
    return build_transformer(golden_config(case), read_weights(path), path=path)


def run(model: DnabertTransformer, case: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states of attended tokens (T, D) and means (B, D)."""
    tensors = load_file(GOLDEN / case / "io.safetensors")
    mask = tensors["attention_mask"].bool()
    runs = equal_length_runs(mask.sum(dim=1).tolist())
    with torch.inference_mode():
        hidden = model(tensors["input_ids"][mask], runs)
    return hidden, mean_per_sequence(hidden, runs)


@pytest.mark.parametrize("case", CASES)
def test_hidden_states_equal_upstreams(case: str) -> None:
    tensors = load_file(GOLDEN / case / "io.safetensors")
    hidden, means = run(golden_model(case), case)
    expected = tensors["last_hidden_state"][tensors["attention_mask"].bool()]
    assert (hidden - expected).abs().max() < 2e-5
    assert (means - tensors["mean_embedding"]).abs().max() < 2e-5


@pytest.mark.parametrize("case", CASES)
def test_bfloat16_points_the_same_way(case: str) -> None:
    model = golden_model(case)
    slopes = model.slopes
    model.to(torch.bfloat16)
    model.slopes = slopes
    means = run(model, case)[1]
    expected = load_file(GOLDEN / case / "io.safetensors")["mean_embedding"]
    assert torch.cosine_similarity(means, expected).min() >= 0.9995


def test_published_size_has_upstreams_number_of_parameters() -> None:
    with torch.device("meta"):
        model = DnabertTransformer(TransformerConfig(4096, 768, 12, 12, 3072))
    n_pooler = 768 * 768 + 768  # upstream counts a pooler that no embedding uses
    assert sum(parameter.numel() for parameter in model.parameters()) + n_pooler == 117_068_544


def test_same_generator_gives_same_weights() -> None:
    config = golden_config("encoder-heads6")
    models = [DnabertTransformer(config) for _ in range(2)]
    for model in models:
        init_weights(model, torch.Generator().manual_seed(3))
    first, second = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_config_without_a_size_names_it_and_the_file() -> None:
    with pytest.raises(DnabertSError) as caught:
        TransformerConfig.from_json({"vocab_size": 10}, path="m/config.json")
    assert str(caught.value) == "m/config.json: 'hidden_size' should be a number, found None"


def test_config_with_a_word_for_a_size_is_refused() -> None:
    config = {**json.loads((GOLDEN / CASES[0] / "config.json").read_text()), "num_hidden_layers": "four"}
    with pytest.raises(DnabertSError, match="'num_hidden_layers' should be a number, found 'four'"):
        TransformerConfig.from_json(config, path="config.json")


def test_config_whose_heads_do_not_divide_the_hidden_size_is_refused() -> None:
    config = {**json.loads((GOLDEN / CASES[0] / "config.json").read_text()), "num_attention_heads": 7}
    with pytest.raises(DnabertSError, match="hidden_size 96 is not a multiple of num_attention_heads 7"):
        TransformerConfig.from_json(config, path="config.json")
