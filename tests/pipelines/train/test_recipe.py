"""`train` in one process: what it writes, every arm of the method, and runs that go on."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.train.recipe import TrainOutput, train
from dnabert_s_cli.training import step
from dnabert_s_cli.training.augmentation import ViewSpec
from dnabert_s_cli.training.config import (
    DataConfig,
    ModelConfig,
    ObjectiveConfig,
)
from dnabert_s_cli.training.objective.contrastive import StepResult, prepared_step
from dnabert_s_cli.training.run.checkpoint import whole_checkpoint_step
from dnabert_s_cli.training.run.logs import read_log
from tests.pipelines.train.runs import FAMILIES, OPTIMISER, RUN, Configure, measured, run
from tests.training_inputs import TrainingInputs


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shortest_run_leaves_a_model_that_opens(configure: Configure, family: str, tmp_path: Path) -> None:
    report = run(configure(family), tmp_path / "a")
    assert (report.n_steps, report.state.step) == (1, 1)
    for name in ("best", "last"):
        vectors = load_encoder(tmp_path / "a" / name, "cpu", "float32").embed(["ACGTTGCA" * 20])
        assert np.isfinite(vectors).all()
    names = {path.name for path in (tmp_path / "a").iterdir()} - {"loss.png"}
    assert names == {"best", "last", "log.csv", "run.json"}


ARMS: dict[str, dict[str, object]] = {
    "weighted simclr": {"objective": ObjectiveConfig(curriculum="1")},
    "simclr": {"objective": ObjectiveConfig("simclr", curriculum="1")},
    "mi-mix": {"objective": ObjectiveConfig(curriculum="0")},
    "i-mix": {"objective": ObjectiveConfig("simclr", curriculum="0", mix_layer=0)},
    "fixed layer": {"objective": ObjectiveConfig(curriculum="0", mix_layer=1)},
    "chunks": {"objective": ObjectiveConfig(curriculum="0"), "optimiser": replace(OPTIMISER, chunk_pairs=4)},
    "accumulation": {
        "optimiser": replace(OPTIMISER, name="adamw", accumulate=2, clip_norm=1.0, schedule="cosine", warmup_steps=1)
    },
    "bfloat16": {"run": replace(RUN, dtype="bfloat16")},
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_trains(configure: Configure, family: str, arm: str, tmp_path: Path) -> None:
    run(configure(family, **ARMS[arm]), tmp_path / "a")
    (row,) = read_log(tmp_path / "a" / "log.csv")
    assert row["loss"] is not None
    assert row["loss"] > 0


@pytest.mark.parametrize("views", ["dropout", "double_strand", "mutate"])
def test_every_kind_of_view_trains(
    configure: Configure, training_inputs: TrainingInputs, views: str, tmp_path: Path
) -> None:
    spec = ViewSpec(kind=views, min_bp=50, max_bp=100, random_strand=True)  # type: ignore[arg-type]  # one of them
    run(configure(data=DataConfig(str(training_inputs.train), views=spec)), tmp_path / "a")
    assert len(read_log(tmp_path / "a" / "log.csv")) == 1


def test_phases_follow_the_curriculum_and_are_logged(
    configure: Configure, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("dnabert_s_cli"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="dnabert_s_cli"):
        run(configure(run=replace(RUN, max_steps=6)), tmp_path / "a")
    assert [row["phase"] for row in read_log(tmp_path / "a" / "log.csv")] == [1, 1, 2, 2, 2, 2]
    assert "step 1: phase I begins" in caplog.text
    assert "step 3: phase II begins (mixed views, weights of phase I kept)" in caplog.text


def test_epochs_are_counted_in_whole_batches(configure: Configure, tmp_path: Path) -> None:
    optimiser = replace(OPTIMISER, accumulate=2)
    report = run(configure(optimiser=optimiser, run=replace(RUN, max_steps=0, epochs=2)), tmp_path / "a")
    assert report.n_steps == 5  # 2 x 5 batches of 8 among 40 pairs, two a step
    assert [row["epoch"] for row in read_log(tmp_path / "a" / "log.csv")] == [1, 1, 1, 2, 2]


def test_measures_stand_in_the_log(configure: Configure, training_inputs: TrainingInputs, tmp_path: Path) -> None:
    config = configure(data=measured(training_inputs), run=replace(RUN, max_steps=6, eval_every=4))
    report = run(config, tmp_path / "a")
    rows = read_log(tmp_path / "a" / "log.csv")
    assert [row["step"] for row in rows if row["ari"] is not None] == [0, 2, 4, 6]  # start, phase I, 4, end
    assert all((row["val_loss"] is None) == (row["nn_accuracy"] is None) for row in rows)
    assert report.state.best_value == pytest.approx(max(row["ari"] for row in rows if row["ari"] is not None))


def test_best_is_the_step_with_the_best_measure(
    configure: Configure, training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    config = configure(data=measured(training_inputs), run=replace(RUN, max_steps=6, eval_every=1))
    report = run(config, tmp_path / "a")
    saved = json.loads((tmp_path / "a" / "best" / "training_state.json").read_text())
    rows = read_log(tmp_path / "a" / "log.csv")
    best = max(rows, key=lambda row: (row["ari"] or 0, -(row["step"] or 0)))
    assert saved["state"]["step"] == report.state.best_step == best["step"]
    assert report.state.best_step < 6


def test_training_stops_when_nothing_gets_better(
    configure: Configure, training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    data = DataConfig(str(training_inputs.train), str(training_inputs.val))
    patient = replace(RUN, max_steps=50, eval_every=1, patience=2)
    report = run(configure(data=data, optimiser=replace(OPTIMISER, lr=0.3), run=patient), tmp_path / "a")
    assert report.state.step < 50
    assert report.state.n_worse == 2
    saved = json.loads((tmp_path / "a" / "last" / "training_state.json").read_text())
    assert saved["state"]["step"] == report.state.step


def test_a_checkpoint_is_a_base_to_start_from(configure: Configure, tmp_path: Path) -> None:
    run(configure("transformer"), tmp_path / "a")
    base = ModelConfig(base=str(tmp_path / "a" / "last"))
    report = run(configure(model=base), tmp_path / "b")
    assert report.state.step == 1


def test_numbered_checkpoints_are_kept_up_to_the_limit(configure: Configure, tmp_path: Path) -> None:
    run(configure(run=replace(RUN, max_steps=5, save_every=1, save_total_limit=2)), tmp_path / "a")
    assert {path.name for path in (tmp_path / "a").glob("step-*")} == {"step-4", "step-5"}


def test_a_loss_that_is_not_finite_names_step_and_lines(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_step_then_nan(*arguments: object, **options: object) -> StepResult:
        result: StepResult = prepared_step(*arguments, **options)  # type: ignore[arg-type]  # handed through
        return next(results, replace(result, loss=math.nan))

    results = iter([StepResult(1.0, 1, 0)])
    monkeypatch.setattr(step, "prepared_step", one_step_then_nan)
    with pytest.raises(DnabertSError, match=r"step 2: the loss is not finite; its batch is lines \d+, ") as caught:
        run(configure(run=replace(RUN, max_steps=3, save_every=1)), tmp_path / "a")
    assert caught.value.path is not None
    assert caught.value.path.endswith("train.csv")
    assert whole_checkpoint_step(tmp_path / "a" / "last") == 1


def test_a_bad_row_is_named_and_the_last_checkpoint_kept(configure: Configure, tmp_path: Path) -> None:
    rows = [f"{'ACGT' * 20},{'ACCT' * 20},s{row % 4}\n" for row in range(200)]
    rows[150] = "ACGT,AC-T,s0\n"
    (tmp_path / "bad.csv").write_text("".join(rows))
    run_all = replace(RUN, max_steps=0, epochs=1, save_every=1)
    with pytest.raises(DnabertSError, match="not a nucleotide") as caught:
        run(configure(data=DataConfig(str(tmp_path / "bad.csv")), run=run_all), tmp_path / "a")
    assert caught.value.line == 151


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ({"optimiser": replace(OPTIMISER, batch_pairs=41)}, "fewer than one batch"),
        ({"optimiser": replace(OPTIMISER, chunk_pairs=3)}, "do not divide"),
        ({"objective": ObjectiveConfig(mix_layer=2)}, "no layer 2"),
        ({"model": ModelConfig(base="./nowhere")}, "nowhere"),
        ({"run": replace(RUN, device="cuda:77")}, "cuda"),
    ],
)
def test_bad_options_are_errors(configure: Configure, groups: dict[str, object], problem: str, tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match=problem):
        run(configure(**groups), tmp_path / "a")


def test_bad_input_leaves_an_earlier_run_alone(configure: Configure, tmp_path: Path) -> None:
    run(configure(), tmp_path / "a")
    bad = configure(data=DataConfig(str(tmp_path / "nowhere.csv")))
    with pytest.raises(DnabertSError, match="no such file"):
        train(bad, TrainOutput(tmp_path / "a", force=True), progress=Silent())
    assert (tmp_path / "a" / "best" / "model.safetensors").is_file()


def test_a_transformer_without_a_tokenizer_is_refused(configure: Configure, training_inputs: TrainingInputs) -> None:
    config = configure(model=ModelConfig(init=str(training_inputs.transformer)))
    with pytest.raises(DnabertSError, match="needs a tokenizer"):
        run(config, training_inputs.train.parent / "unused")


def test_one_labelled_sequence_is_too_few(
    configure: Configure, training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    (tmp_path / "one.tsv").write_text("sequence\tbin_id\nACGT\ta\n")
    data = DataConfig(str(training_inputs.train), labelled=str(tmp_path / "one.tsv"))
    with pytest.raises(DnabertSError, match="no neighbours"):
        run(configure(data=data), tmp_path / "a")
