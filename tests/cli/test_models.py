"""`models` and `doctor`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command


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
