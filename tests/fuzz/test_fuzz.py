"""A few cases of damage of each format and folder: the whole is `make fuzz`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.cases import Tally, run_file_cases, run_folder_cases
from tests.fuzz.folders import make_folder_seeds
from tests.fuzz.mutations import bgzf
from tests.fuzz.seeds import Seed, make_seeds, read_records

CUTS, DRAWN, FOLDER_DRAWN = 8, 6, 1


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    """One whole file of each format."""
    folder = tmp_path_factory.mktemp("seeds")
    (folder / "own").mkdir()
    return make_seeds(folder)


def test_damaged_files_are_read_whole_or_refused(seeds: list[Seed], tmp_path: Path) -> None:
    tally = Tally()
    for seed in seeds:
        run_file_cases(seed, tmp_path, n_cuts=CUTS, n_drawn=DRAWN, tally=tally)
    assert tally.bad == []
    assert tally.of("refused") > tally.of("read") > 0


def test_damaged_folders_are_read_or_refused(tmp_path: Path) -> None:
    tally = Tally()
    (tmp_path / "own").mkdir()
    for seed in make_folder_seeds(tmp_path / "own"):
        run_folder_cases(seed, tmp_path, n_cuts=3, n_drawn=FOLDER_DRAWN, tally=tally)
    assert tally.bad == []
    assert tally.of("refused") > 0


def test_a_reader_that_loses_records_is_caught(seeds: list[Seed], tmp_path: Path) -> None:
    fasta = next(seed for seed in seeds if seed.name == "fasta")
    forgetful = Seed("fasta", fasta.path, lambda path: read_records(path)[:-1], fasta.begun)
    tally = Tally()
    run_file_cases(forgetful, tmp_path, n_cuts=20, n_drawn=0, tally=tally)
    assert tally.of("lost") > 0


def test_a_reader_that_throws_or_hangs_is_caught(
    seeds: list[Seed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.cases.WATCHDOG_S", 0.05)
    whole = seeds[0].path.read_bytes()

    def fragile(path: Path) -> list[object]:
        content = path.read_bytes()
        while content != whole and len(content) % 2:
            pass
        return [1 // (content == whole)]

    tally = Tally()
    run_file_cases(Seed("fragile", seeds[0].path, fragile), tmp_path, n_cuts=8, n_drawn=0, tally=tally)
    assert (tally.of("hang") > 0, tally.of("traceback") > 0, tally.of("read")) == (True, True, 0)


def test_blocks_of_bgzf_are_those_that_the_reader_knows(tmp_path: Path) -> None:
    (tmp_path / "x.fa.gz").write_bytes(bgzf(b">a\nACGT\n" * 1 + b">b\n" + b"ACGT\n" * 20_000))
    assert [len(str(sequence)) for _, sequence in read_records(tmp_path / "x.fa.gz")] == [4, 80_000]  # type: ignore[misc]
