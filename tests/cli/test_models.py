"""`models` and `doctor`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.cli.conftest import Command
from tests.hub_server import HubServer

MAIN = [sys.executable, "-m", "dnabert_s_cli"]


def table(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_list_names_built_in_and_published_models(command: Command) -> None:
    rows = table(command("models", "list").out)
    assert rows[0] == ["name", "source", "state", "MB"]
    assert {"tnf", "tnf-c", "tnf-k", "dnabert-s", "dnabert-2"} <= {row[0] for row in rows}


def test_info_opens_the_model(command: Command, tiny_model: Path) -> None:
    facts = dict(table(command("models", "info", tiny_model, "--dtype", "float32").out))
    assert facts["dim"] == "24"
    assert facts["window bp"] == "20000"
    assert len(facts["fingerprint"]) == 64


def test_info_of_an_unknown_model_is_an_error(command: Command) -> None:
    result = command("models", "info", "tnfc")
    assert result.code == 1
    assert "no model 'tnfc'" in result.err


def test_doctor_says_what_is_used_by_default(command: Command) -> None:
    facts = dict(table(command("doctor").out))
    assert {"device", "torch build", "bfloat16 in hardware", "hub cache", "default model"} <= facts.keys()


def test_pull_fetches_once_and_embed_then_needs_no_network(
    hub_server: HubServer, tiny_model: Path, reads: Path, tmp_path: Path
) -> None:
    hub_server.publish("lab/tiny", tiny_model, commit="a" * 40)
    environment = hub_server.environment(tmp_path / "hf")
    pulled = subprocess.run([*MAIN, "models", "pull", "lab/tiny"], env=environment, capture_output=True, text=True)
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stdout.startswith("model\tfolder\nlab/tiny\t")
    assert "downloading config.json, tokenizer.json, model.safetensors" in pulled.stderr
    offline = {**environment, "HF_HUB_OFFLINE": "1"}
    arguments = ["embed", reads, "-o", tmp_path / "e.npy", "--model", "lab/tiny", "-q"]
    embedded = subprocess.run([*MAIN, *arguments], env=offline, capture_output=True, text=True)
    assert embedded.returncode == 0, embedded.stderr
    assert np.load(tmp_path / "e.npy").shape == (30, 24)
