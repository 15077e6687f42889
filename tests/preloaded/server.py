"""A process that has loaded the program, and forks one copy of itself for each command line that it is sent.

Run as `python tests/preloaded/server.py SOCKET`. A client sends its arguments, folder and environment, and its three
standard streams; it gets the exit code back. What a command does is what it would do in a process of its own, without
the seconds that importing torch takes.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback

N_STREAMS = 3
LOADED = (
    *("numpy", "scipy.sparse", "sklearn.cluster", "sklearn.linear_model", "faiss", "hdbscan", "sknetwork.clustering"),
    *("torch", "tokenizers", "safetensors.torch", "pysam", "pyhmmer"),
    *("dnabert_s_cli.cli", "dnabert_s_cli.encoders.loader", "dnabert_s_cli.pipelines.bin.recipe"),
)


def serve(path: str) -> None:
    """Answer clients until standard input, which the parent holds open, is closed."""
    for name in LOADED:
        __import__(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for here: each answers its client itself
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _run(client)
            client.close()


def _run(client: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(client, 8, N_STREAMS)
    length = int.from_bytes(size, "big")
    text = b""
    while len(text) < length:
        text += client.recv(length - len(text))
    request = json.loads(text)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["dnabert-s", *request["arguments"]]
    code = _exit_code()
    client.sendall(bytes([code]))
    os._exit(code)


def _exit_code() -> int:
    from dnabert_s_cli.cli import main

    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  what a process of its own would print before it ends with 1
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(sys.argv[1])
