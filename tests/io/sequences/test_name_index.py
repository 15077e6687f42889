"""Names that occur twice are found over chunks, files and any number of records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.sequences import name_index as duplicates
from dnabert_s_cli.io.sequences.name_index import NameIndex
from dnabert_s_cli.io.sequences.records import Chunk, Record
from tests.io.reading import where


def _chunk(names: list[str], first_place: int = 1) -> Chunk:
    return Chunk([Record(name, "A") for name in names], list(range(first_place, first_place + len(names))))


def _index(path: str = "a.fa", *, has_lines: bool = True) -> NameIndex:
    index = NameIndex()
    index.begin_file(path, has_lines=has_lines)
    return index


def test_different_names_are_no_problem() -> None:
    index = _index()
    assert index.add(_chunk(["a", "b"])) == []
    assert index.add(_chunk(["c"], 3)) == []
    assert index.age() == []


def test_both_places_within_a_chunk_are_named() -> None:
    ((position, error),) = _index().add(_chunk(["a", "b", "a"]))
    assert position == 2
    assert where(error) == ("a.fa", 3, "a")
    assert error.problem == "duplicate id, also at a.fa:1"


def test_both_places_over_two_files_are_named() -> None:
    index = _index()
    index.add(_chunk(["a", "b"], 5))
    index.begin_file("b.fa", has_lines=True)
    ((_, error),) = index.add(_chunk(["b"], 9))
    assert where(error) == ("b.fa", 9, "b")
    assert error.problem == "duplicate id, also at a.fa:6"


def test_formats_without_lines_name_records() -> None:
    index = _index("a.bam", has_lines=False)
    ((_, error),) = index.add(_chunk(["a", "a"]))
    assert where(error) == ("a.bam", None, "a")
    assert error.problem == "duplicate id at record 2, also at a.bam, record 1"


def test_an_aged_name_is_found_at_the_next_ageing() -> None:
    index = _index()
    index.add(_chunk(["a", "b", "c"]))
    assert index.age() == []
    index.begin_file("b.fa", has_lines=True)
    assert index.add(_chunk(["d", "c", "a"], 11)) == []
    errors = index.age()
    assert [where(error) for error in errors] == [("b.fa", 12, "c"), ("b.fa", 13, "a")]
    assert [error.problem for error in errors] == ["duplicate id, also at a.fa:3", "duplicate id, also at a.fa:1"]


@given(st.lists(st.lists(st.integers(0, 30).map(str), max_size=6), max_size=12))
def test_as_many_problems_as_repeated_names(chunks: list[list[str]]) -> None:
    index = _index()
    n_problems = place = 0
    for names in chunks:
        n_problems += len(index.add(_chunk(names, place + 1)))
        place += len(names)
        if place % 3 == 0:
            n_problems += len(index.age())
    n_problems += len(index.age())
    all_names = [name for names in chunks for name in names]
    assert (n_problems > 0) == (len(set(all_names)) < len(all_names))


def test_arrays_of_like_length_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_MAX_RUN", 300)
    index = _index()
    for i in range(20):
        index.add(_chunk([f"r{j}" for j in range(100 * i, 100 * i + 100)], 100 * i + 1))
        assert index.age() == []
    assert len(index._runs) <= 6
    index.add(_chunk(["r1234"], 5000))
    (error,) = index.age()
    assert error.problem == "duplicate id, also at a.fa:1235"


def test_memory_is_sixteen_bytes_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_MAX_YOUNG", 1000)
    index = _index()
    for i in range(10):
        index.add(_chunk([f"r{j}" for j in range(1000 * i, 1000 * i + 1000)], 1000 * i + 1))
        assert index.is_full
        index.age()
    assert sum(hashes.nbytes + places.nbytes for hashes, places in index._runs) == 16 * 10_000
    assert index._young == set()
    assert index._chunks == []
