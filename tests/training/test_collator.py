from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.pairs.rows import PairFile
from dnabert_s_cli.training.augmentation import ViewSpec
from dnabert_s_cli.training.collator import PairStream, SequenceBatch, epoch_order, row_groups
from tests.conftest import random_dna

N_PAIRS = 23
VIEWS = ViewSpec("mutate", min_bp=5, max_bp=20, random_strand=True)
Signature = list[tuple[tuple[str, ...], tuple[str, ...], list[int], list[int]]]


@pytest.fixture(scope="module")
def csv_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """23 pairs of five labels, the last three without one."""
    path = tmp_path_factory.mktemp("pairs") / "pairs.csv"
    labels = [f"g{row % 5}" if row < 20 else "" for row in range(N_PAIRS)]
    path.write_text(
        "".join(f"{random_dna(30, row)},{random_dna(30, 99 + row)},{label}\n" for row, label in enumerate(labels))
    )
    return path


@pytest.fixture
def pairs(csv_path: Path) -> Iterator[PairFile]:
    with PairFile(csv_path) as opened:
        yield opened


def _stream(
    pairs: PairFile, *, batch_size: int = 4, seed: int = 0, rank: int = 0, world_size: int = 1, n_workers: int = 0
) -> PairStream:
    return PairStream(
        pairs,
        batch_size=batch_size,
        seed=seed,
        rank=rank,
        world_size=world_size,
        views=VIEWS,
        n_workers=n_workers,
    )


def _signature(batches: Iterator[SequenceBatch]) -> Signature:
    return [(batch.first, batch.second, batch.groups.tolist(), batch.rows.tolist()) for batch in batches]


def _loader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pairs")]


def test_an_epoch_holds_each_row_at_most_once_and_drops_what_is_left_over(pairs: PairFile) -> None:
    stream = _stream(pairs)
    assert stream.steps_per_epoch == 5
    rows = [row for batch in stream.batches(start_step=0, end_step=5) for row in batch.rows.tolist()]
    assert len(rows) == len(set(rows)) == 20
    assert set(rows) < set(range(N_PAIRS))


def test_batch_has_the_views_of_its_rows(pairs: PairFile) -> None:
    (batch,) = PairStream(pairs, batch_size=4, seed=0, rank=0, world_size=1, views=ViewSpec(), n_workers=0).batches(
        start_step=3, end_step=4
    )
    assert batch.first == tuple(pairs[row].first for row in batch.rows.tolist())
    assert batch.second == tuple(pairs[row].second for row in batch.rows.tolist())
    assert batch.groups.dtype == batch.rows.dtype == np.int64


@pytest.mark.parametrize("n_workers", [1, 3])
def test_batches_are_the_same_for_any_number_of_workers(pairs: PairFile, n_workers: int) -> None:
    alone = _signature(_stream(pairs).batches(start_step=2, end_step=17))
    assert len(alone) == 15
    assert _signature(_stream(pairs, n_workers=n_workers).batches(start_step=2, end_step=17)) == alone


def test_any_step_is_reachable_at_once(pairs: PairFile) -> None:
    whole = _signature(_stream(pairs).batches(start_step=0, end_step=14))
    assert _signature(_stream(pairs, n_workers=2).batches(start_step=8, end_step=14)) == whole[8:]


@pytest.mark.parametrize("world_size", [2, 4])
def test_batches_of_all_ranks_are_one_batch_cut_in_order(pairs: PairFile, world_size: int) -> None:
    whole = _signature(_stream(pairs, batch_size=8).batches(start_step=0, end_step=6))
    parts = [
        _signature(
            _stream(pairs, batch_size=8 // world_size, rank=rank, world_size=world_size).batches(
                start_step=0, end_step=6
            )
        )
        for rank in range(world_size)
    ]
    for step, batch in enumerate(whole):
        for field in range(4):
            joined = [value for part in parts for value in part[step][field]]
            assert joined == list(batch[field])


def test_order_changes_with_epoch_and_seed_only() -> None:
    first = epoch_order(N_PAIRS, seed=0, epoch=0).tolist()
    assert sorted(first) == list(range(N_PAIRS))
    assert first == epoch_order(N_PAIRS, seed=0, epoch=0).tolist()
    assert first != epoch_order(N_PAIRS, seed=0, epoch=1).tolist()
    assert first != epoch_order(N_PAIRS, seed=1, epoch=0).tolist()


