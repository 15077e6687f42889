"""Work behind a reader: order, errors, interruption."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.work_behind import WorkBehind


def fail() -> None:
    raise DnabertSError("broken")


def do_all(*pieces: Callable[[], object], then: Callable[[], object] = int) -> None:
    """Submit all pieces, then do something else."""
    with WorkBehind(Silent()) as behind:
        for piece in pieces:
            behind.submit(piece)
        then()


def test_pieces_are_done_in_order() -> None:
    done: list[int] = []
    do_all(*(partial(done.append, piece) for piece in range(20)))
    assert done == list(range(20))


def test_an_error_of_a_piece_keeps_the_next_from_starting() -> None:
    done: list[int] = []
    with pytest.raises(DnabertSError, match="broken"):
        do_all(fail, partial(done.append, 1))
    assert done == []


def test_an_error_of_the_last_piece_is_raised_at_the_end() -> None:
    with pytest.raises(DnabertSError, match="broken"):
        do_all(fail)


def test_an_error_of_the_reader_lets_the_piece_finish() -> None:
    done: list[int] = []
    with pytest.raises(DnabertSError, match="broken"):
        do_all(partial(done.append, 1), then=fail)
    assert done == [1]


def interrupted() -> None:
    """Start a piece that reports without end, then be interrupted."""
    with WorkBehind(Silent()) as behind:
        behind.submit(partial(report_for_ever, behind))
        raise KeyboardInterrupt


def report_for_ever(behind: WorkBehind) -> None:
    while True:
        behind.progress.advance(1)


def test_ctrl_c_ends_the_piece_at_its_next_report() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted()
