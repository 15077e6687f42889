from __future__ import annotations

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.names import match_names

PROBLEM = "{matched} of {names} in {known}; {unasked}"


def test_names_are_joined_whatever_their_order() -> None:
    found = match_names(["a", "b", "c"], ["c", "x", "a"], path="f", problem=PROBLEM, hint="h")
    assert found.places.tolist() == [0, 2]
    assert found.rows.tolist() == [2, 0]
    assert (len(found), found.n_missing, found.n_extra) == (2, 1, 1)


def test_fewer_than_half_are_refused_with_the_counts() -> None:
    with pytest.raises(DnabertSError, match="1 of 3 in 2; x") as caught:
        match_names(["a", "b", "c"], ["x", "a"], path="f", problem=PROBLEM, hint="h")
    assert (caught.value.path, caught.value.hint) == ("f", "h")


def test_half_of_the_shorter_list_may_be_enough() -> None:
    found = match_names(["a", "b", "c"], ["x", "a"], path="f", problem=PROBLEM, hint="h", of_fewer=True)
    assert found.rows.tolist() == [1]


def test_no_names_match_nothing_unless_some_must() -> None:
    assert len(match_names([], ["a"], path="f", problem=PROBLEM, hint="h")) == 0
    with pytest.raises(DnabertSError, match="0 of 0 in 1; a"):
        match_names([], ["a"], path="f", problem=PROBLEM, hint="h", at_least=1)
