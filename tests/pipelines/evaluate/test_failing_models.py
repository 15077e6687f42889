"""Models whose own code breaks, among others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.evaluate.protocols import CLUSTERING, ProtocolOptions
from dnabert_s_cli.pipelines.evaluate.recipe import Evaluation, EvaluationReport, evaluate_models
from dnabert_s_cli.pipelines.evaluate.sets import FoundSets, named_sets
from dnabert_s_cli.pipelines.evaluate.systems import SOUND, parse_models
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from tests.stock_models import save_with_code

from .data import write_set

TOO_LONG = "if input_ids.shape[1] > 24: raise ZeroDivisionError('no room\\nat all')"  # the sample has 24 tokens


@pytest.fixture(autouse=True)
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers copies a model's code to."""
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "broken"
    path.mkdir()
    return path


def run(tmp_path: Path, models: str, output: Path | None = None) -> EvaluationReport:
    path = write_set(tmp_path / "a.tsv", n_each=2, length_bp=300)
    sets = FoundSets(labelled=named_sets([path], labels_path=None, cut_bp=None))
    options, encoder = ProtocolOptions(n_seeds=1, threads=1), EncoderOptions(threads=1, trust_remote_code=True)
    planned = Evaluation((CLUSTERING,), parse_models(models), sets, (SOUND,), options, encoder, None)
    return evaluate_models(planned, output, progress=Silent())


def test_code_that_breaks_on_sequences_is_a_failed_row_and_the_others_go_on(tmp_path: Path, folder: Path) -> None:
    save_with_code(folder, when_run=TOO_LONG)
    report = run(tmp_path, f"broken=hf:{folder},tnf", tmp_path / "out")
    assert {one.model for one in report.scores} == {"tnf"}
    assert [(one.model, one.reason, one.is_failure) for one in report.skipped] == [
        ("broken", "on a: ZeroDivisionError: no room at all", True)
    ]
    assert json.loads((tmp_path / "out" / "results.json").read_text())["skipped"][0]["is_failure"] is True
    assert "failed\t\t\t0\ton a: ZeroDivisionError" in (tmp_path / "out" / "results.tsv").read_text()


def test_code_that_breaks_while_it_is_opened_is_a_failed_row(tmp_path: Path, folder: Path) -> None:
    save_with_code(folder, when_built="assert config.vocab_size < 3")
    report = run(tmp_path, f"broken=hf:{folder},tnf")
    assert [(one.reason, one.is_failure) for one in report.skipped] == [("while it was opened: AssertionError", True)]
    assert report.tables[-1].title == "Failed"


def test_only_failures_are_an_error(tmp_path: Path, folder: Path) -> None:
    save_with_code(folder, when_run=TOO_LONG)
    with pytest.raises(DnabertSError, match=r"none of the models could run.*ZeroDivisionError"):
        run(tmp_path, f"broken=hf:{folder}", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_interruption_ends_the_run(tmp_path: Path, folder: Path) -> None:
    save_with_code(folder, when_run=TOO_LONG.replace("ZeroDivisionError", "KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, f"tnf,broken=hf:{folder}", tmp_path / "out")
    assert not (tmp_path / "out").exists()
