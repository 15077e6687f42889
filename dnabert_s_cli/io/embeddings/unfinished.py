"""The folder `<output>.partial` in which an embedding table grows until it is whole.

    rows.npy     128 bytes left free for the header, then float32 rows, only ever appended
    ids.tsv      header, then id, length, tokens, windows, perhaps uncertainty of each row, only ever appended
    state.json   how much of both is finished, and what made it; replaced in one step after each chunk
    lock         held while a process works here
    parts/       tables of the parts that several processes embed, where they do; complete before rows.npy begins

A process killed at any moment leaves state.json true and at most more bytes than it counts; these are cut off by the
next one.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from ...untrusted import MOST, read_json_object, reason_of
from ..locks import LOCK_FILE, lock_folder
from ..resume import RESTART_HINT, require_same_settings
from .binary import NPY_HEADER_BYTES, npy_header, rows_in_block
from .text import ENCODING, ENCODING_ERRORS, IDS_HEADER, IDS_HEADER_WITH_UNCERTAINTY
from .values import UNCERTAINTY

_SYNC_S = 5.0  # between waits for the disk itself, which only a power cut needs: each may take 0.1 s


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table has come: the content of state.json apart from the settings."""

    n_rows: int = 0
    n_chunks: int = 0
    ids_bytes: int = 0
    digest: str = ""  # of the input so far
    is_complete: bool = False  # all input is embedded; only the final files are missing


def unfinished_path(output: Path) -> Path:
    """The folder in which a table grows until it is whole."""
    return output.with_name(output.name + ".partial")


