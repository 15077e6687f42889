"""Every flipped bit of a CRAM file is noticed, in a file and in a stream."""

from __future__ import annotations

import io

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.cram_blocks import check_cram
from tests.locations import PROJECT

CRAM = (PROJECT / "tests" / "data" / "faults" / "reads_no_UR.cram").read_bytes()
DEFINITION_BYTES = 26  # magic, version, a name of no importance


def check(content: bytes) -> None:
    check_cram(io.BufferedReader(io.BytesIO(content)), "x.cram")


def test_a_whole_file_passes() -> None:
    check(CRAM)


def test_each_flipped_bit_is_noticed() -> None:
    for place in range(DEFINITION_BYTES, len(CRAM)):
        flipped = bytearray(CRAM)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(DnabertSError, match="a check sum differs"):
            check(bytes(flipped))


def test_each_cut_within_a_container_is_noticed() -> None:
    passed = []
    for end in range(DEFINITION_BYTES, len(CRAM)):
        try:
            check(CRAM[:end])
        except DnabertSError:
            continue
        passed.append(end)
    n_containers = 7  # between two of them only the mark at the end tells
    assert len(passed) == n_containers


@pytest.mark.parametrize("content", [b"", b"CRAM", b"CRAM\x02\x01" + bytes(20), b"not CRAM" * 10])
def test_what_has_no_check_sums_passes(content: bytes) -> None:
    check(content)
