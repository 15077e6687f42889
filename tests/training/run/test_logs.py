"""log.csv: rows, and runs that go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.run.logs import COLUMNS, StepRecord, TrainingLog, read_log


def write(path: Path, steps: range, *, after_step: int | None = None) -> None:
    with TrainingLog(path, after_step=after_step) as log:
        for step in steps:
            log.write(StepRecord(step, 1, 1, loss=step / 4, metrics={"ari": 0.5} if step == 2 else {}))


def test_rows_are_read_as_written(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", range(1, 4))
    rows = read_log(tmp_path / "log.csv")
    assert [row["loss"] for row in rows] == [0.25, 0.5, 0.75]
    assert [row["ari"] for row in rows] == [None, 0.5, None]
    assert tuple(rows[0]) == COLUMNS


def test_a_resumed_run_repeats_no_step(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", range(0, 6))
    write(tmp_path / "log.csv", range(4, 8), after_step=3)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == list(range(8))


def test_a_run_that_goes_on_from_its_start_keeps_that_row(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", range(0, 3))
    write(tmp_path / "log.csv", range(1, 2), after_step=0)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == [0, 1]


def test_half_a_last_row_is_dropped(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", range(1, 4))
    with (tmp_path / "log.csv").open("a") as file:
        file.write("4,1,")
    write(tmp_path / "log.csv", range(4, 5), after_step=3)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == [1, 2, 3, 4]


def test_a_new_run_starts_a_new_log(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", range(1, 4))
    write(tmp_path / "log.csv", range(1, 2))
    assert len(read_log(tmp_path / "log.csv")) == 1


def test_another_table_is_not_taken_for_a_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DnabertSError, match="not the log"):
        TrainingLog(tmp_path / "log.csv", after_step=1)
