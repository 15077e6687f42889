"""What errors show: a place, a record, a problem; never a control character, never without end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.errors import BadInputsError, DnabertSError, shown


def test_file_line_and_record_come_before_the_problem() -> None:
    error = DnabertSError("is wrong", path="x.fa", line=3, record="c1")
    assert str(error) == "x.fa:3: record 'c1': is wrong"
    assert str(DnabertSError("is wrong", path="-")) == "<stdin>: is wrong"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\x1b]0;OWNED\x07\x1b[2Jx", r"\x1b]0;OWNED\x07\x1b[2Jx"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\u202eb\u2066\ufeff", r"a\u202eb\u2066\ufeff"),
        ("name_\udce9.fa", r"name_\xe9.fa"),
        ("größe 菌", "größe 菌"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_escaped(text: str, wanted: str) -> None:
    assert shown(text) == wanted


@given(st.text(st.characters(exclude_categories=()), max_size=50), st.text(max_size=50))
def test_a_message_is_printable_whatever_it_is_made_of(name: str, problem: str) -> None:
    text = str(DnabertSError(problem, path=name, record=name))
    assert not any(letter in text for letter in "\x00\x07\x08\x1b\n\r\t\x7f\x9b")
    text.encode()


def test_a_message_is_bounded() -> None:
    long = "x" * 100_000
    assert len(str(DnabertSError(long, path=long, record=long))) < 1_500
    assert shown("a" * 500 + "b" * 600).startswith("aaa")
    assert shown("a" * 500 + "b" * 600).endswith("bbb")


def test_problems_reported_together_stay_lines() -> None:
    both = BadInputsError([DnabertSError("one\n"), DnabertSError("two")])
    assert str(both) == "one\\n\ntwo"
