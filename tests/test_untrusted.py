"""Libraries, JSON and numbers of files that may hold anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli import untrusted
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.untrusted import (
    library_reads,
    parse_json,
    parse_json_object,
    read_json_object,
    require_room,
    whole_number,
)

PANIC = type("PanicException", (BaseException,), {})  # what pyo3 makes of a panic in Rust


@pytest.mark.parametrize("thrown", [ValueError("odd"), KeyError("odd"), RecursionError("odd"), PANIC("odd")])
def test_what_a_library_throws_names_the_file(thrown: BaseException) -> None:
    with pytest.raises(DnabertSError) as caught, library_reads("x.npy", problem="cannot be read as .npy"):
        raise thrown
    assert caught.value.path == "x.npy"
    assert caught.value.problem.startswith("cannot be read as .npy (")
    assert caught.value.__cause__ is thrown


def test_what_is_said_is_one_short_line() -> None:
    with pytest.raises(DnabertSError) as caught, library_reads("x"):
        raise ValueError("one\n  two" + "x" * 1000)
    assert caught.value.problem.startswith("cannot be read (one two")
    assert len(caught.value.problem) < 250


def test_no_memory_is_said_in_words() -> None:
    with pytest.raises(DnabertSError, match="needs more memory than there is"), library_reads("x"):
        raise MemoryError


@pytest.mark.parametrize("thrown", [KeyboardInterrupt(), SystemExit(143), DnabertSError("ours")])
def test_our_own_errors_and_signals_pass(thrown: BaseException) -> None:
    with pytest.raises(type(thrown)) as caught, library_reads("x"):
        raise thrown
    assert caught.value is thrown


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', "x") == {"a": 1}
    assert parse_json('\ufeff{"a": 1}', "x") == {"a": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b'{"a": 1} x', b"\x00"],
    ids=["empty", "cut", "latin", "deep list", "deep object", "long number", "more", "nul"],
)
def test_bad_json_names_the_file(content: bytes) -> None:
    with pytest.raises(DnabertSError) as caught:
        parse_json(content, "x.json")
    assert caught.value.path == "x.json"


def test_an_object_is_asked_for() -> None:
    with pytest.raises(DnabertSError, match="does not hold a JSON object"):
        parse_json_object("[]", "x")


def test_a_slip_in_a_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{\n"a": 1,\n"b" 2}')
    with pytest.raises(DnabertSError) as caught:
        read_json_object(path)
    assert (caught.value.path, caught.value.line) == (str(path), 3)


def test_a_pointer_of_git_lfs_says_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(DnabertSError, match="is a git-lfs pointer") as caught:
        read_json_object(path)
    assert "git lfs pull" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0", 0), (b"42", 42), ("10" * 7, int("10" * 7)), ("1" + "0" * 15, 10**15), ("9" * 16, None), ("9" * 5000, None)]
    + [(text, None) for text in ("", "-1", "+1", "1.0", " 1", "²", "\u0661", "1_0", b"\xb2")],
)
def test_whole_numbers_are_plain_digits_within_reason(text: str | bytes, wanted: int | None) -> None:
    assert whole_number(text) == wanted


def test_a_size_is_compared_with_the_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "available_bytes", lambda: 1 << 30)
    require_room(1 << 30, "x", what="its array")
    with pytest.raises(DnabertSError, match=r"its array would take 2\.0 GiB, and 1\.0 GiB are free") as caught:
        require_room(1 << 31, "x", what="its array")
    assert caught.value.path == "x"
