"""stock.py on small random models that transformers itself has saved."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.utils import logging as transformers_logging

from dnabert_s_cli.encoders.stock import similar_lengths
from dnabert_s_cli.errors import DnabertSError
from tests.hub_server import HubServer
from tests.stock_models import backbone, dna, load, plain, plain_mean, spaced_kmers


def test_kmer_model_gets_overlapping_kmers(dnabert: Path) -> None:
    sequences = [dna(length, seed=length) for length in (20, 5, 31, 3, 12)]
    expected = np.stack([plain_mean(dnabert, spaced_kmers(sequence)) for sequence in sequences])
    np.testing.assert_allclose(load(dnabert).embed(sequences), expected, atol=1e-5)


def test_other_models_get_plain_dna(nucleotide_transformer: Path) -> None:
    sequences = [dna(length, seed=length) for length in (20, 5, 41, 3, 12)]
    expected = np.stack([plain_mean(nucleotide_transformer, sequence) for sequence in sequences])
    np.testing.assert_allclose(load(nucleotide_transformer).embed(sequences), expected, atol=1e-5)


def test_long_sequence_is_the_mean_of_its_windows_weighted_by_tokens(stock_folder: Path) -> None:
    encoder = load(stock_folder)
    embedded = encoder.embed_counted([dna(211)])
    windows = backbone(encoder).tokenize([dna(211)])[0]
    _, model = plain(stock_folder)
    with torch.inference_mode():
        sums = [model(torch.from_numpy(window)[None]).last_hidden_state[0].sum(dim=0) for window in windows]
    n_tokens = sum(len(window) for window in windows)
    np.testing.assert_allclose(embedded.embeddings[0], torch.stack(sums).sum(dim=0) / n_tokens, atol=1e-5)
    assert (embedded.n_tokens[0], embedded.n_windows[0]) == (n_tokens, len(windows))


@pytest.mark.parametrize("sequence", ["N" * 40, "ACGTNNNNACGTRYACGT", "A", "AC"])
def test_unknown_letters_and_short_sequences_give_finite_vectors(stock_folder: Path, sequence: str) -> None:
    assert np.isfinite(load(stock_folder).embed([sequence])).all()


def test_vector_does_not_depend_on_its_batch(stock_folder: Path) -> None:
    sequences = [dna(length, seed=length) for length in (30, 7, 29, 150, 4, 28, 27, 12, 30)]
    together = load(stock_folder, batch_tokens=10_000).embed(sequences)
    encoder = load(stock_folder)
    alone = np.concatenate([encoder.embed([sequence]) for sequence in sequences])
    assert np.abs(together - alone).max() < 1e-5


def test_result_is_float32_and_as_wide_as_the_model(stock_folder: Path) -> None:
    encoder = load(stock_folder)
    vectors = encoder.embed([dna(20), dna(30)])
    assert vectors.shape == (2, encoder.dim) == (2, 32)
    assert vectors.dtype == np.float32


def test_bfloat16_stays_close(stock_folder: Path) -> None:
    coarse = load(stock_folder, dtype=torch.bfloat16).embed([dna(30)])[0]
    fine = load(stock_folder).embed([dna(30)])[0]
    assert coarse.dtype == np.float32
    assert coarse @ fine / np.linalg.norm(coarse) / np.linalg.norm(fine) > 0.999


def test_name_and_fingerprint_tell_models_apart(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(dnabert, copy)
    (copy / "README.md").write_text("of no consequence")
    encoder = load(dnabert)
    assert encoder.name == f"hf:{dnabert}"
    assert load(copy).fingerprint == encoder.fingerprint
    weights = load_file(copy / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][7, 7] += 1
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert load(copy).fingerprint != encoder.fingerprint


def test_weights_for_another_architecture_are_refused(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "foreign"
    shutil.copytree(dnabert, copy)
    weights = load_file(copy / "model.safetensors")
    weights["encoder.layer.0.attention.self.Wqkv.weight"] = weights.pop("encoder.layer.0.attention.self.query.weight")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DnabertSError, match=r"lack 1 parameters of BertModel.*query\.weight") as caught:
        load(copy)
    assert "--trust-remote-code" in str(caught.value.hint)


def test_weights_without_the_unused_pooler_are_taken(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "no pooler"
    shutil.copytree(dnabert, copy)
    weights = {name: tensor for name, tensor in load_file(copy / "model.safetensors").items() if "pooler" not in name}
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(load(copy).embed([dna(20)]), load(dnabert).embed([dna(20)]))


def test_encoder_half_of_an_encoder_decoder_is_used(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "t5"
    shutil.copytree(dnabert, copy)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
    config = transformers.T5Config.from_dict({"vocab_size": 69, **sizes})
    transformers.T5Model(config).save_pretrained(copy)
    assert load(copy).embed([dna(100)]).shape == (1, 16)


@pytest.mark.parametrize("absent", ["config.json", "model.safetensors"])
def test_folder_without_a_file_is_refused(dnabert: Path, tmp_path: Path, absent: str) -> None:
    copy = tmp_path / "part"
    shutil.copytree(dnabert, copy)
    (copy / absent).unlink()
    with pytest.raises(DnabertSError, match=absent) as caught:
        load(copy)
    assert caught.value.path == str(copy)


def test_damaged_weights_are_an_error(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(dnabert, copy)
    (copy / "model.safetensors").write_bytes(b"\x10" * 100)
    with pytest.raises(DnabertSError, match="cannot open hf:"):
        load(copy)


def test_pickle_that_would_run_code_is_refused(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "pickle"
    shutil.copytree(dnabert, copy)
    (copy / "model.safetensors").unlink()
    torch.save({"embeddings.word_embeddings.weight": _Touch(tmp_path / "marker")}, copy / "pytorch_model.bin")
    with pytest.raises(DnabertSError, match="cannot open hf:"):
        load(copy)
    assert not (tmp_path / "marker").exists()


class _Touch:
    """Unpickled without care, makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def model_with_code(dnabert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that transformers does not know, with code that leaves a marker beside the folder when it runs."""
    copy = tmp_path / "code"
    shutil.copytree(dnabert, copy)
    config = json.loads((copy / "config.json").read_text())
    config["model_type"] = "never_heard_of"
    config["auto_map"] = {"AutoConfig": "own_code.OwnConfig", "AutoModel": "own_code.OwnModel"}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own_code.py").write_text(
        "from pathlib import Path\n"
        "from transformers import BertConfig, BertModel\n"
        f"Path({str(tmp_path / 'marker')!r}).touch()\n"
        "class OwnConfig(BertConfig):\n    model_type = 'never_heard_of'\n"
        "class OwnModel(BertModel):\n    config_class = OwnConfig\n"
    )
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    return copy


def test_code_of_a_model_is_refused_without_the_flag(model_with_code: Path, tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="needs Python code that comes with the model") as caught:
        load(model_with_code)
    assert "--trust-remote-code" in str(caught.value.hint)
    assert not (tmp_path / "marker").exists()


def test_code_of_a_model_runs_with_the_flag(model_with_code: Path, dnabert: Path, tmp_path: Path) -> None:
    encoder = load(model_with_code, trust_remote_code=True)
    np.testing.assert_allclose(encoder.embed([dna(30)]), load(dnabert).embed([dna(30)]), atol=1e-6)
    assert (tmp_path / "marker").exists()


def test_loading_is_quiet_and_puts_settings_back(dnabert: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled())
    load(dnabert).embed([dna(211)])
    assert (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


def test_hub_id_is_fetched_by_the_hub_module_alone(hub_server: HubServer, dnabert: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(dnabert, source)
    (source / "code.py").write_text("raise SystemExit")
    (source / "pytorch_model.bin").write_text("the same weights once more")
    hub_server.publish("someone/dnabert", source, commit="3" * 40)
    program = (
        "import torch; from dnabert_s_cli.encoders.stock import load_stock_backbone as load\n"
        "encoder = load('someone/dnabert', device=torch.device('cpu'), dtype=torch.float32)\n"
        "print(encoder.name, encoder.dim)"
    )
    done = hub_server.run(program, tmp_path / "hf_home")
    assert done.stdout == "hf:someone/dnabert 32\n", done.stderr
    assert done.stderr == ""
    expected = {"config.json", "vocab.txt", "model.safetensors", *(path.name for path in source.glob("*token*.json"))}
    assert set(hub_server.fetched()) == expected & {path.name for path in source.iterdir()}


def test_groups_of_similar_length_partition_the_rows_longest_first() -> None:
    groups = similar_lengths([10, 100, 81, 79, 10, 9], shortest_share=0.8)
    assert [group.tolist() for group in groups] == [[1, 2], [3], [0, 4, 5]]


class _Maskless(torch.nn.Module):
    """Every token sees all tokens behind it, padding too."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(100, 4)

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.embedding(input_ids).flip(1).cumsum(1).flip(1),)


def test_model_that_takes_no_mask_never_sees_padding(dnabert: Path) -> None:
    maskless = replace(backbone(load(dnabert)), model=_Maskless(), dim=4)
    windows = [np.arange(5, 5 + length) for length in (10, 9, 10, 8, 9)]
    alone = np.concatenate([maskless.mean_vectors([window]) for window in windows])
    np.testing.assert_allclose(maskless.mean_vectors(windows), alone, atol=1e-5)