class PartialFolder:
    """Files of a growing table; make one, `lock` it, then `begin` or `resume`."""

    def __init__(self, output: Path, *, dim: int, settings: Mapping[str, object]) -> None:
        self.path = unfinished_path(output)
        self.rows_path = self.path / "rows.npy"
        self.ids_path = self.path / "ids.tsv"
        self.parts_path = self.path / "parts"
        self.progress = Progress()
        self._dim = dim
        self._settings: dict[str, object] = json.loads(json.dumps({"dim": dim, **settings}))
        self._state_path = self.path / "state.json"
        self._open = ExitStack()
        self._rows_fd = self._ids_fd = -1
        self._synced_s = time.monotonic()

    def lock(self) -> None:
        """Make the folder if need be, and keep every other process out until `close`.

        Raises:
            DnabertSError: another process works here.
        """
        self._open.callback(os.close, lock_folder(self.path))

    def begin(self) -> None:
        """Start with no rows."""
        self._state_path.unlink(missing_ok=True)
        shutil.rmtree(self.parts_path, ignore_errors=True)
        self._open_tables()
        os.ftruncate(self._rows_fd, NPY_HEADER_BYTES)
        os.ftruncate(self._ids_fd, 0)
        header = IDS_HEADER_WITH_UNCERTAINTY if self._settings.get(UNCERTAINTY) else IDS_HEADER
        line = (header + "\n").encode()
        _write_at(self._ids_fd, line, offset=0)
        self._store(Progress(ids_bytes=len(line)))

    def resume(self) -> None:
        """Take up what an earlier process has finished; with no state of one, start with no rows.

        Raises:
            DnabertSError: it had other settings, or its files are damaged.
        """
        if not self._state_path.exists():
            self.begin()
            return
        self.progress = self._load()
        if self.is_published():
            return
        self._open_tables()
        rows_bytes, ids_bytes = self._rows_end(), self.progress.ids_bytes
        if os.fstat(self._rows_fd).st_size < rows_bytes or os.fstat(self._ids_fd).st_size < ids_bytes:
            raise DnabertSError("holds less than its state.json says", path=self.path, hint=RESTART_HINT)
        os.ftruncate(self._rows_fd, rows_bytes)
        os.ftruncate(self._ids_fd, ids_bytes)

    def append(self, lines: list[str], rows: npt.NDArray[np.float32], *, digest: str) -> None:
        """Add one chunk, then say so in state.json."""
        ids = "".join(f"{line}\n" for line in lines).encode(ENCODING, ENCODING_ERRORS)
        row_bytes = np.ascontiguousarray(rows, dtype="<f4").reshape(-1).view(np.uint8).data
        _write_at(self._rows_fd, row_bytes, offset=self._rows_end())
        _write_at(self._ids_fd, ids, offset=self.progress.ids_bytes)
        done = self.progress
        self._store(
            Progress(
                n_rows=done.n_rows + len(rows),
                n_chunks=done.n_chunks + 1,
                ids_bytes=done.ids_bytes + len(ids),
                digest=digest,
            )
        )

    def complete(self) -> None:
        """Turn rows.npy into a valid .npy of what was appended, and wait until all is on the disk."""
        os.ftruncate(self._rows_fd, self._rows_end())
        os.ftruncate(self._ids_fd, self.progress.ids_bytes)
        _write_at(self._rows_fd, npy_header((self.progress.n_rows, self._dim)), offset=0)
        self._synced_s = -_SYNC_S
        self._store(dataclasses.replace(self.progress, is_complete=True))

    def is_published(self) -> bool:
        """Whether rows.npy has been moved to its final place already."""
        return self.progress.is_complete and not self.rows_path.exists()

    def iter_rows(self) -> Iterator[npt.NDArray[np.float32]]:
        """The finished rows, (B, D) float32 at a time."""
        left, block = self.progress.n_rows, rows_in_block(self._dim)
        with self.rows_path.open("rb") as stream:
            stream.seek(NPY_HEADER_BYTES)
            while left:
                n_rows = min(block, left)
                rows = np.fromfile(stream, dtype=np.float32, count=n_rows * self._dim)
                yield rows.reshape(n_rows, self._dim)
                left -= n_rows

    def remove(self) -> None:
        """Delete the folder; state.json goes late, so that a process killed meanwhile can be resumed."""
        shutil.rmtree(self.parts_path, ignore_errors=True)
        known = ("rows.npy", "ids.tsv", "ids.final", "run.json", "table", "state.new", "state.json", LOCK_FILE)
        for name in known:
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):  # something of the user's is in it: leave that
            self.path.rmdir()

    def close(self) -> None:
        """Close all files and give up the lock."""
        self._open.close()

    def _open_tables(self) -> None:
        self._rows_fd = self._open_file(self.rows_path)
        self._ids_fd = self._open_file(self.ids_path)

    def _open_file(self, path: Path) -> int:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._open.callback(os.close, descriptor)
        return descriptor

    def _rows_end(self) -> int:
        return NPY_HEADER_BYTES + self.progress.n_rows * self._dim * 4

    def _store(self, progress: Progress) -> None:
        """Replace state.json in one step, and now and then see that all is on the disk itself."""
        if time.monotonic() - self._synced_s >= _SYNC_S:
            os.fsync(self._rows_fd)
            os.fsync(self._ids_fd)
            self._synced_s = time.monotonic()
        new_path = self.path / "state.new"
        state = {**dataclasses.asdict(progress), "settings": self._settings}
        new_path.write_text(json.dumps(state, indent=1), encoding="utf-8")
        new_path.replace(self._state_path)
        self.progress = progress

    def _load(self) -> Progress:
        try:
            state = read_json_object(self._state_path)
            settings = dict(cast("Mapping[str, object]", state.pop("settings")))
            progress = Progress(**state)  # type: ignore[arg-type]  # checked on the next line
            counts = (progress.n_rows, progress.n_chunks, progress.ids_bytes)
            if not all(type(count) is int and 0 <= count <= MOST for count in counts):
                raise ValueError(f"counts of {counts}")
        except (DnabertSError, ValueError, TypeError, KeyError) as error:
            problem = f"cannot be read: {reason_of(error)}"
            raise DnabertSError(problem, path=self._state_path, hint=RESTART_HINT) from error
        require_same_settings(settings, self._settings, path=self.path)
        return progress


def _write_at(descriptor: int, content: bytes | memoryview, *, offset: int) -> None:
    left = memoryview(content)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written
