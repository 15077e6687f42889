"""Streams of any compression are read to the last byte; outputs are whole or absent."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.files import (
    Hashed,
    atomic_path,
    check_output,
    decompressed,
    open_input,
    open_raw,
    peek,
    sha256_file,
)

TEXT = b"".join(b">c%d\n%b\n" % (i, b"ACGTTGCA" * 40) for i in range(500))
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
every_compression = pytest.mark.parametrize("name", COMPRESS)


def _read(path: Path) -> bytes:
    with open_input(path) as stream:
        return stream.read()


def _error(path: Path) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        _read(path)
    return caught.value


def test_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(TEXT)
    assert _read(tmp_path / "x") == TEXT


@every_compression
def test_compression_is_told_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.fasta"
    path.write_bytes(COMPRESS[name](TEXT))
    assert _read(path) == TEXT


@every_compression
def test_members_that_follow_each_other_are_all_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(COMPRESS[name](TEXT) + COMPRESS[name](b"") + COMPRESS[name](b"more"))
    assert _read(path) == TEXT + b"more"


@every_compression
def test_truncation_anywhere_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    content = COMPRESS[name](TEXT)
    for n_bytes in (12, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:n_bytes])
        error = _error(path)
        assert error.path == str(path)
        assert error.problem == f"{name} data end too early: the file is truncated"


@every_compression
def test_garbage_after_the_last_member_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(COMPRESS[name](TEXT) + b"garbage, not a member")
    assert _error(path).path == str(path)
    assert f"{name} data are corrupt, or followed by something else" in _error(path).problem


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])  # zstandard.compress writes no check sum
def test_wrong_check_sum_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    content = bytearray(COMPRESS[name](TEXT))
    position = {"gzip": -8, "bzip2": 12, "xz": -40}[name]
    content[position] ^= 0xFF
    path.write_bytes(content)
    assert f"{name} data are corrupt" in _error(path).problem


def test_zstd_check_sum_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "x"
    content = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    content[-1] ^= 0xFF
    path.write_bytes(content)
    assert "zstd data are corrupt" in _error(path).problem


def test_zstd_skippable_frames_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x"
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    path.write_bytes(skippable + zstandard.compress(TEXT) + skippable)
    assert _read(path) == TEXT


def test_bgzf_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(TEXT)
    pysam.tabix_compress(str(tmp_path / "x"), str(tmp_path / "y"))
    assert _read(tmp_path / "y") == TEXT


def test_zero_padding_after_gzip_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(TEXT) + b"\0" * 512)
    assert _read(path) == TEXT


def test_what_precedes_damage_is_delivered_first(tmp_path: Path) -> None:
    path = tmp_path / "x"
    content = gzip.compress(os.urandom(200_000))
    path.write_bytes(content[:-50_000])
    delivered: list[bytes] = []
    with open_input(path) as stream, pytest.raises(DnabertSError):
        delivered.extend(iter(lambda: stream.read1(1 << 20), b""))
    assert sum(map(len, delivered)) > 140_000


def test_lines_can_be_iterated(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"a\nb\nc"))
    with open_input(tmp_path / "x") as stream:
        assert list(stream) == [b"a\n", b"b\n", b"c"]


def test_text_wrapper_reads_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"a\tb\n"))
    with open_input(tmp_path / "x") as stream:
        assert io.TextIOWrapper(stream).read() == "a\tb\n"


def test_missing_path_is_an_error(tmp_path: Path) -> None:
    error = _error(tmp_path / "absent.fa")
    assert (error.path, error.problem) == (str(tmp_path / "absent.fa"), "no such file")


def test_folder_is_an_error(tmp_path: Path) -> None:
    error = _error(tmp_path)
    assert (error.path, error.problem) == (str(tmp_path), "is a folder, not a file")


def test_standard_input_is_decompressed() -> None:
    code = "import sys; from dnabert_s_cli.io.files import open_input; sys.stdout.buffer.write(open_input('-').read())"
    done = subprocess.run([sys.executable, "-c", code], input=gzip.compress(TEXT), capture_output=True, check=True)
    assert done.stdout == TEXT


def test_closing_leaves_standard_input_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(gzip.compress(b"abc")))
    monkeypatch.setattr(sys, "stdin", stdin)
    with open_input("-") as stream:
        assert stream.read() == b"abc"
    assert not stdin.buffer.closed


def test_closing_closes_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    raw = open_raw(tmp_path / "x")
    decompressed(raw, tmp_path / "x").close()
    assert raw.closed


def test_peek_waits_for_a_slow_pipe() -> None:
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=lambda: [os.write(write_end, b"%d" % (i % 10)) for i in range(30)])
    writer.start()
    writer.join()
    os.close(write_end)
    head, stream = peek(io.FileIO(read_end), n_bytes=20)
    with stream:
        assert (head, stream.read()) == (b"01234567890123456789", b"012345678901234567890123456789")


@given(content=st.binary(max_size=300), n_bytes=st.integers(1, 400))
def test_peek_takes_nothing_away(content: bytes, n_bytes: int) -> None:
    head, stream = peek(io.BytesIO(content), n_bytes=n_bytes)
    assert head == content[:n_bytes]
    assert stream.read() == content


def test_hash_is_of_what_passed_through() -> None:
    hashed = Hashed(io.BytesIO(TEXT))
    assert io.BufferedReader(hashed).read() == TEXT
    assert hashed.digest.hexdigest() == hashlib.sha256(TEXT).hexdigest()


def test_sha256_file_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    content = gzip.compress(TEXT)
    (tmp_path / "x.gz").write_bytes(content)
    assert sha256_file(tmp_path / "x.gz") == hashlib.sha256(content).hexdigest()


def test_existing_output_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "out.tsv"
    path.write_text("old")
    with pytest.raises(DnabertSError) as caught:
        check_output(path, force=False)
    assert (caught.value.path, caught.value.problem) == (str(path), "already exists")
    check_output(path, force=True)
    assert path.read_text() == "old"


def test_folder_that_holds_something_needs_force(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(DnabertSError, match="already exists"):
        check_output(tmp_path, force=False)
    check_output(tmp_path, force=True)


def test_empty_folder_is_free(tmp_path: Path) -> None:
    check_output(tmp_path, force=False)


def test_parents_of_an_output_are_made(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b" / "out.npy", force=False)
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_output_under_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DnabertSError, match="its folder cannot be written") as caught:
        check_output(tmp_path / "file" / "out.npy", force=False)
    assert caught.value.path == str(tmp_path / "file" / "out.npy")


def test_standard_output_and_devices_are_free() -> None:
    check_output("-", force=False)
    check_output(os.devnull, force=False)


def test_atomic_path_appears_only_when_done(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "out.npy") as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".npy"
        assert not (tmp_path / "out.npy").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out.npy"]
    assert (tmp_path / "out.npy").read_text() == "new"


def test_atomic_path_leaves_nothing_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")

    def write_half() -> None:
        with atomic_path(tmp_path / "out") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "old"


def test_atomic_path_makes_a_folder(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "bins") as temporary:
        (temporary / "deep").mkdir(parents=True)
    assert (tmp_path / "bins" / "deep").is_dir()


def test_atomic_path_does_not_replace_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(DnabertSError, match="cannot be written") as caught, atomic_path(tmp_path / "out") as temporary:
        temporary.write_text("new")
    assert caught.value.path == str(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_atomic_path_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_path(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_atomic_path_writes_into_a_device() -> None:
    with atomic_path(os.devnull) as path:
        assert path == Path(os.devnull)
