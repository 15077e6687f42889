"""Cluster numbers on disk: TSV with a header, `id TAB cluster`, one record a line, in input order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import numpy as np

_HEADER = "id\tcluster\n"


def write_clusters(stream: TextIO, ids: Sequence[str], *, labels: np.ndarray) -> None:
    """Write one line a record; -1 is no cluster. `labels`: (N,) int64."""
    stream.write(_HEADER)
    stream.writelines(f"{name}\t{label}\n" for name, label in zip(ids, labels.tolist(), strict=True))
