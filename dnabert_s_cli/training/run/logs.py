"""What a run leaves in numbers: log.csv, one row a step, and TensorBoard's files where it is installed.

A `StepRecord` a step -> a row. A resumed run removes the rows after its checkpoint, then appends: no step is
there twice.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ...errors import DnabertSError
from ...io.files import atomic_path

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

METRICS = ("val_loss", "ari", "nn_accuracy")
COLUMNS = (
    *("step", "epoch", "phase", "loss", "lr", "grad_norm", "tokens_per_s", "n_truncated", "seconds"),
    *METRICS,
)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is known of a step once it is done.

    Args:
        step: steps done, from 1; 0 for measurements before the first.
        epoch: from 1.
        lr: the encoder's.
        grad_norm: length of the gradient before clipping.
        n_truncated: sequences cut at the longest length, in all processes.
        seconds: of all steps so far, those of earlier parts of the run included.
        metrics: of the evaluation after this step, by the names in `METRICS`; empty for none.
    """

    step: int
    epoch: int
    phase: int
    loss: float | None = None
    lr: float | None = None
    grad_norm: float | None = None
    tokens_per_s: float | None = None
    n_truncated: int = 0
    seconds: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)

    def cells(self) -> list[str]:
        """The row of log.csv."""
        values = [getattr(self, name) for name in COLUMNS[: -len(METRICS)]]
        values += [self.metrics.get(name) for name in METRICS]
        return ["" if value is None else f"{value:.7g}" if isinstance(value, float) else str(value) for value in values]


class TrainingLog:
    """log.csv and, where it can be imported, TensorBoard; a context, for the first process only."""

    def __init__(self, path: Path, *, after_step: int | None) -> None:
        """Open for rows after `after_step`; later ones, of steps that will be done again, are removed. None: all are.

        Raises:
            DnabertSError: the file is not one of our logs.
        """
        rows = [row for row in _rows(path) if int(row[0]) <= after_step] if after_step is not None else []
        with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        self._file: TextIO = path.open("a", newline="", encoding="utf-8")
        self._board = _tensorboard(path.parent / "tensorboard", after_step)

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()

    def write(self, record: StepRecord) -> None:
        """Add a row, at once."""
        csv.writer(self._file).writerow(record.cells())
        self._file.flush()
        if self._board is not None:
            for name in ("loss", "lr", "grad_norm", "tokens_per_s"):
                value = getattr(record, name)
                if value is not None:
                    self._board.add_scalar(f"train/{name}", value, record.step)
            for name, value in record.metrics.items():
                self._board.add_scalar(f"eval/{name}", value, record.step)


def read_log(path: Path) -> list[dict[str, float | None]]:
    """The rows of log.csv as numbers, None where nothing was measured."""
    return [
        {name: float(cell) if cell else None for name, cell in zip(COLUMNS, row, strict=True)} for row in _rows(path)
    ]


def _rows(path: Path) -> list[list[str]]:
    """Whole rows; what a kill left of a last one is dropped."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    rows = list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))
    if rows and tuple(rows[0]) != COLUMNS:
        raise DnabertSError("not the log of such a run", path=path, line=1, hint="choose another output folder")
    return rows[1:]


def _tensorboard(folder: Path, after_step: int | None) -> SummaryWriter | None:
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=None if after_step is None else after_step + 1)
