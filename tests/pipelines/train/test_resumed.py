"""`train` broken off and taken up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.config import DataConfig, ObjectiveConfig
from dnabert_s_cli.training.run.logs import read_log
from tests.pipelines.train.runs import FAMILIES, RUN, Configure, Killed, measured, run
from tests.training_inputs import TrainingInputs


@pytest.mark.parametrize("family", FAMILIES)
def test_a_killed_run_ends_with_the_bytes_of_an_unbroken_one(
    configure: Configure, training_inputs: TrainingInputs, family: str, tmp_path: Path
) -> None:
    data = measured(training_inputs)
    config = configure(family, data=data, run=replace(RUN, max_steps=9, save_every=2, eval_every=3))
    run(config, tmp_path / "unbroken")
    for dies_after in (1, 4, 8):
        path = tmp_path / f"killed-{dies_after}"
        with pytest.raises(Killed):
            run(config, path, dies_after=dies_after)
        run(config, path, resume=True)
        for name in ("best/model.safetensors", "last/model.safetensors", "last/head.safetensors", "last/optimiser.pt"):
            assert (path / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes(), name
        rows, expected = (read_log(folder / "log.csv") for folder in (path, tmp_path / "unbroken"))
        assert [(row["step"], row["loss"], row["ari"]) for row in rows] == [
            (row["step"], row["loss"], row["ari"]) for row in expected
        ]


def test_a_killed_run_without_a_head_ends_with_the_bytes_of_an_unbroken_one(
    configure: Configure, tmp_path: Path
) -> None:
    config = configure(run=replace(RUN, max_steps=4, save_every=2), objective=ObjectiveConfig(projected_dim=0))
    run(config, tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(config, tmp_path / "killed", dies_after=3)
    run(config, tmp_path / "killed", resume=True)
    for name in ("last/model.safetensors", "last/head.safetensors", "last/optimiser.pt"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes(), name


def test_a_run_can_be_made_longer(configure: Configure, tmp_path: Path) -> None:
    run(configure(), tmp_path / "a")
    report = run(configure(run=replace(RUN, max_steps=3)), tmp_path / "a", resume=True)
    assert report.state.step == 3
    assert [row["step"] for row in read_log(tmp_path / "a" / "log.csv")] == [1, 2, 3]


def test_a_finished_run_has_nothing_to_go_on_with(configure: Configure, tmp_path: Path) -> None:
    run(configure(), tmp_path / "a")
    before = (tmp_path / "a" / "last" / "model.safetensors").read_bytes()
    assert run(configure(), tmp_path / "a", resume=True).state.step == 1
    assert (tmp_path / "a" / "last" / "model.safetensors").read_bytes() == before


def test_resuming_nothing_starts(configure: Configure, tmp_path: Path) -> None:
    assert run(configure(), tmp_path / "a", resume=True).state.step == 1


def test_other_settings_do_not_go_on(configure: Configure, tmp_path: Path) -> None:
    run(configure(), tmp_path / "a")
    with pytest.raises(DnabertSError, match=r"objective.temperature was 0.05, now 0.2"):
        run(configure(objective=ObjectiveConfig(temperature=0.2)), tmp_path / "a", resume=True)


def test_other_pairs_do_not_go_on(configure: Configure, training_inputs: TrainingInputs, tmp_path: Path) -> None:
    run(configure(), tmp_path / "a")
    rows = training_inputs.train.read_text().splitlines(keepends=True)
    (tmp_path / "other.csv").write_text("".join(reversed(rows)))
    with pytest.raises(DnabertSError, match="training pairs differ"):
        run(configure(data=DataConfig(str(tmp_path / "other.csv"))), tmp_path / "a", resume=True)
