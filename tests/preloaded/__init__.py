"""`dnabert-s` for tests that run many command lines: a program on the PATH that answers without loading torch again."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_HERE = Path(__file__).parent


@contextmanager
def preloaded_program(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield a folder for the front of the PATH that holds `dnabert-s`; `environment` is what it is loaded under.

    Not for tests of signals or of what a dying process leaves: the command runs in a child of a server of ours, not in
    the process that was started.
    """
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:  # short: a socket's path has 107 bytes at most
        socket_path = Path(folder) / "socket"
        program = Path(folder) / "dnabert-s"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "{_HERE / "client.py"}" "{socket_path}" "$@"\n')
        program.chmod(0o755)
        command = [sys.executable, _HERE / "server.py", socket_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(environment)) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            try:
                yield Path(folder)
            finally:
                server.kill()
