"""`evaluate clustering`, `classification`, `binning` and `all`."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers

from tests.cli.conftest import Command
from tests.conftest import random_dna
from tests.stock_models import save_with_code

LETTERS = ("AAAAACCGTT", "ACCCCGGGGT")
QUICK = ("--models", "tnf-c", "--seeds", "1", "--no-cache", "-q")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Twelve sequences each of two artificial species."""
    path = tmp_path / "sets" / "clustering_0.tsv"
    path.parent.mkdir()
    rows = [
        f"{random_dna(3_000, 50 * place + row, kinds)}\ts{place}"
        for row in range(12)
        for place, kinds in enumerate(LETTERS)
    ]
    path.write_text("\n".join(["sequence\tbin_id", *rows]) + "\n")
    return path


def test_clustering_prints_a_table(command: Command, labelled: Path) -> None:
    result = command("evaluate", "clustering", labelled, *QUICK)
    assert result.code == 0, result.err
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert rows[:2] == [
        ["model", "protocol", "ARI clustering_0", "mean ARI", "mean NMI"],
        ["tnf-c", "sound", "1.000", "1.000", "1.000"],
    ]
    assert rows[2][:3] == ["model", "NN clustering_0", "NN mean"]


def test_classification_has_a_column_for_each_number_of_shots(command: Command, labelled: Path) -> None:
    result = command("evaluate", "classification", labelled, "--shots", "5,1", "--tests", "4", *QUICK)
    assert result.out.splitlines()[0].split("\t") == ["model", "protocol", "1 shot", "5 shot"]


def test_binning_counts_species(command: Command, labelled: Path) -> None:
    arguments = ("--models", "tnf-c", "--no-cache", "-q", "--protocol", "both", "--threshold-set", labelled)
    result = command("evaluate", "binning", labelled, *arguments)
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[1] for row in rows[1:]] == ["paper", "sound"]
    assert rows[2][rows[0].index("F1 > 0.9")] == "2"


def test_all_writes_a_folder(command: Command, labelled: Path, tmp_path: Path) -> None:
    arguments = ("--shots", "1", "-o", tmp_path / "out", *QUICK)
    result = command("evaluate", "all", "--data-dir", labelled.parent, *arguments)
    assert (result.code, result.out) == (0, ""), result.err
    assert (tmp_path / "out" / "results.tsv").read_text().count("clustering_0") == 6 + 5


def test_vectors_are_kept_where_the_user_says(command: Command, labelled: Path, tmp_path: Path) -> None:
    arguments = ("--models", "tnf-c", "--seeds", "1", "--cache", tmp_path / "kept", "-q")
    assert command("evaluate", "clustering", labelled, *arguments).code == 0
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_skipped_model_is_warned_of_and_no_failure(command: Command, labelled: Path) -> None:
    result = command("evaluate", "clustering", labelled, *QUICK, "--models", "tnf,none-such")
    assert result.code == 0
    assert "none-such was skipped: no model 'none-such'" in result.err


def test_a_failed_model_is_told_by_the_exit_code_once_all_is_written(
    command: Command, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    (tmp_path / "model").mkdir()
    broken = save_with_code(tmp_path / "model", when_run="raise NotImplementedError('of no use')")
    models = ("--models", f"broken=hf:{broken},tnf-c", "--trust-remote-code", "-o", tmp_path / "out")
    result = command("evaluate", "clustering", labelled, *QUICK, *models)
    assert result.code == 1
    assert "broken failed: while it was opened: NotImplementedError: of no use" in result.err
    assert "tnf-c\tclustering_0" in (tmp_path / "out" / "results.tsv").read_text()


def test_no_model_that_runs_is_an_error(command: Command, labelled: Path) -> None:
    result = command("evaluate", "clustering", labelled, *QUICK, "--models", "none-such")
    assert result.code == 1
    assert "none of the models could run" in result.err


def test_a_bad_table_is_named_before_anything_is_embedded(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("sequence\tbin_id\nACGT\n")
    result = command("evaluate", "clustering", tmp_path / "a.tsv", *QUICK)
    assert result.code == 1
    assert "a.tsv:2: has 1 columns" in result.err


@pytest.mark.parametrize("arguments", [(), ("a.tsv", "--data-dir", "b")])
def test_either_files_or_a_folder_must_be_given(command: Command, arguments: tuple[str, ...]) -> None:
    result = command("evaluate", "clustering", *arguments)
    assert result.code == 2
    assert "give either DATA or --data-dir" in result.err


@pytest.mark.parametrize("shots", ["a", "0,1", ""])
def test_shots_that_are_no_numbers_are_wrong_usage(command: Command, labelled: Path, shots: str) -> None:
    assert command("evaluate", "classification", labelled, "--shots", shots).code == 2


@pytest.mark.parametrize("name", ["clustering", "classification", "binning", "all"])
def test_help_is_shown(command: Command, name: str) -> None:
    result = command("evaluate", name, "--help")
    assert result.code == 0
    assert "--protocol" in result.out
