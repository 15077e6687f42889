"""Helpers of the tests of reading: parse bytes, and catch what is wrong with them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.sequences.reading import read_sequences, scan_sequences
from dnabert_s_cli.io.sequences.records import Chunk

Place = tuple[str | None, int | None, str | None]


def stream_of(content: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(content))


def parse(parser: Callable[..., Iterator[Chunk]], content: bytes, **options: int) -> list[Chunk]:
    return list(parser(stream_of(content), "x", **options))


def pairs(chunks: list[Chunk]) -> list[tuple[str, str]]:
    """(id, sequence) of all records; fails on a problem."""
    assert [str(chunk.problem) for chunk in chunks if chunk.problem is not None] == []
    return [(record.id, record.sequence) for chunk in chunks for record in chunk.records]


def places(chunks: list[Chunk]) -> list[int]:
    return [place for chunk in chunks for place in chunk.places]


def only_problem(chunks: list[Chunk]) -> DnabertSError:
    (problem,) = [chunk.problem for chunk in chunks if chunk.problem is not None]
    return problem


def where(error: DnabertSError) -> Place:
    return error.path, error.line, error.record


def read_pairs(*paths: Path) -> list[tuple[str, str]]:
    return [(record.id, record.sequence) for record in read_sequences(paths)]


def read_error(*paths: Path) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        list(read_sequences(paths))
    return caught.value


def scan_errors(*paths: Path) -> list[DnabertSError]:
    """All that `scan_sequences` reports, one by one."""
    with pytest.raises(DnabertSError) as caught:
        scan_sequences(paths)
    return list(caught.value.problems) if isinstance(caught.value, BadInputsError) else [caught.value]
