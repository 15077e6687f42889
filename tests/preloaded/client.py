"""`dnabert-s` as it is on the PATH of tests: sends its command line to the server, ends with the code it gets back.

Run as `python -S -E client.py SOCKET ARGUMENTS...`; nothing but the standard library is imported, so it starts at once.
"""

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    folder = os.getcwd()  # noqa: PTH109  pathlib takes longer to import than all the rest
    request = {"arguments": sys.argv[2:], "folder": folder, "environment": dict(os.environ)}
    text = json.dumps(request).encode()
    socket.send_fds(server, [len(text).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(text)
    answer = server.recv(1)
sys.exit(answer[0] if answer else 1)
