"""Labels that stand in the headers of FASTA files: `>id label`, or `kraken:taxid|N` anywhere.

FASTA of any compression -> mapping from the first word of a header to its label, in file order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import DnabertSError, raise_together
from ..files import open_input

_TAXID = re.compile(r"kraken:taxid\|(\d+)")
_MOST_PROBLEMS = 20
_HINT = "write the label after the name, as in '>contig_1 s__Escherichia coli', or give --labels"


def read_header_labels(paths: Sequence[str | Path]) -> dict[str, str]:
    """Label of each record; a header's text after its first word, or the number in `kraken:taxid|N`.

    Raises:
        DnabertSError: no FASTA, or headers without a label; all together, up to 20.
    """
    labels: dict[str, str] = {}
    problems: list[DnabertSError] = []
    for path in paths:
        for line, raw in _headers(path):
            if len(problems) < _MOST_PROBLEMS:
                _add(raw, labels, problems=problems, path=path, line=line)
    raise_together(problems)
    return labels


def _headers(path: str | Path) -> Iterator[tuple[int, bytes]]:
    """Line number and text of each header of a FASTA file."""
    with open_input(path) as stream:
        for line, raw in enumerate(stream, start=1):
            if raw.startswith(b">"):
                yield line, raw
            elif line == 1:
                hint = "labels are read from FASTA headers; give --labels for other formats"
                raise DnabertSError("is no FASTA", path=path, line=1, hint=hint)


def _add(raw: bytes, labels: dict[str, str], *, problems: list[DnabertSError], path: str | Path, line: int) -> None:
    """Take the label out of one header."""
    words = raw[1:].decode("utf-8", "replace").strip().split(None, 1)
    taxid = _TAXID.search(" ".join(words))
    label = taxid[1] if taxid else words[1].strip() if len(words) > 1 else ""
    if not label:
        name = words[0] if words else None
        problems.append(DnabertSError("no label in the header", path=path, line=line, record=name, hint=_HINT))
    elif words and labels.setdefault(words[0], label) != label:
        problem = f"another record of this name has the label '{labels[words[0]]}'"
        problems.append(DnabertSError(problem, path=path, line=line, record=words[0], hint="rename one of them"))
