from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.reading import EmbeddingWriter, read_embeddings
from tests.io.chunks import SETTINGS, final_files, make_chunk, three_chunks, write_chunks
from tests.locations import PROJECT


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_run_killed_at_any_step_and_resumed_ends_with_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    write_chunks(whole / f"emb{suffix}", three_chunks())
    command = [sys.executable, "-m", "tests.io.broken_runs", str(broken), suffix]
    subprocess.run(command, cwd=PROJECT, check=True, timeout=120)
    runs = [final_files(folder) for folder in broken.iterdir()]
    assert len(runs) > 30
    assert all(run == final_files(whole) for run in runs)


def test_process_killed_from_outside_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(tmp_path / "whole.npy", three_chunks())
    with _process_that_waits(path) as process:
        process.kill()
        process.wait()
        write_chunks(path, three_chunks(), resume=True)
    assert path.read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_second_process_on_one_output_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    with _process_that_waits(path) as process:
        with pytest.raises(DnabertSError, match="another process") as caught:
            write_chunks(path, three_chunks(), resume=True)
        process.kill()
    assert caught.value.path == f"{path}.partial"


def test_run_broken_several_times_ends_with_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    write_chunks(path, three_chunks(), stop_after=2, resume=True)
    write_chunks(path, three_chunks(), resume=True)
    write_chunks(tmp_path / "whole.npy", three_chunks())
    assert path.read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_writer_says_how_much_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=2)
    with EmbeddingWriter(path, dim=3, settings=SETTINGS, resume=True, force=False) as writer:
        assert (writer.n_chunks, writer.n_rows) == (2, 5)


def test_resume_without_unfinished_run_starts_new(tmp_path: Path) -> None:
    with EmbeddingWriter(tmp_path / "emb.npy", dim=3, settings=SETTINGS, resume=True, force=False) as writer:
        assert (writer.n_chunks, writer.n_rows) == (0, 0)


def test_unfinished_run_is_not_overwritten_silently(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    with pytest.raises(DnabertSError, match="unfinished run") as caught:
        write_chunks(path, three_chunks())
    assert caught.value.path == f"{path}.partial"
    assert "--resume" in str(caught.value.hint)
    assert "--force" in str(caught.value.hint)


def test_force_starts_an_unfinished_run_anew(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=2)
    write_chunks(path, three_chunks()[:1], force=True)
    assert list(read_embeddings(path).ids) == ["c0_0", "c0_1"]


def test_resume_with_another_setting_names_it_with_both_values(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    with pytest.raises(DnabertSError, match="window_bp 100, this one has 200") as caught:
        EmbeddingWriter(path, dim=3, settings={**SETTINGS, "window_bp": 200}, resume=True, force=False)
    assert caught.value.path == f"{path}.partial"


def test_resume_with_another_width_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    with pytest.raises(DnabertSError, match="dim 3, this one has 4"):
        EmbeddingWriter(path, dim=4, settings=SETTINGS, resume=True, force=False)


def test_resume_with_another_input_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    changed = [make_chunk(["other", "ids"]), *three_chunks()[1:]]
    with pytest.raises(DnabertSError, match="input has changed") as caught:
        write_chunks(path, changed, resume=True)
    assert caught.value.path == str(path)


def test_input_grown_after_the_run_was_complete_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "emb.npy"
    monkeypatch.setattr(shutil, "copyfile", _disk_is_full)
    with pytest.raises(DnabertSError):
        write_chunks(path, three_chunks()[:2])
    with pytest.raises(DnabertSError, match="input is longer") as caught:
        write_chunks(path, three_chunks(), resume=True)
    assert caught.value.path == str(path)


def test_damaged_state_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    state_path = tmp_path / "emb.npy.partial" / "state.json"
    state_path.write_text("{")
    with pytest.raises(DnabertSError, match="cannot be read") as caught:
        write_chunks(path, three_chunks(), resume=True)
    assert caught.value.path == str(state_path)


def test_lost_rows_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "emb.npy"
    write_chunks(path, three_chunks(), stop_after=1)
    os.truncate(tmp_path / "emb.npy.partial" / "rows.npy", 130)
    with pytest.raises(DnabertSError, match=r"less than its state\.json says") as caught:
        write_chunks(path, three_chunks(), resume=True)
    assert caught.value.path == f"{path}.partial"


def test_disk_full_while_appending_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    path, whole = tmp_path / "emb.npy", tmp_path / "whole.npy"
    chunks = [make_chunk([f"c{i}_{j}" for j in range(60)], dim=16, seed=i) for i in range(3)]
    write_chunks(whole, chunks, dim=16)
    with _files_at_most(6000), pytest.raises(DnabertSError, match="cannot write") as caught:
        write_chunks(path, chunks, dim=16)
    assert "--resume" in str(caught.value.hint)
    write_chunks(path, chunks, dim=16, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_disk_full_at_the_end_leaves_a_run_that_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "emb.npy"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", _disk_is_full)
        with pytest.raises(DnabertSError, match="No space left"):
            write_chunks(path, three_chunks())
    write_chunks(path, three_chunks(), resume=True)
    assert len(read_embeddings(path).ids) == 9


def test_other_disk_errors_are_not_disguised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(shutil, "copyfile", broken)
    with pytest.raises(OSError, match="Input/output"):
        write_chunks(tmp_path / "emb.npy", three_chunks())


def test_file_system_without_locks_is_used_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", unsupported)
    write_chunks(tmp_path / "emb.npy", three_chunks())
    assert "no locks" in caplog.text


def _disk_is_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _files_at_most(n_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _process_that_waits(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has written two of three chunks, says so, and waits."""
    program = f"""
import pathlib, time
from dnabert_s_cli.io.embeddings.reading import EmbeddingWriter, chain_digest
from tests.io.chunks import SETTINGS, three_chunks
writer = EmbeddingWriter(pathlib.Path({str(path)!r}), dim=3, settings=SETTINGS, resume=False, force=False)
digest = ""
for chunk in three_chunks()[:2]:
    digest = chain_digest(digest, ((name, "ACGT") for name in chunk.ids))
    writer.append(chunk, digest=digest)
print("ready", flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()