def test_order_of_two_million_rows_takes_four_bytes_each() -> None:
    assert epoch_order(2_000_000, seed=0, epoch=0).nbytes == 8_000_000


def test_views_of_a_row_change_from_epoch_to_epoch_but_not_with_the_batch_size(pairs: PairFile) -> None:
    def views_of(stream: PairStream, epoch: int) -> dict[int, tuple[str, str]]:
        steps = stream.steps_per_epoch
        batches = stream.batches(start_step=epoch * steps, end_step=(epoch + 1) * steps)
        return {row: views for b in batches for row, *views in zip(b.rows.tolist(), b.first, b.second, strict=True)}

    small, large = (_stream(pairs, batch_size=size) for size in (4, 10))
    zero, one = views_of(small, 0), views_of(small, 1)
    other = views_of(large, 0)
    assert all(zero[row] == other[row] for row in zero.keys() & other.keys())
    assert all(zero[row] != one[row] for row in zero.keys() & one.keys())


def test_rows_of_one_label_are_one_group_and_rows_without_are_alone(pairs: PairFile) -> None:
    (batch,) = _stream(pairs, batch_size=N_PAIRS).batches(start_step=0, end_step=1)
    group_of = dict(zip(batch.rows.tolist(), batch.groups.tolist(), strict=True))
    assert len({group_of[row] for row in range(20)}) == 5
    assert all(group_of[row] == group_of[row % 5] for row in range(20))
    assert [group_of[row] for row in (20, 21, 22)] == [-21, -22, -23]


def test_groups_of_labels_are_the_same_in_every_process() -> None:
    groups = row_groups(["Escherichia coli", None], np.array([7, 8]))
    assert groups.tolist() == [7555281321135015070, -9]


def test_too_few_pairs_are_an_error_with_the_numbers(pairs: PairFile) -> None:
    with pytest.raises(DnabertSError, match="has 23 pairs, fewer than one batch of 24") as caught:
        _stream(pairs, batch_size=24)
    assert caught.value.path == pairs.path
    with pytest.raises(DnabertSError, match="one batch of 12 x 2 processes = 24"):
        _stream(pairs, batch_size=12, world_size=2)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"rank": 1}, {"seed": -1}, {"n_workers": -1}])
def test_misuse_is_a_value_error(pairs: PairFile, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        _stream(pairs, **wrong)


@pytest.mark.parametrize("n_workers", [0, 1, 3])
def test_bad_row_is_the_error_of_the_file(tmp_path: Path, n_workers: int) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("A,C\n" * 150 + "A,!\n" + "A,C\n" * 10)
    with PairFile(path) as bad, pytest.raises(DnabertSError, match="column 2: '!'") as caught:
        list(_stream(bad, n_workers=n_workers).batches(start_step=0, end_step=40))
    assert (caught.value.path, caught.value.line) == (str(path), 151)
    assert _loader_threads() == []


def test_early_exit_ends_the_threads(pairs: PairFile) -> None:
    batches = _stream(pairs, n_workers=3).batches(start_step=0, end_step=1000)
    next(batches)
    assert _loader_threads()
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    assert _loader_threads() == []


def test_little_is_read_ahead(pairs: PairFile, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, made = _stream(pairs, n_workers=2), []
    whole = PairStream._batch

    def counted(self: PairStream, of: tuple[int, np.ndarray]) -> SequenceBatch:
        made.append(of)
        return whole(self, of)

    monkeypatch.setattr(PairStream, "_batch", counted)
    batches = stream.batches(start_step=0, end_step=1000)
    for _ in range(5):
        next(batches)
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(made) <= 5 + 2


def test_no_steps_are_no_batches(pairs: PairFile) -> None:
    assert list(_stream(pairs, n_workers=1).batches(start_step=3, end_step=3)) == []


def test_a_batch_of_one_label_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "p.csv").write_text("".join(f"{random_dna(30, row)},{random_dna(30, row)},x\n" for row in range(12)))
    with PairFile(tmp_path / "p.csv") as pairs:
        assert len(list(_stream(pairs).batches(start_step=0, end_step=3))) == 3
    assert caplog.text.count("has one label, 'x'") == 1


def test_a_batch_of_several_labels_is_not_warned_of(pairs: PairFile, caplog: pytest.LogCaptureFixture) -> None:
    assert len(list(_stream(pairs).batches(start_step=0, end_step=3))) == 3
    assert "has one label" not in caplog.text
