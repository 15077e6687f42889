"""`bin` on input that is hardly any, and when the disk is full or the user has enough: never half a folder."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.browser import needs_chromium, open_browser
from tests.cli.bin_runs import BARE, FILES, run_bin, traces
from tests.cli.conftest import Command
from tests.conftest import random_dna

PROGRAM = (sys.executable, "-m", "dnabert_s_cli")


def write_contigs(path: Path, *sequences: str) -> Path:
    path.write_text("".join(f">c{number}\n{sequence}\n" for number, sequence in enumerate(sequences)))
    return path


def test_one_long_contig_is_a_bin(command: Command, tmp_path: Path) -> None:
    contigs = write_contigs(tmp_path / "c.fa", random_dna(250_000))
    assert run_bin(command, contigs, tmp_path / "out") == {"c0": "bin.1"}


def test_two_contigs_are_binned(command: Command, tmp_path: Path) -> None:
    contigs = write_contigs(tmp_path / "c.fa", random_dna(150_000, 1), random_dna(150_000, 2))
    assert run_bin(command, contigs, tmp_path / "out", "--min-bin", 100_000).keys() == {"c0", "c1"}


def test_contigs_of_unknown_bases_only_are_in_no_bin(command: Command, tmp_path: Path) -> None:
    known = [random_dna(30_000, seed) for seed in range(12)]
    contigs = write_contigs(tmp_path / "c.fa", *known, *["N" * 30_000] * 12)
    bins = run_bin(command, contigs, tmp_path / "out")
    assert bins == {f"c{number}": "bin.1" for number in range(12)}


def test_unknown_bases_alone_give_an_empty_result(command: Command, tmp_path: Path) -> None:
    contigs = write_contigs(tmp_path / "c.fa", *["N" * 90_000] * 4)
    assert run_bin(command, contigs, tmp_path / "out") == {}
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


@needs_chromium
@pytest.mark.parametrize("n_contigs", [1, 12])
def test_the_report_opens_without_complaint(command: Command, tmp_path: Path, n_contigs: int) -> None:
    contigs = write_contigs(tmp_path / "c.fa", *(random_dna(30_000, seed) for seed in range(n_contigs)))
    run_bin(command, contigs, tmp_path / "out", with_report=True)
    with open_browser() as page:
        page.open(tmp_path / "out" / "report.html")
        assert page.complaints == []
        assert all(url.startswith("file:") for url in page.requests)
        assert page.run("document.title").startswith("out")


def test_the_same_10000_names_in_two_files_are_refused_by_both(command: Command, tmp_path: Path) -> None:
    first, second = tmp_path / "first.fa", tmp_path / "second.fa"
    first.write_text("".join(f">k{n}\n{'ACGT' * 5}\n" for n in range(10_000)))
    second.write_bytes(first.read_bytes())
    result = command("bin", first, second, "-o", tmp_path / "out", *BARE, "-q")
    assert result.code == 1
    assert "k0" in result.err
    assert str(first) in result.err
    assert str(second) in result.err
    assert len(result.err) < 20_000
    assert traces(tmp_path / "out") == []


def _small_files() -> None:
    """What a full disk looks like to the program: no file grows beyond some kilobytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a disk, instead of killing
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))


def test_a_full_disk_is_an_error_and_leaves_what_resume_goes_on_with(
    command: Command, assembly: Path, tmp_path: Path
) -> None:
    run = subprocess.run(
        [*PROGRAM, "bin", assembly, "-o", tmp_path / "out", *BARE, "-q"],
        preexec_fn=_small_files,  # no thread is started before
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "File too large" in run.stderr
    assert "--resume" in run.stderr
    assert "Traceback" not in run.stderr
    assert traces(tmp_path / "out") == ["out.partial"]
    assert len(run_bin(command, assembly, tmp_path / "out", "--resume")) == 36
    assert traces(tmp_path / "out") == ["out"]


def _wait_for_traces(output: Path, *, patience_s: float = 60) -> None:
    """Until the run has begun its folder."""
    end = time.monotonic() + patience_s
    while not traces(output) and time.monotonic() < end:
        time.sleep(0.05)
    assert traces(output)


def _interrupted(run: subprocess.Popen[bytes], *, patience_s: float = 20) -> int:
    """Exit code after Ctrl-C, pressed again if need be: just before a read begins, a signal waits for its end."""
    for _ in range(3):
        run.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return run.wait(patience_s)
    raise AssertionError("Ctrl-C does not end the run")


def _hear_ctrl_c() -> None:
    """Take back that Ctrl-C is ignored, as it is in what a script starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interruption_leaves_nothing_and_ends_with_130(assembly: Path, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [*PROGRAM, "bin", "-", "-o", tmp_path / "out", *BARE],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_hear_ctrl_c,
    )
    try:
        assert run.stdin is not None
        run.stdin.write(assembly.read_bytes())  # the input goes on: the run waits for its end
        run.stdin.flush()
        _wait_for_traces(tmp_path / "out")
        assert _interrupted(run) == 130
    finally:
        run.kill()
        run.communicate()
    assert traces(tmp_path / "out") == []


def test_a_folder_in_the_way_is_refused_before_any_work(command: Command, assembly: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--force")
    assert result.code == 1
    assert "embedding" not in result.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
